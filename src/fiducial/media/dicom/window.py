"""Reading parts of a file by position, in few reads, never past its end."""

from __future__ import annotations

from typing import BinaryIO

from fiducial.errors import Damaged

CHUNK = 32 * 1024
"""One read holds the whole header of an ordinary slice."""


class ByteWindow:
    """A seekable source with one remembered stretch of bytes. Not safe to share between threads."""

    __slots__ = ("_base", "_buffer", "_source", "size")

    def __init__(self, source: BinaryIO, size: int, base: int = 0, buffer: bytes = b"") -> None:
        self._source, self.size, self._base, self._buffer = source, size, base, buffer

    @classmethod
    def over(cls, source: BinaryIO) -> ByteWindow:
        """The whole of ``source``, with its first stretch read."""
        size = source.seek(0, 2)
        source.seek(0)
        return cls(source, size, 0, source.read(CHUNK))

    def at(self, position: int, count: int) -> tuple[bytes, int]:
        """A buffer and the index in it where ``position`` is; holds ``count`` bytes from there unless the file ends."""
        index = position - self._base
        if index >= 0 and index + count <= len(self._buffer):
            return self._buffer, index
        self._source.seek(position)
        self._base, self._buffer = position, self._source.read(max(CHUNK, count))
        return self._buffer, 0

    def read(self, position: int, count: int) -> bytes:
        """Exactly ``count`` bytes; Damaged when the file has not that many. The remembered stretch stays."""
        if count < 0 or position + count > self.size:
            raise Damaged(
                f"{count} bytes at offset {position} are past the end of the file ({self.size} bytes)",
                offset=position,
                length=count,
                file_size=self.size,
            )
        index = position - self._base
        if index >= 0 and index + count <= len(self._buffer):
            return self._buffer[index : index + count]
        self._source.seek(position)
        data = self._source.read(count)
        if len(data) != count:
            raise Damaged(f"the file ended while reading {count} bytes at offset {position}", offset=position)
        return data

    def part(self, position: int, count: int) -> ByteWindow:
        """A window that holds this stretch in memory, so that walking through it does no further reads."""
        return ByteWindow(self._source, self.size, position, self.read(position, count))
