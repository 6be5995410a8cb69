"""Proof that a PNG is whole: every chunk's checksum, and the image data inflated and counted in 1 MiB steps.

PNG (third edition): 5.3 chunk layout, 9 filtering, 10 compression, 8 interlacing.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import numpy as np

from fiducial.errors import Damaged
from fiducial.media.source import length, read_at

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_LAST_FILTER = 4
_STEP = 1 << 20


@dataclass(frozen=True, slots=True)
class PngHeader:
    """The IHDR chunk."""

    width: int
    height: int
    bit_depth: int
    color_type: int
    interlaced: bool

    def row_bytes(self, width: int) -> int:
        """Of one filtered row: its filter type byte and its packed samples."""
        return 1 + (width * self.bit_depth * _SAMPLES[self.color_type] + 7) // 8

    @property
    def inflated_bytes(self) -> int:
        if not self.interlaced:
            return self.height * self.row_bytes(self.width)
        total = 0
        for left, top, step_x, step_y in _ADAM7:
            columns, rows = -(-(self.width - left) // step_x), -(-(self.height - top) // step_y)
            total += rows * self.row_bytes(columns) if columns > 0 and rows > 0 else 0
        return total


def png_header(source: BinaryIO) -> PngHeader:
    raw = read_at(source, 8, 25, "the PNG header")
    if raw[4:8] != b"IHDR" or int.from_bytes(raw[:4], "big") != 13:  # the chunk's fixed length
        raise Damaged("the PNG does not begin with its IHDR chunk")
    if zlib.crc32(raw[4:21]) != int.from_bytes(raw[21:25], "big"):
        raise Damaged("the PNG header fails its checksum")
    header = PngHeader(
        int.from_bytes(raw[8:12], "big"), int.from_bytes(raw[12:16], "big"), raw[16], raw[17], raw[20] == 1
    )
    if header.bit_depth not in _DEPTHS.get(header.color_type, ()) or not header.width or not header.height:
        raise Damaged(f"the PNG header makes no sense: {header}")
    return header


def prove_png(source: BinaryIO) -> None:
    """Damaged naming the chunk or row where the file breaks; constant memory."""
    header = png_header(source)
    counter = _ImageData(header)
    ended = False
    for kind, body in _chunks(source):
        if kind == b"IDAT":
            for piece in body:
                counter.add(piece)
        else:
            for _ in body:
                pass
        if kind == b"IEND":
            ended = True
            break
    if not ended:
        raise Damaged("the PNG is cut off: it has no IEND chunk")
    counter.prove_complete()


def _chunks(source: BinaryIO) -> Iterator[tuple[bytes, Iterator[bytes]]]:
    """Each chunk's type and body pieces; the checksum is proved when the body has been read to its end."""
    end, offset = length(source), 8
    while offset < end:
        head = read_at(source, offset, 8, "a PNG chunk")
        size, kind = int.from_bytes(head[:4], "big"), head[4:]
        if offset + 12 + size > end:
            name = kind.decode("latin-1")
            raise Damaged(f"the PNG is cut off in its {name!r} chunk at byte {offset}", offset=offset, chunk=name)
        yield kind, _body(source, offset + 8, size, kind)
        offset += 12 + size


def _body(source: BinaryIO, offset: int, size: int, kind: bytes) -> Iterator[bytes]:
    checksum, end = zlib.crc32(kind), offset + size
    while offset < end:
        piece = read_at(source, offset, min(_STEP, end - offset), "a PNG chunk")
        checksum = zlib.crc32(piece, checksum)
        offset += len(piece)
        yield piece
    if checksum != int.from_bytes(read_at(source, end, 4, "a PNG checksum"), "big"):
        raise Damaged(f"a PNG chunk {kind.decode('latin-1')!r} fails its checksum at byte {end}", offset=end)


class _ImageData:
    """Counts the inflated image data and looks at each row's filter type."""

    def __init__(self, header: PngHeader) -> None:
        from isal import isal_zlib

        self._header = header
        self._inflate: Any = isal_zlib.decompressobj()
        self._broken = cast(type[Exception], isal_zlib.error)
        self._count = 0

    def add(self, piece: bytes) -> None:
        while piece and not self._inflate.eof:
            try:
                data = self._inflate.decompress(piece, _STEP)
            except self._broken as cause:
                raise Damaged(f"the PNG image data cannot be inflated: {cause}", row=self._row) from cause
            self._look(data)
            piece = self._inflate.unconsumed_tail

    def prove_complete(self) -> None:
        needed = self._header.inflated_bytes
        if self._count != needed or not self._inflate.eof:
            raise Damaged(
                f"the PNG image data are not whole: {self._count} of {needed} bytes, up to row {self._row} of "
                f"{self._header.height}",
                present=self._count,
                needed=needed,
            )

    @property
    def _row(self) -> int:
        return self._count // self._header.row_bytes(self._header.width)

    def _look(self, data: bytes) -> None:
        if self._count + len(data) > self._header.inflated_bytes:
            raise Damaged(f"the PNG image data inflate to more than {self._header.inflated_bytes} bytes")
        if not self._header.interlaced:
            row = self._header.row_bytes(self._header.width)
            filters = np.frombuffer(data, dtype=np.uint8)[-self._count % row :: row]
            if filters.size and filters.max() > _LAST_FILTER:
                raise Damaged(f"the PNG image data are broken near row {self._row}: a filter type is {filters.max()}")
        self._count += len(data)
