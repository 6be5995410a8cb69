"""What every store behind obstore does alike: sizes, listing, deleting, reading by range.

Objects are named ``ab/abcd...``.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, cast

import obstore
from obstore.store import ObjectStore

from fiducial.errors import Invalid, NotFound
from fiducial_server.storage.faults import translated
from fiducial_server.storage.spool import FileSpool, SpoolRoom

PIECE = 1 << 20
"""Bytes per piece of :meth:`ObjectBlobs.read`, and per request of a seekable reader."""
DELETE_BATCH = 1000
_KEY = re.compile(r"[0-9a-f]{64}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def object_name(key: str) -> str:
    """Where a key lies: two hex digits spread the objects over 256 folders. Raises Invalid for what is no SHA-256."""
    if not _KEY.fullmatch(key):
        raise Invalid(f"a storage key is 64 lower-case hex digits, not {key[:80]!r}")
    return f"{key[:2]}/{key}"


class ObjectBlobs:
    """The shared half of the stores. ``objects`` is the obstore store whose root holds the 256 folders."""

    def __init__(self, objects: ObjectStore, room: SpoolRoom) -> None:
        self.objects = objects
        self._room = room

    def spool(self) -> FileSpool:
        return self._room.new()

    def open(self, key: str) -> BinaryIO:
        size = self._size_or_raise(key)
        return cast(BinaryIO, io.BufferedReader(_RangeReader(self, key, size), PIECE))

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        size = self._size_or_raise(key)
        end = size if length is None else min(size, start + length)
        return self._pieces(key, start, end)

    def _pieces(self, key: str, start: int, end: int) -> Iterator[bytes]:
        for at in range(start, end, PIECE):
            yield self._range(key, at, min(PIECE, end - at))

    def _range(self, key: str, start: int, length: int) -> bytes:
        with translated(f"read {key}"):
            return bytes(obstore.get_range(self.objects, object_name(key), start=start, length=length))

    def size(self, key: str) -> int | None:
        try:
            return self._size_or_raise(key)
        except NotFound:
            return None

    def _size_or_raise(self, key: str) -> int:
        with translated(f"read {key}"):
            return obstore.head(self.objects, object_name(key))["size"]

    def delete(self, key: str) -> None:
        try:
            with translated(f"delete {key}"):
                obstore.delete(self.objects, object_name(key))
        except NotFound:
            return

    def forget(self, key: str, before_us: int) -> bool:
        """Looks and deletes in two requests, as buckets have none that does both."""
        stored_at = self._stored_at(key)
        if stored_at is None or stored_at >= before_us:
            return False
        self.delete(key)
        return True

    def _stored_at(self, key: str) -> int | None:
        """When the bytes were last written, in us; None when there are none."""
        try:
            with translated(f"read {key}"):
                return _microseconds(obstore.head(self.objects, object_name(key))["last_modified"])
        except NotFound:
            return None

    def keys(self) -> Iterator[tuple[str, int, int]]:
        with translated("list what is stored"):
            for batch in obstore.list(self.objects, chunk_size=DELETE_BATCH):
                for entry in batch:
                    key = entry["path"].rpartition("/")[2]
                    if _KEY.fullmatch(key):
                        yield key, entry["size"], _microseconds(entry["last_modified"])

    def signed_url(self, key: str, expires_s: int, *, filename: str | None = None) -> str | None:
        return None

    def clean(self) -> int:
        return self._room.clean()

    def close(self) -> None:
        self._room.close()


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


class _RangeReader(io.RawIOBase):
    """Seekable bytes of one object; each read is one range request (a BufferedReader around it makes them large)."""

    def __init__(self, blobs: ObjectBlobs, key: str, size: int) -> None:
        self._blobs, self._key, self._size, self._at = blobs, key, size, 0

    @property
    def name(self) -> str:
        """As every real file has one: readers of DICOM ask for it."""
        return self._key

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise OSError("seek before the beginning")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        length = min(len(buffer), self._size - self._at)
        if length <= 0:
            return 0
        buffer[:length] = self._blobs._range(self._key, self._at, length)
        self._at += length
        return length

    def readall(self) -> bytes:
        rest = b"".join(self._blobs._pieces(self._key, self._at, self._size))
        self._at = max(self._at, self._size)
        return rest
