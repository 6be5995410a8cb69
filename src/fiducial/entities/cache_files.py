"""Files of the cache: written beside their place and moved there, hashed on the way, under names that cannot climb."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO, Protocol

LOCK = ".lock"
_PART = ".part-"
_ABANDONED_S = 24 * 3600
_CHUNK = 1 << 20


class Readable(Protocol):
    """Something to read bytes from, piece by piece, until it gives none."""

    def read(self, size: int, /) -> bytes: ...


@contextlib.contextmanager
def beside(folder: Path, source: Readable) -> Iterator[tuple[Path, str, int]]:
    """A temporary copy in ``folder`` with its hash and size; gone afterwards unless it was moved."""
    handle, name = tempfile.mkstemp(dir=folder, prefix=_PART)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            sha256, size = hash_of(source, file)
        yield temporary, sha256, size
    finally:
        temporary.unlink(missing_ok=True)


def clear_folder(folder: Path) -> None:
    """All files but the lock, and but what somebody may be writing now. The folder stays: others may be about to write."""
    for path in folder.iterdir():
        if path.name == LOCK or (path.name.startswith(_PART) and time.time() - path.stat().st_mtime < _ABANDONED_S):
            continue
        path.unlink(missing_ok=True)


def hash_of(source: Readable, copy: IO[bytes] | None = None) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while piece := source.read(_CHUNK):
        digest.update(piece)
        size += len(piece)
        if copy is not None:
            copy.write(piece)
    return digest.hexdigest(), size


@lru_cache(maxsize=4096)
def safe_name(name: str) -> str:
    """``name`` as one path part: letters, digits and ``-_.@`` stay, all else becomes its code, so none meet or climb."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "-_@.") else f"%{ord(c):x}%" for c in name)
    return kept if kept.strip(".") else f"%{kept.replace('.', '2e')}%"
