"""Bytes in the store that no row of any organization names: left by a process that died between keeping them and its row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from fiducial.errors import Conflict, Invalid
from fiducial_server.db import files
from fiducial_server.db.engine import Database
from fiducial_server.model.times import Clock, now_us
from fiducial_server.storage.base import BlobStore

HOUR_US = 3_600_000_000
LONGEST_HOURS = 1_000_000
BATCH = 500


@dataclass(frozen=True, slots=True)
class Leftover:
    """``size`` in bytes; ``stored_at`` in us."""

    sha256: str
    size: int
    stored_at: int


class Maintenance:
    """Looks over all organizations, so only for commands on the server itself; servers may run meanwhile.

    The order makes it safe: an upload keeps its bytes first (which makes them young, also when they were there) and names
    them in a row afterwards. So bytes that no row names, and that are old when they are deleted, are nobody's. In a local
    folder looking and deleting are one step; in a bucket they are two requests, so an upload whose bytes were abandoned
    there more than a day ago and that arrives again between the two would be lost.
    """

    def __init__(self, database: Database, store: BlobStore, clock: Clock = now_us) -> None:
        self._database = database
        self._store = store
        self._clock = clock

    def leftovers(self, *, older_than_hours: float = 24) -> Iterator[Leftover]:
        """What nobody names and was stored longer ago than that, in no order, found as it is taken.

        Raises Invalid for less than an hour: a row may be on its way.
        """
        return self._found(self._moment(older_than_hours))

    def tidy(self, *, older_than_hours: float = 24) -> Iterator[Leftover]:
        """Delete them, and give each that was deleted. It goes on as they are taken.

        Raises Conflict, before anything is deleted, when the database names nothing of what the store holds: then the two do
        not belong together.
        """
        before_us = self._moment(older_than_hours)
        self._require_own_store()
        return (found for found in self._found(before_us) if self._delete(found, before_us))

    def _moment(self, hours: float) -> int:
        if not 1 <= hours < LONGEST_HOURS:
            told = f"older_than_hours is {hours}; it must be from 1 to {LONGEST_HOURS}"
            raise Invalid(told, field="older_than_hours")
        return self._clock() - int(hours * HOUR_US)

    def _require_own_store(self) -> None:
        held = 0
        for batch in _batches(self._store.keys()):
            if self._named([key for key, _, _ in batch]):
                return
            held += len(batch)
        if held:
            raise Conflict(
                f"the store holds {held} objects and the database names none of them: they do not belong together",
                objects=held,
            )

    def _found(self, before_us: int) -> Iterator[Leftover]:
        for batch in _batches(self._store.keys()):
            old = [Leftover(*entry) for entry in batch if entry[2] < before_us]
            named = self._named([one.sha256 for one in old])
            yield from (one for one in old if one.sha256 not in named)

    def _delete(self, found: Leftover, before_us: int) -> bool:
        """Looked up again, as its batch was a while ago."""
        return not self._named([found.sha256]) and self._store.forget(found.sha256, before_us)

    def _named(self, hashes: Sequence[str]) -> set[str]:
        if not hashes:
            return set()
        with self._database.system() as connection:
            return files.named_anywhere(connection, hashes)


def _batches(entries: Iterator[tuple[str, int, int]]) -> Iterator[list[tuple[str, int, int]]]:
    while batch := list(islice(entries, BATCH)):
        yield batch
