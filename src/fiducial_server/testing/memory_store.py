"""A store that forgets: the twin of the real ones, for tests."""

from __future__ import annotations

import io
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from fiducial.errors import NotFound
from fiducial_server.model.times import Clock, now_us
from fiducial_server.storage.base import Spool
from fiducial_server.storage.objects import PIECE, object_name
from fiducial_server.storage.spool import FileSpool, SpoolRoom


class MemoryStore:
    """Kept bytes are in a dict; what is being received is in a temporary folder, because readers are given a path."""

    def __init__(self, clock: Clock = now_us) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="fiducial-spool-")
        self._room = SpoolRoom(Path(self._temporary.name))
        self._clock = clock
        self._lock = threading.Lock()
        self.kept: dict[str, tuple[bytes, int]] = {}
        """Bytes and moment of every key."""

    def spool(self) -> FileSpool:
        return self._room.new()

    def keep(self, spool: Spool) -> bool:
        spool.finish()
        content = (spool.path.read_bytes(), self._clock())
        with self._lock:
            new = spool.sha256 not in self.kept
            self.kept[spool.sha256] = content
        spool.discard()
        return new

    def open(self, key: str) -> BinaryIO:
        return io.BytesIO(self._bytes(key))

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        content = self._bytes(key)
        end = len(content) if length is None else min(len(content), start + length)
        return (content[at : min(at + PIECE, end)] for at in range(start, end, PIECE))

    def size(self, key: str) -> int | None:
        object_name(key)
        return len(self.kept[key][0]) if key in self.kept else None

    def delete(self, key: str) -> None:
        object_name(key)
        self.kept.pop(key, None)

    def forget(self, key: str, before_us: int) -> bool:
        object_name(key)
        with self._lock:
            old = key in self.kept and self.kept[key][1] < before_us
            if old:
                del self.kept[key]
            return old

    def keys(self) -> Iterator[tuple[str, int, int]]:
        for key, (content, at) in list(self.kept.items()):
            yield key, len(content), at

    def signed_url(self, key: str, expires_s: int, *, filename: str | None = None) -> str | None:
        return None

    def clean(self) -> int:
        return self._room.clean()

    def close(self) -> None:
        self._room.close()
        self._temporary.cleanup()

    def _bytes(self, key: str) -> bytes:
        object_name(key)
        if key not in self.kept:
            raise NotFound(f"could not read {key}: no such bytes are stored")
        return self.kept[key][0]
