"""A lock between processes, on a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody else is inside for the same path. The system frees it when the process ends, whatever happens.

    The folder may be removed by another process in between; then it is made again. Where a file system cannot lock,
    nothing is held: what the lock guards is still never wrong, only fetched again.
    """
    handle = _open(path)
    try:
        _lock(handle)
        yield
    finally:
        os.close(handle)


def _open(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _lock(handle: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined]
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError:
        return
