"""Which container holds the video, and proof from its own length fields that the file was not cut.

ISO base media (ISO/IEC 14496-12, 4.2 boxes), RIFF (AVI), EBML (RFC 8794) and MPEG transport packets state their sizes;
an MPEG program stream does not, so there only the packets themselves can tell.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from fiducial.errors import Damaged, Unsupported
from fiducial.media.base import SNIFF_BYTES
from fiducial.media.lookalikes import is_other_ftyp
from fiducial.media.source import length, read_up_to

_QUICKTIME_FIRST = {b"moov", b"mdat", b"wide", b"pnot"}
_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
_SYNC, _PACKET = 0x47, 188
_PROGRAM_END, _PACK = 0xB9, 0xBA


@dataclass(frozen=True, slots=True)
class Container:
    """``demuxer`` is the one reader that may look at the file: nothing else is tried, so no playlist can point away."""

    demuxer: str
    mimetype: str
    prove_length: Callable[[BinaryIO], None]
    counts_are_frames: bool
    """One packet is one shown frame, for the codecs in :mod:`fiducial.media.video.index`."""


def container_of(head: bytes) -> Container | None:  # noqa: PLR0911 - a table of what there is
    """By the first bytes, or None when they are not of a video container."""
    if head[4:8] == b"ftyp" and not is_other_ftyp(head):
        mimetype = "video/quicktime" if head[8:12] == b"qt  " else "video/mp4"
        return Container("mov", mimetype, _prove_boxes, True)
    if head[4:8] in _QUICKTIME_FIRST:
        return Container("mov", "video/quicktime", _prove_boxes, True)
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return Container("avi", "video/x-msvideo", _prove_riff, False)
    if head[:4] == _EBML:
        mimetype = "video/webm" if b"webm" in head[:64] else "video/x-matroska"
        return Container("matroska", mimetype, _prove_ebml, True)
    if head[:4] == b"\0\0\x01\xba":
        return Container("mpeg", "video/mpeg", _prove_packs, False)
    if head[:4] == b"\0\0\x01\xb3":
        return Container("mpegvideo", "video/mpeg", _prove_nothing, False)
    if _is_transport_stream(head):
        return Container("mpegts", "video/mp2t", _prove_packets, False)
    return None


def container_in(source: BinaryIO) -> Container:
    found = container_of(read_up_to(source, 0, SNIFF_BYTES))
    if found is None:
        raise Unsupported("this is not a video file of a known container (MP4, MOV, AVI, MKV, WebM, MPEG)")
    return found


def _is_transport_stream(head: bytes) -> bool:
    return len(head) >= 5 * _PACKET and all(head[n * _PACKET] == _SYNC for n in range(5))


def _cut(what: str, needed: int, present: int) -> Damaged:
    return Damaged(
        f"the video file is cut off: {what} needs {needed} bytes, the file has {present}",
        needed=needed,
        present=present,
    )


def _boxes(source: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """(name, first byte, byte behind the last) of each top-level box; Damaged when one ends behind the file."""
    end, offset = length(source), 0
    while offset + 8 <= end:
        head = read_up_to(source, offset, 16)
        size, name = int.from_bytes(head[:4], "big"), head[4:8]
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        if size == 0:
            size = end - offset
        if size < 8:  # a box holds at least its own size and name
            raise Damaged(f"the MP4 box structure is broken at byte {offset}", offset=offset)
        if offset + size > end:
            raise _cut(f"its {name.decode('latin-1')!r} box", offset + size, end)
        yield name, offset, offset + size
        offset += size


def _prove_boxes(source: BinaryIO) -> None:
    """Every top-level box ends inside the file, and the index (``moov``) is there."""
    if all(name != b"moov" for name, _, _ in list(_boxes(source))):
        raise Damaged("the video file is cut off or was never finished: it has no index (no 'moov' box)")


def prove_samples(source: BinaryIO, samples: Iterable[tuple[int, int]]) -> None:
    """Every (offset, size) that an MP4's index names lies inside one of its media data boxes."""
    places = [(first, end) for name, first, end in _boxes(source) if name == b"mdat"]
    starts = [first for first, _ in places]
    for number, (offset, size) in enumerate(samples):
        box = bisect_right(starts, offset) - 1
        if box < 0 or offset + size > places[box][1]:
            raise Damaged(
                f"the video file is cut off or rearranged: its index places frame data {number} at bytes {offset} to "
                f"{offset + size}, where no media data are",
                offset=offset,
                size=size,
            )


def _prove_riff(source: BinaryIO) -> None:
    """Every RIFF part ends inside the file. 0 and all ones are what a recorder leaves that was stopped: no claim."""
    end, offset = length(source), 0
    while offset + 8 <= end:
        head = read_up_to(source, offset, 8)
        size = int.from_bytes(head[4:], "little")
        if head[:4] != b"RIFF" or size in (0, 0xFFFFFFFF):
            return
        if offset + 8 + size > end:
            raise _cut("its RIFF part", offset + 8 + size, end)
        offset += 8 + size + size % 2


def _prove_ebml(source: BinaryIO) -> None:
    """The Segment ends inside the file, unless it is of unknown size (a live recording)."""
    header_bytes = _element(source, 0)
    if header_bytes is None:
        return
    segment = read_up_to(source, header_bytes, 4)
    if segment != _SEGMENT:
        raise Damaged(f"the Matroska file has no Segment at byte {header_bytes}", offset=header_bytes)
    end = _element(source, header_bytes)
    if end is not None and end > length(source):
        raise _cut("its Segment", end, length(source))


def _element(source: BinaryIO, offset: int) -> int | None:
    """Where the EBML element with a four-byte id at ``offset`` ends; None when its size is unknown (RFC 8794, 4)."""
    raw = read_up_to(source, offset + 4, 8)
    if not raw or raw[0] == 0:
        raise Damaged(f"the Matroska element at byte {offset} has no size", offset=offset)
    width = 9 - raw[0].bit_length()
    value = int.from_bytes(raw[:width], "big") & ((1 << (7 * width)) - 1)
    return None if value == (1 << (7 * width)) - 1 else offset + 4 + width + value


def _prove_packets(source: BinaryIO) -> None:
    size = length(source)
    if size % _PACKET:
        raise _cut("its last transport packet", size - size % _PACKET + _PACKET, size)


def _prove_nothing(source: BinaryIO) -> None:
    """An MPEG elementary stream does not say how long it is."""


def _prove_packs(source: BinaryIO) -> None:
    """Each packet of a program stream ends inside the file (ISO/IEC 13818-1, 2.5.3; 11172-1 for MPEG-1 packs).

    How many packets there should be is written nowhere: a cut between two of them leaves a shorter, whole stream.
    """
    end, offset = length(source), 0
    while offset + 4 <= end:
        head = read_up_to(source, offset, 14)
        if head[:3] != b"\0\0\x01" or head[3] < _PROGRAM_END:
            return  # padding, or nothing that this walk knows: the demuxer judges
        size = _pack_size(head)
        if offset + size > end:
            raise _cut("its last packet", offset + size, end)
        offset += size


def _pack_size(head: bytes) -> int:
    if head[3] == _PROGRAM_END:
        return 4
    if head[3] != _PACK:
        return 6 + int.from_bytes(head[4:6], "big")
    if len(head) < 14:
        return 14
    return 14 + (head[13] & 7) if head[4] >> 6 == 1 else 12
