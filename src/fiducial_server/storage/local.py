"""Bytes in a local folder: ``root/objects/ab/<sha256>``, received in ``root/spool``.

Listing, sizes and deleting are obstore's. The durable write is our own, because obstore's local put neither waits for
the disk nor takes a file over without copying it; and so is reading, because a real file can be mapped and is read
without further copies.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from obstore.store import LocalStore as ObstoreFolder

from fiducial.errors import NotFound
from fiducial_server.storage.base import Spool
from fiducial_server.storage.faults import translated
from fiducial_server.storage.objects import PIECE, ObjectBlobs, object_name
from fiducial_server.storage.spool import SpoolRoom

_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS})


class LocalStore(ObjectBlobs):
    """``root`` is made when it is not there. Several processes may use one root at the same time."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._objects = self.root / "objects"
        with translated(f"use {root} as storage"):
            for number in range(256):  # all at once, so that no later write has to make one durable
                (self._objects / f"{number:02x}").mkdir(parents=True, exist_ok=True)
            _sync(self._objects)
            _sync(self.root)
        super().__init__(ObstoreFolder(self._objects), SpoolRoom(self.root / "spool"))

    def keep(self, spool: Spool) -> bool:
        spool.finish()
        target = self._objects / object_name(spool.sha256)
        with translated(f"store {spool.sha256}"):
            _sync(spool.path)
            new = _link_new(spool.path, target)
            # Also when the name was there: whoever made it may not have come here yet, or may have died on the way.
            _sync(target.parent)
        spool.discard()
        return new

    def forget(self, key: str, before_us: int) -> bool:
        """One who keeps the same bytes just now marks the file before we look, or finds the name free after we are done."""
        path = self._objects / object_name(key)
        try:
            with translated(f"delete {key}"), _locked(path, fcntl.LOCK_EX) as found:
                if not _is_named(found, path) or found.st_mtime_ns // 1000 >= before_us:
                    return False
                path.unlink()
        except NotFound:
            return False
        return True

    def open(self, key: str) -> BinaryIO:
        with translated(f"read {key}"):
            return open(self._objects / object_name(key), "rb")

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        return _pieces(self.open(key), start, length)


def _link_new(source: Path, target: Path) -> bool:
    """Give ``source`` the name ``target`` too, unless that is taken by as many bytes. True if the name was free."""
    os.utime(source)  # its age counts from now, however long its bytes took to come
    while True:
        try:
            os.link(source, target)
        except FileExistsError:
            known = _kept_again(source, target)
            if known is not None:
                return not known
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            new = not target.exists()  # a file system without links: equal bytes replace each other without harm
            os.replace(source, target)
            return new
        else:
            return True


def _kept_again(source: Path, target: Path) -> bool | None:
    """Mark what is there as kept now: True, or False when it was not whole and is now. None: it went away meanwhile."""
    try:
        with _locked(target, fcntl.LOCK_SH) as found:
            if not _is_named(found, target):  # LocalStore.forget was quicker
                return None
            whole = found.st_size == source.stat().st_size
            if whole:
                os.utime(target)
            else:  # cut off by a broken disk or a foreign hand: the hash says which one is right
                os.replace(source, target)
            return whole
    except FileNotFoundError:
        return None


@contextlib.contextmanager
def _locked(path: Path, kind: int) -> Iterator[os.stat_result]:
    """Hold a lock on the file that has this name now; what it is, once the lock is held."""
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, kind)
        yield os.fstat(handle)
    finally:
        os.close(handle)


def _is_named(found: os.stat_result, path: Path) -> bool:
    return os.path.samestat(found, os.stat(path))


def _sync(path: Path) -> None:
    """Wait until a file's bytes, or the names in a folder, are on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _pieces(file: BinaryIO, start: int, length: int | None) -> Iterator[bytes]:
    with contextlib.closing(file):
        file.seek(start)
        left = length if length is not None else os.fstat(file.fileno()).st_size - start
        while left > 0 and (piece := file.read(min(PIECE, left))):
            left -= len(piece)
            yield piece
