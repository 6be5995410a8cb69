"""Where each frame's bytes lie in the pixel data, and the proof that all of them are there (PS3.5 section 8, A.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from struct import unpack_from
from typing import Protocol

from fiducial.errors import Damaged
from fiducial.media.dicom import attributes as at
from fiducial.media.dicom.codestream import is_complete, starts_frame
from fiducial.media.dicom.elements import Elements
from fiducial.media.dicom.pixel_format import PixelFormat
from fiducial.media.dicom.scan import SEQUENCE_END, UNDEFINED, item_header
from fiducial.media.dicom.syntax import Codec, TransferSyntax
from fiducial.media.dicom.window import ByteWindow

Fragment = tuple[int, int]
"""(offset in the file, length)"""


class Extent(Protocol):
    """The frames' places. Reading one touches no other."""

    count: int

    def read(self, index: int) -> bytes:
        """The bytes of stored frame ``index`` (0-based)."""
        ...

    def check(self) -> None:
        """Damaged unless every frame is there in full."""
        ...


@dataclass(frozen=True, slots=True)
class NativeExtent:
    """Frames one after the other. A frame of 1-bit pixels starts at any bit (PS3.5 8.1.1): see :meth:`first_bit`."""

    window: ByteWindow
    offset: int
    length: int
    frame_bits: int
    count: int
    swapped: bool = False
    """Bytes lie in pairs the other way round: 8-bit samples in big-endian 16-bit words (PS3.5 8.1.1, OW)."""

    def check(self) -> None:
        expected = (self.frame_bits * self.count + 7) // 8
        there = min(self.length, self.window.size - self.offset)
        if there < expected:
            raise Damaged(
                f"the pixel data is cut off: {expected} bytes for {self.count} frame(s), {there} are there",
                expected_bytes=expected,
                actual_bytes=there,
            )
        if self.offset + self.length > self.window.size:
            raise Damaged(
                f"the pixel data says it is {self.length} bytes long, but only {there} are left in the file",
                expected_bytes=self.length,
                actual_bytes=there,
            )

    def first_bit(self, index: int) -> int:
        return self.frame_bits * index % 8

    def read(self, index: int) -> bytes:
        first, last = self.frame_bits * index // 8, (self.frame_bits * (index + 1) + 7) // 8
        if last > self.length:
            raise Damaged(f"the pixel data ends before the end of frame {index}", frame=index)
        if not self.swapped:
            return self.window.read(self.offset + first, last - first)
        even = first - first % 2
        words = self.window.read(self.offset + even, min(last + last % 2, self.length) - even)
        pairs = bytearray(words)
        pairs[::2], pairs[1::2] = words[1::2], words[::2]
        return bytes(pairs[first - even : last - even])


@dataclass(frozen=True, slots=True)
class EncapsulatedExtent:
    """Frames as runs of fragments."""

    window: ByteWindow
    frames: tuple[tuple[Fragment, ...], ...]
    codec: Codec
    count: int

    def check(self) -> None:
        for index, fragments in enumerate(self.frames):
            tail = self._tail(fragments)
            if not is_complete(self.codec, tail):
                raise Damaged(f"the compressed data of frame {index} has no end marker: it is cut off", frame=index)

    def _tail(self, fragments: Sequence[Fragment]) -> bytes:
        return b"".join(self.window.read(o + max(0, n - 64), min(n, 64)) for o, n in fragments[-2:])

    def head(self, index: int, size: int = 2048) -> bytes:
        """The first bytes of a frame: enough for its codestream header in ordinary files."""
        offset, length = self.frames[index][0]
        return self.window.read(offset, min(length, size))

    def read(self, index: int) -> bytes:
        return b"".join(self.window.read(offset, length) for offset, length in self.frames[index])


