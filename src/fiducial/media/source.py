"""Reading from a source that others own: by position, never past a promise, and with honest errors."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from fiducial.errors import Damaged, FiducialError


def length(source: BinaryIO) -> int:
    """Bytes in the source; leaves it positioned at its end."""
    return source.seek(0, os.SEEK_END)


def read_up_to(source: BinaryIO, offset: int, size: int) -> bytes:
    """Up to ``size`` bytes from ``offset``; fewer only at the end (a raw source may answer short reads before it)."""
    source.seek(offset)
    first = source.read(size)
    if len(first) == size or not first:
        return first
    parts, missing = [first], size - len(first)
    while missing and (more := source.read(missing)):
        parts.append(more)
        missing -= len(more)
    return b"".join(parts)


def read_at(source: BinaryIO, offset: int, size: int, what: str) -> bytes:
    """Exactly ``size`` bytes from ``offset``; Damaged naming ``what`` when the file ends before."""
    data = read_up_to(source, offset, size)
    if len(data) < size:
        raise Damaged(
            f"{what} is cut off: {size} bytes are needed at byte {offset}, the file has {len(data)} there",
            offset=offset,
            needed=size,
            present=len(data),
        )
    return data


class View:
    """The same bytes with a position of its own, for a library that reads on where it left off.

    Others may read the source in between (not at the same time), and the library cannot close it.
    """

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._position = 0

    def read(self, size: int = -1) -> bytes:
        self._source.seek(self._position)
        data = self._source.read(size)
        self._position += len(data)
        return data

    def readinto(self, buffer: bytearray | memoryview) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_CUR:
            offset += self._position
        elif whence == os.SEEK_END:
            offset += length(self._source)
        self._position = max(0, offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


@contextmanager
def content_errors(what: str) -> Iterator[None]:
    """Turn whatever a decoding library raises about the content into Damaged.

    Decoders raise a dozen kinds of exceptions for broken bytes. An error that carries an operating-system number is
    about the disk or the network, not about the content, and passes through as it is.
    """
    try:
        yield
    except FiducialError:
        raise
    except OSError as error:
        if error.errno is not None:
            raise
        raise Damaged(f"{what}: {error}") from error
    except MemoryError as error:
        raise Damaged(f"{what}: it asks for more memory than there is") from error
    except Exception as error:
        raise Damaged(f"{what}: {str(error) or type(error).__name__}") from error
