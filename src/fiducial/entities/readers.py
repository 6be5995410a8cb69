"""Opened files, a few of them kept: paging through a volume opens and inflates it once."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from fiducial.media.base import Reader
from fiducial.media.registry import open_media

_KEPT = 2
_State = tuple[int, int, int]


@dataclass
class _Opened:
    reader: Reader
    source: BinaryIO
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Readers seek in one file, so they serve one thread at a time."""

    def close(self) -> None:
        with self.lock:
            self.reader.close()
            self.source.close()


class OpenReaders:
    """The last few readers of this process, by path and state of the file. Other processes, and forks, open their own."""

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._opened: OrderedDict[tuple[Path, _State], _Opened] = OrderedDict()

    @contextmanager
    def open(self, path: Path) -> Iterator[Reader]:
        """A reader of this file, to be used by one thread at a time and not closed."""
        opened = self._get(path)
        with opened.lock:
            yield opened.reader

    def close(self) -> None:
        with self._lock:
            opened, self._opened = list(self._opened.values()), OrderedDict()
        for one in opened:
            one.close()

    def _get(self, path: Path) -> _Opened:
        key = (path, _state(path))
        too_many: list[_Opened] = []
        with self._lock:
            if self._pid != os.getpid():  # after a fork the parent shares our place in its files: leave them to it
                self._opened, self._pid = OrderedDict(), os.getpid()
            opened = self._opened.get(key)
            if opened is None:
                opened = self._opened[key] = _open(path)
            self._opened.move_to_end(key)
            while len(self._opened) > self._kept:
                too_many.append(self._opened.popitem(last=False)[1])
        for one in too_many:
            one.close()
        return opened


def _state(path: Path) -> _State:
    state = path.stat()
    return state.st_ino, state.st_size, state.st_mtime_ns


def _open(path: Path) -> _Opened:
    source = path.open("rb")
    try:
        return _Opened(open_media(source), source)
    except BaseException:
        source.close()
        raise


_READERS = OpenReaders()


def reader_of(path: Path) -> AbstractContextManager[Reader]:
    """A context with a reader of this file; see :class:`OpenReaders`."""
    return _READERS.open(path)