def locate(elements: Elements, found: PixelFormat, syntax: TransferSyntax) -> NativeExtent | EncapsulatedExtent:
    """The extent of the pixel data; native extents are not yet checked, fragments are walked to their end."""
    slot = found.slot
    if not slot.undefined:
        if syntax.encapsulated and syntax.codec is not Codec.UNKNOWN:
            raise Damaged(f"the transfer syntax is {syntax.name}, but the pixel data is not encapsulated")
        swapped = syntax.big_endian and found.bits_allocated <= 8 and slot.vr == "OW"
        bits = _frame_bits(found, slot.length)
        return NativeExtent(elements.window, slot.offset, slot.length, bits, found.frames, swapped)
    if not syntax.encapsulated:
        raise Damaged(f"the transfer syntax is {syntax.name}, but the pixel data is encapsulated")
    fragments, table = _fragments(elements.window, slot.offset)
    if not fragments:
        raise Damaged("the pixel data has no fragments")
    starts = _extended_table(elements) or table
    frames = _frames(elements.window, fragments, starts, found.frames, syntax.codec)
    return EncapsulatedExtent(elements.window, frames, syntax.codec, found.frames)


def _frame_bits(found: PixelFormat, length: int) -> int:
    """Some writers say YBR_FULL_422 and store every chroma sample: the length decides (PS3.3 C.7.6.3.1.2)."""
    full = found.frame_pixels * found.samples * found.bits_allocated
    return full if found.frame_bits < full and length * 8 >= full * found.frames else found.frame_bits


def _fragments(window: ByteWindow, start: int) -> tuple[list[Fragment], list[int]]:
    """Fragments up to the sequence delimiter, and the Basic Offset Table (empty when it is)."""
    pos, items = start, list[Fragment]()
    while True:
        kind, length = item_header(window, pos, window.size, False, at.PIXEL_DATA.tag)
        pos += 8
        if kind == SEQUENCE_END:
            break
        if length == UNDEFINED or pos + length > window.size:
            raise Damaged(
                f"the pixel data is cut off: fragment {len(items)} says {length} bytes, {window.size - pos} are left",
                fragment=len(items),
                length=length,
            )
        items.append((pos, length))
        pos += length
    if not items:
        return [], []
    offset, size = items[0]
    raw = window.read(offset, size)
    return items[1:], list(unpack_from(f"<{size // 4}I", raw))


def _extended_table(elements: Elements) -> list[int]:
    return elements.array(at.EXTENDED_OFFSET_TABLE, "u8").tolist() if at.EXTENDED_OFFSET_TABLE in elements else []


def _frames(
    window: ByteWindow, fragments: list[Fragment], table: list[int], count: int, codec: Codec
) -> tuple[tuple[Fragment, ...], ...]:
    if count == 1:
        return (tuple(fragments),)
    if len(fragments) == count:
        return tuple((fragment,) for fragment in fragments)
    if len(table) == count:
        firsts = _by_offset(fragments, table)
    else:
        firsts = [k for k, (o, n) in enumerate(fragments) if starts_frame(codec, window.read(o, min(n, 8)))]
    if len(firsts) != count or firsts[0] != 0:
        raise Damaged(
            f"{count} frames are announced, and the {len(fragments)} fragments hold {len(firsts)}",
            frames=count,
            fragments=len(fragments),
            found=len(firsts),
        )
    return tuple(tuple(fragments[a:b]) for a, b in zip(firsts, [*firsts[1:], len(fragments)], strict=True))


def _by_offset(fragments: list[Fragment], table: list[int]) -> list[int]:
    """Index of each frame's first fragment; offsets count from the first fragment's item tag (PS3.5 A.4)."""
    origin = fragments[0][0] - 8
    places = {offset - 8 - origin: k for k, (offset, _) in enumerate(fragments)}
    firsts = [places.get(offset, -1) for offset in table]
    if any(b <= a for a, b in zip([-1, *firsts], firsts, strict=False)):
        raise Damaged("the offset table does not point at the fragments", table=table[:16])
    return firsts
