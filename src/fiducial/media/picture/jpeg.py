"""What a JPEG says about itself, and proof that it is whole (ITU-T T.81 Annex B: markers, frame and scan headers)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from fiducial.errors import Damaged, Unsupported
from fiducial.media.picture.raster import load, open_raster
from fiducial.media.source import length, read_at, read_up_to

_PROCESSES = {
    0xC3: "lossless",
    0xC5: "differential sequential",
    0xC6: "differential progressive",
    0xC7: "differential lossless",
    0xCB: "lossless arithmetic",
    0xCD: "differential arithmetic",
    0xCE: "differential progressive arithmetic",
    0xCF: "differential lossless arithmetic",
    0xF7: "JPEG-LS",
}
_FRAME_MARKERS = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA, *_PROCESSES}
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, b"\xff\xd9"
_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """The frame header (SOFn), and where the first scan begins."""

    precision: int
    width: int
    height: int
    components: int
    scan_offset: int


def jpeg_header(source: BinaryIO) -> JpegHeader:
    """Walks the marker segments up to the first scan. Unsupported names the coding process that is not read."""
    offset, frame = 2, None
    while True:
        marker, size, body = _segment(source, offset)
        if marker in _FRAME_MARKERS:
            frame = _frame(marker, body)
        if marker == _START_OF_SCAN:
            if frame is None:
                raise Damaged("the JPEG has a scan before its frame header")
            precision, height, width, components = frame
            return JpegHeader(precision, width, height, components, offset)
        offset += 2 + size


def _segment(source: BinaryIO, offset: int) -> tuple[int, int, bytes]:
    head = read_at(source, offset, 4, "the JPEG header")
    while head[0] == 0xFF and head[1] == 0xFF:  # fill bytes before a marker, B.1.1.2
        offset += 1
        head = read_at(source, offset, 4, "the JPEG header")
    size = int.from_bytes(head[2:], "big")
    if head[0] != 0xFF or head[1] in {0x00, 0xD8, 0xD9} or size < 2:  # the length counts itself
        raise Damaged(f"the JPEG header is broken at byte {offset}", offset=offset)
    return head[1], size, read_up_to(source, offset + 4, min(size - 2, 6))


def _frame(marker: int, body: bytes) -> tuple[int, int, int, int]:
    if len(body) < 6:  # precision, height, width, components
        raise Damaged("the JPEG frame header is cut off")
    precision = body[0]
    if marker in _PROCESSES or precision != 8:
        kind = _PROCESSES.get(marker, "DCT")
        raise Unsupported(
            f"this JPEG is {precision}-bit {kind}: only 8-bit baseline and progressive pictures are read; "
            "send it as DICOM, or as 16-bit PNG or TIFF",
            precision=precision,
        )
    return precision, int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big"), body[5]


def prove_jpeg(source: BinaryIO) -> None:
    """Entropy-decodes all of it, at an eighth of the size so that memory stays small, and asks for the end marker."""
    header = jpeg_header(source)
    if not _has_end(source, header.scan_offset):
        raise Damaged("the JPEG is cut off: it has no end-of-image marker")
    image = open_raster("jpeg", source)
    image.draft(None, (max(1, image.width // 8), max(1, image.height // 8)))
    load(image, "jpeg")


def _has_end(source: BinaryIO, start: int) -> bool:
    """Whether an end-of-image marker stands anywhere behind ``start``; found at once in an ordinary file."""
    end = length(source)
    while end > start:
        begin = max(start, end - _BLOCK)
        if _END_OF_IMAGE in read_at(source, begin, end - begin, "the JPEG"):
            return True
        if begin == start:
            return False
        end = begin + 1  # the marker may straddle two blocks
    return False
