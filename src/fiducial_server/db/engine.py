"""The database: engines for SQLite and PostgreSQL, and transactions scoped to one organization.

Writes go through :meth:`Database.transact`. On SQLite, which has one writer, a single thread runs them
(:mod:`fiducial_server.db.group_writer`). On PostgreSQL each is a transaction of its own, and those of one organization
wait for each other, so that on both what a transaction read is still so when it commits. (PostgreSQL's own
SERIALIZABLE was tried first: transactions that append to the same index page, as uploads do, fail each other.)
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa

from fiducial.errors import Invalid, Unavailable
from fiducial_server.db.faults import LostRace, translated
from fiducial_server.db.group_writer import GroupWriter
from fiducial_server.db.scope import Scope

T = TypeVar("T")
Work = Callable[[Scope], T]

RETRIES = 8
LONGEST_PAUSE_S = 0.2
_WAIT_TURN = sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(sa.bindparam("organization"), 0)))
_SHARE_TURN = sa.select(sa.func.pg_advisory_xact_lock_shared(sa.func.hashtextextended(sa.bindparam("organization"), 0)))


class Database:
    """``url`` is ``sqlite:///path`` or ``postgresql://...`` (psycopg 3). ``close()`` ends threads and connections."""

    def __init__(self, url: str, *, pool_size: int = 16) -> None:
        self.url = normalize_url(url)
        self.engine = _make_engine(self.url, pool_size)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._reading = self.engine
        if not self.is_sqlite:
            self._reading = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._writer = GroupWriter(self.engine) if self.is_sqlite else None
        self._inside = threading.local()

    @contextmanager
    def read(self, organization_id: str) -> Iterator[Scope]:
        """A read-only transaction: one consistent state for all its statements."""
        with translated(), self._reading.connect() as connection:
            yield Scope(connection, organization_id, writable=False)
            connection.rollback()

    def transact(self, organization_id: str, work: Work[T], *, shared: bool = False) -> T:
        """Run ``work(scope)`` in a write transaction and return its result once it is committed (and on disk).

        ``work`` may run more than once, so it must do nothing but use the scope. Whatever it raises undoes it.
        ``shared``: on PostgreSQL it may run beside other shared ones of its organization, without seeing what they
        are about to commit; for additions that depend on nothing that changes (uploads).
        """
        if self._writer is not None:
            return self._writer.submit(organization_id, work)
        if getattr(self._inside, "transaction", False):
            raise RuntimeError("transact() inside transact(): use the scope at hand")
        self._inside.transaction = True
        try:
            return self._transact_alone(organization_id, work, _SHARE_TURN if shared else _WAIT_TURN)
        finally:
            self._inside.transaction = False

    def _transact_alone(self, organization_id: str, work: Work[T], turn: sa.Select[Any]) -> T:
        for attempt in range(RETRIES):
            try:
                with translated(), self.engine.begin() as connection:
                    connection.execute(turn, {"organization": organization_id})
                    return work(Scope(connection, organization_id))
            except LostRace:
                # Racers that pause for different times meet less often.
                time.sleep(random.uniform(0, min(LONGEST_PAUSE_S, 0.005 * 2**attempt)))
        raise Unavailable("the database was too busy; try again")

    @contextmanager
    def system(self, *, write: bool = False) -> Iterator[sa.Connection]:
        """A connection that is bound to no organization: for identity look-ups, job discovery and migrations only."""
        with translated(), self.engine.connect() as plain:
            connection = plain.execution_options(fiducial_write=True) if write else plain
            with connection.begin():
                yield connection

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self.engine.dispose()


def normalize_url(url: str) -> str:
    """The same database under the name of the driver that is used for it."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url[len(prefix) :]
    return url


def sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"


def _to_json(value: Any) -> str:
    """Not-a-number is no JSON: PostgreSQL would refuse it, and clients could not read it."""
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    except ValueError as error:
        raise Invalid(f"a value cannot be kept as JSON: {error}") from error


def _make_engine(url: str, pool_size: int) -> sa.Engine:
    if not url.startswith("sqlite"):
        return sa.create_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
            json_serializer=_to_json,
            json_deserializer=msgspec.json.decode,
        )
    engine = sa.create_engine(
        url,
        connect_args={"timeout": 60, "check_same_thread": False},
        pool_size=pool_size,
        max_overflow=64,
        json_serializer=_to_json,
        json_deserializer=msgspec.json.decode,
    )
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: IMMEDIATE for writes
    cursor = connection.cursor()
    for pragma in (
        "busy_timeout=60000",
        "journal_mode=WAL",
        "synchronous=FULL",  # a commit that was acknowledged survives a power cut
        "foreign_keys=ON",
        "cache_size=-16384",  # 16 MiB for each connection; what is read again comes from the map below
        "mmap_size=268435456",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    write = connection.get_execution_options().get("fiducial_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
