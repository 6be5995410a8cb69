"""A file that was made and waits to be sent: on disk, without a name, so that it is gone with its last reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fiducial_server.storage.base import BlobStore

PIECE = 1 << 18


@dataclass(frozen=True, slots=True)
class WaitingFile:
    """``pieces`` can be walked once."""

    size: int
    pieces: Iterator[bytes]


class Pipe:
    """What a writer of a file needs that never looks back; ``folder`` is on the same disk, for what it keeps aside."""

    def __init__(self, write: Callable[[bytes], Any], folder: Path) -> None:
        self._write = write
        self.folder = folder

    def write(self, content: bytes) -> int:
        self._write(content)
        return len(content)

    def flush(self) -> None:
        """Every write has gone on already."""


def waiting_file(store: BlobStore, write: Callable[[Pipe], None]) -> WaitingFile:
    """What ``write`` writes, kept among the files that are being received. Nothing is left when it raises."""
    with store.spool() as spool:
        write(Pipe(spool.write, spool.path.parent))
        spool.finish()
        size, file = spool.size, spool.open()

    def pieces() -> Iterator[bytes]:
        with file:
            while piece := file.read(PIECE):
                yield piece

    return WaitingFile(size, pieces())
