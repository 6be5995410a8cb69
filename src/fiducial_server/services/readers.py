"""A few readers that stay open for a while: who pages through a compressed volume should not unpack it anew for each frame."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from fiducial.media.base import Reader
from fiducial.media.registry import open_media
from fiducial_server.storage.base import BlobStore

MOST_OPEN = 8


class _Opened:
    """A reader, used by one thread at a time; ``users`` counts those that have it or wait for it."""

    def __init__(self, stack: ExitStack, reader: Reader) -> None:
        self.stack = stack
        self.reader = reader
        self.lock = threading.Lock()
        self.users = 0
        self.dropped = False


class OpenReaders:
    """Readers of single files by SHA-256, the least recently used closed first. Safe to share between threads."""

    def __init__(self, store: BlobStore, most_open: int = MOST_OPEN) -> None:
        self._store = store
        self._most = most_open
        self._lock = threading.Lock()
        self._opened: OrderedDict[str, _Opened] = OrderedDict()

    @contextmanager
    def of(self, sha256: str) -> Iterator[Reader]:
        """The reader of these bytes, for this thread alone until the block ends. Raises what opening raises."""
        opened = self._take(sha256)
        try:
            with opened.lock:
                yield opened.reader
        finally:
            self._give_back(opened)

    def _take(self, sha256: str) -> _Opened:
        with self._lock:
            found = self._opened.get(sha256)
            if found is not None:
                found.users += 1
                self._opened.move_to_end(sha256)
                return found
        fresh = _open(lambda stack: open_media(stack.enter_context(self._store.open(sha256))))
        with self._lock:
            found = self._opened.setdefault(sha256, fresh)
            found.users += 1
            surplus = self._drop_surplus() if found is fresh else [fresh]
        for unused in surplus:
            unused.stack.close()
        return found

    def _drop_surplus(self) -> list[_Opened]:
        """Take the oldest out; those in use are closed by their last user."""
        closing = []
        while len(self._opened) > self._most:
            _, oldest = self._opened.popitem(last=False)
            oldest.dropped = True
            if oldest.users == 0:
                closing.append(oldest)
        return closing

    def _give_back(self, opened: _Opened) -> None:
        with self._lock:
            opened.users -= 1
            close = opened.dropped and opened.users == 0
        if close:
            opened.stack.close()

    def close(self) -> None:
        with self._lock:
            opened, self._opened = list(self._opened.values()), OrderedDict()
            for each in opened:
                each.dropped = True
            idle = [each for each in opened if each.users == 0]
        for each in idle:
            each.stack.close()


def _open(make: Callable[[ExitStack], Reader]) -> _Opened:
    with ExitStack() as stack:
        reader = stack.enter_context(make(stack))
        return _Opened(stack.pop_all(), reader)
