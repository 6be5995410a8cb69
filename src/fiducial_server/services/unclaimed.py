"""Bytes that are in the store but in no row yet. When their upload is refused after all, they are taken away again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fiducial_server.db import files
from fiducial_server.db.engine import Database
from fiducial_server.storage.base import BlobStore, Spool

log = logging.getLogger(__name__)


class Unclaimed:
    """Counts who holds which bytes in this process, so that nobody's bytes go when another upload of them fails.

    Another process could be keeping the same bytes at the same moment, between its look at the store and its row. So bytes
    are taken away only where one process is all there is (SQLite); with several they stay, unseen, for maintenance.
    """

    def __init__(self, database: Database, store: BlobStore) -> None:
        self._database = database
        self._store = store
        self._lock = threading.Lock()
        self._holders: dict[str, int] = {}
        self._brought: set[str] = set()

    @contextmanager
    def keep(self, spool: Spool) -> Iterator[None]:
        """Keep the spool; the block writes the row. When it raises, bytes that nobody else has are deleted."""
        sha256 = spool.sha256
        with self._lock:
            self._holders[sha256] = self._holders.get(sha256, 0) + 1
        claimed = False
        try:
            if self._store.keep(spool):
                with self._lock:
                    self._brought.add(sha256)
            yield
            claimed = True
        finally:
            self._let_go(sha256, claimed)

    def forget(self, sha256: str) -> None:
        """Bytes whose last row is gone: delete them, unless somebody brings them again just now."""
        with self._lock:
            if sha256 not in self._holders:
                self._delete(sha256)

    def _let_go(self, sha256: str, claimed: bool) -> None:
        with self._lock:
            left = self._holders[sha256] - 1
            if left:
                self._holders[sha256] = left
            else:
                del self._holders[sha256]
            if claimed:
                self._brought.discard(sha256)
            elif not left and sha256 in self._brought:
                self._brought.discard(sha256)
                self._delete(sha256)

    def _delete(self, sha256: str) -> None:
        if not self._database.is_sqlite:
            return
        try:
            with self._database.system() as connection:
                named = files.known_anywhere(connection, sha256)
            if not named:
                self._store.delete(sha256)
        except Exception:  # the error that brought us here is the one to tell; maintenance finds the bytes
            log.exception("could not take away the bytes %s of a refused upload", sha256)
