"""The bytes behind a NIfTI header, plain or gzip: any range of them, reading as little as can be."""

from __future__ import annotations

import tempfile
import zlib
from typing import BinaryIO, Protocol, cast

from fiducial.errors import Damaged
from fiducial.media.nifti.header import HEADER_BYTES
from fiducial.media.source import View, content_errors, read_at, read_up_to

GZIP_MAGIC = b"\x1f\x8b"
LARGEST_INFLATION = 1032
"""DEFLATE cannot grow more than this: 258 bytes from 2 bits (RFC 1951)."""

_BLOCK = 1 << 20
_IN_MEMORY = 16 << 20
_LARGEST_READ = 16 << 20


class ByteRanges(Protocol):
    """Random access to the uncompressed bytes of one file."""

    def read(self, offset: int, size: int) -> bytes:
        """Exactly ``size`` bytes, or Damaged."""
        ...

    def finish(self) -> None:
        """Prove what reading to the end can prove (a gzip checksum), when that is where the reading stands."""
        ...

    def close(self) -> None: ...


def is_gzip(head: bytes) -> bool:
    return head[:2] == GZIP_MAGIC


def inflated_head(compressed: bytes, size: int = HEADER_BYTES) -> bytes:
    """Up to ``size`` first bytes inside this start of a gzip file; what could be had, when it is broken."""
    inflate = zlib.decompressobj(wbits=31)
    try:
        return inflate.decompress(compressed, size)
    except zlib.error:
        return b""


def open_ranges(source: BinaryIO) -> ByteRanges:
    return Inflated(source) if is_gzip(read_up_to(source, 0, 2)) else Plain(source)


class Plain:
    """An uncompressed file: one seek per range."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source

    def read(self, offset: int, size: int) -> bytes:
        return read_at(self._source, offset, size, "the NIfTI image data")

    def finish(self) -> None:
        pass

    def close(self) -> None:
        pass


class Inflated:
    """A gzip file: reading forward inflates on; the first step back starts over and from then on keeps all it inflates.

    So one frame or one sweep costs one pass and no space, and any mix of reads costs two passes at most. What is kept
    lies in memory up to 16 MiB and in an unnamed temporary file beyond.
    """

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._stream = _gzip_stream(source)
        self._position = 0
        self._kept: BinaryIO | None = None
        self._broken: Damaged | None = None

    def read(self, offset: int, size: int) -> bytes:
        if offset < self._position and self._kept is None:
            self._start_keeping()
        if self._kept is None:
            self._skip_to(offset)
            return self._exactly(size)
        while self._position < offset + size:
            self._kept.seek(self._position)
            part = self._forward(min(_BLOCK, offset + size - self._position))
            self._kept.write(part)
            if not part:
                raise self._ended(offset + size)
        return read_at(self._kept, offset, size, "the kept NIfTI image data")

    def finish(self) -> None:
        with content_errors("the gzip file is broken or cut off"):
            while self._stream.read(_BLOCK):
                pass

    def close(self) -> None:
        self._stream.close()
        if self._kept is not None:
            self._kept.close()

    def _start_keeping(self) -> None:
        self._stream.close()
        self._stream = _gzip_stream(self._source)
        self._position, self._broken = 0, None
        self._kept = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115 - closed with the reader

    def _skip_to(self, offset: int) -> None:
        while self._position < offset:
            self._exactly(min(_BLOCK, offset - self._position))

    def _exactly(self, size: int) -> bytes:
        parts, missing = [], size
        while missing:
            part = self._forward(min(missing, _LARGEST_READ))
            if not part:
                raise self._ended(self._position + missing)
            parts.append(part)
            missing -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _forward(self, size: int) -> bytes:
        """Some bytes from where the stream stands, none at its end; once broken, broken until it starts over."""
        if self._broken is not None:
            raise self._broken
        try:
            with content_errors("the gzip file is broken or cut off"):
                part = self._stream.read(size)
        except Damaged as error:
            self._broken = error
            raise
        self._position += len(part)
        return part

    def _ended(self, needed: int) -> Damaged:
        return Damaged(
            f"the NIfTI image data end at byte {self._position}, {needed - self._position} bytes before the header says "
            "they do",
            present=self._position,
            needed=needed,
        )


def count_inflated(source: BinaryIO, limit: int) -> int:
    """How many bytes the gzip file holds, checksums proved, in constant memory; stops soon beyond ``limit``."""
    stream = _gzip_stream(source)
    buffer = memoryview(bytearray(_BLOCK))
    total = 0
    with content_errors("the gzip file is broken or cut off"), stream:
        while total <= limit and (got := stream.readinto(buffer)):  # type: ignore[attr-defined]
            total += got
    return total


def _gzip_stream(source: BinaryIO) -> BinaryIO:
    from isal import igzip

    return cast(BinaryIO, igzip.IGzipFile(fileobj=View(source), mode="rb"))
