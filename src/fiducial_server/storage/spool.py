"""Files being received.

Each process has a folder of its own under the spool root, with a lock held as long as it lives; what lies in a folder
whose lock is free was left by a process that is gone, and :meth:`SpoolRoom.clean` removes it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import itertools
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from fiducial_server.storage.faults import translated

_LOCK = "lock"
_GATE = "gate"


class FileSpool:
    """A spool that is a local file; the hash is made on the way."""

    def __init__(self, path: Path) -> None:
        with translated("begin to receive a file"):
            self._file = open(path, "xb", buffering=0)  # noqa: SIM115 - open until finish() or discard()
        self.path = path
        self.size = 0
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def write(self, chunk: bytes) -> None:
        with translated("write a received file"):
            rest = memoryview(chunk)
            while rest:
                rest = rest[self._file.write(rest) :]
        self._hash.update(chunk)
        self.size += len(chunk)

    def finish(self) -> None:
        if self._file.closed:
            return
        with translated("finish a received file"):
            self._file.close()

    def open(self) -> BinaryIO:
        if not self._file.closed:
            raise RuntimeError("the spool is still being written; call finish() first")
        with translated("read a received file"):
            return open(self.path, "rb")

    def discard(self) -> None:
        with contextlib.suppress(OSError):
            self._file.close()
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()


class SpoolRoom:
    """The folder where this process receives files: ``root/<random name>``, locked until :meth:`close`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._count = itertools.count()
        with translated(f"use {root} for files being received"):
            root.mkdir(parents=True, exist_ok=True)
            self.folder = root / uuid.uuid4().hex
            with self._gate():  # or else clean() of another process could see the folder before its lock is held
                self.folder.mkdir()
                self._lock = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
                fcntl.flock(self._lock, fcntl.LOCK_EX)

    def new(self) -> FileSpool:
        return FileSpool(self.folder / f"{next(self._count):x}")

    def clean(self) -> int:
        """Remove the folders of processes that are gone; how many files they held."""
        with translated("remove files left by processes that are gone"), self._gate():
            return sum(self._clean_one(folder) for folder in self._root.iterdir() if folder.is_dir())

    def _clean_one(self, folder: Path) -> int:
        if folder == self.folder:
            return 0
        try:
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:  # its process closed it just now
            return 0
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0
        else:
            left = sum(1 for entry in folder.iterdir() if entry.name != _LOCK)
            shutil.rmtree(folder, ignore_errors=True)
            return left
        finally:
            os.close(lock)

    @contextmanager
    def _gate(self) -> Iterator[None]:
        """One process at a time makes or removes folders."""
        gate = os.open(self._root / _GATE, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(gate, fcntl.LOCK_EX)
            yield
        finally:
            os.close(gate)

    def close(self) -> None:
        if self._lock < 0:
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)
        self._lock = -1
