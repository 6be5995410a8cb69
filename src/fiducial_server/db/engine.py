"""The database: engines for SQLite and PostgreSQL, and transactions scoped to one organization.

Writes go through :meth:`Database.transact`. On SQLite, which has one writer, a single thread runs them: those that wait
together are committed together (each in its own savepoint, so one that fails is undone alone), with one fsync for
all. On
PostgreSQL each is a transaction of its own, tried again when the database says it lost a race.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from fiducial.errors import Conflict, StorageFull, Unavailable
from fiducial_server.db.scope import Scope

T = TypeVar("T")
Work = Callable[[Scope], T]

GROUP_LIMIT = 64
RETRIES = 5


class Database:
    """``url`` is ``sqlite:///path`` or ``postgresql://...`` (psycopg 3). ``close()`` ends threads and connections."""

    def __init__(self, url: str, *, pool_size: int = 16) -> None:
        self.url = normalize_url(url)
        self.engine = _make_engine(self.url, pool_size)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._writer = _GroupWriter(self.engine) if self.is_sqlite else None

    @contextmanager
    def read(self, organization_id: str) -> Iterator[Scope]:
        """A read-only transaction: one consistent state for all its statements."""
        with _translated(), self.engine.connect() as connection:
            yield Scope(connection, organization_id)
            connection.rollback()

    def transact(self, organization_id: str, work: Work[T]) -> T:
        """Run ``work(scope)`` in a write transaction and return its result once it is committed (and on disk).

        ``work`` may run more than once, so it must do nothing but use the scope. Whatever it raises undoes it.
        """
        if self._writer is not None:
            return self._writer.submit(organization_id, work)
        return self._transact_alone(organization_id, work)

    def _transact_alone(self, organization_id: str, work: Work[T]) -> T:
        for attempt in range(RETRIES):
            try:
                with _translated(), self.engine.begin() as connection:
                    return work(Scope(connection, organization_id))
            except _Retry as lost:
                if attempt == RETRIES - 1:
                    raise Unavailable("the database was too busy; try again") from lost
        raise AssertionError("unreachable")

    @contextmanager
    def system(self, *, write: bool = False) -> Iterator[sa.Connection]:
        """A connection that is bound to no organization: for identity look-ups, job discovery and migrations only."""
        with _translated(), self.engine.connect() as connection:
            if write:
                connection = connection.execution_options(fiducial_write=True)
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


def _make_engine(url: str, pool_size: int) -> sa.Engine:
    if not url.startswith("sqlite"):
        return sa.create_engine(url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True)
    engine = sa.create_engine(
        url, connect_args={"timeout": 60, "check_same_thread": False}, pool_size=pool_size, max_overflow=64
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
        "cache_size=-65536",
        "mmap_size=268435456",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    write = connection.get_execution_options().get("fiducial_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


class _Retry(Exception):
    """The database asks to run the transaction again."""


@contextmanager
def _translated() -> Iterator[None]:
    """Errors of the driver as errors of the family; the rest is let through."""
    try:
        yield
    except sa.exc.IntegrityError as error:
        raise Conflict(f"the database refused the change: {error.orig}") from error
    except sa.exc.OperationalError as error:
        text = str(error.orig)
        if "full" in text or "No space left" in text:
            raise StorageFull("the disk of the database is full") from error
        if getattr(error.orig, "sqlstate", None) in {"40001", "40P01"}:
            raise _Retry(text) from error
        raise Unavailable(f"the database cannot do it now: {text}") from error


class _GroupWriter:
    """SQLite's one writer: a thread that commits together what waits together."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._waiting: queue.SimpleQueue[tuple[str, Work[Any], Future[Any]] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._closed = False

    def submit(self, organization_id: str, work: Work[T]) -> T:
        if threading.current_thread() is self._thread:
            raise RuntimeError("transact() inside transact(): use the scope at hand")
        future: Future[T] = Future()
        with self._starting:
            if self._closed:
                raise Unavailable("the database is closed")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="fiducial-writer", daemon=True)
                self._thread.start()
            self._waiting.put((organization_id, work, future))
        return future.result()

    def close(self) -> None:
        with self._starting:
            self._closed, thread = True, self._thread
            self._waiting.put(None)
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            group, ended = [first], False
            while len(group) < GROUP_LIMIT:
                try:
                    entry = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if entry is None:
                    ended = True
                    break
                group.append(entry)
            self._commit(group)
            if ended:
                return

    def _commit(self, group: list[tuple[str, Work[Any], Future[Any]]]) -> None:
        done: list[tuple[Future[Any], Any]] = []
        try:
            with _translated(), self._engine.connect() as plain:
                connection = plain.execution_options(fiducial_write=True)
                with connection.begin():
                    for organization_id, work, future in group:
                        self._run_one(connection, organization_id, work, future, done)
        except BaseException as error:  # the commit itself failed: nobody in the group was served
            for _, _, future in group:
                if not future.done():
                    future.set_exception(error)
            return
        for future, result in done:
            future.set_result(result)

    @staticmethod
    def _run_one(
        connection: sa.Connection,
        organization_id: str,
        work: Work[Any],
        future: Future[Any],
        done: list[tuple[Future[Any], Any]],
    ) -> None:
        try:
            with _translated(), connection.begin_nested():
                result = work(Scope(connection, organization_id))
        except StorageFull:
            raise  # the whole transaction is lost, not one part of it
        except Exception as error:  # handed to the caller, who waits for it
            future.set_exception(error)
        else:
            done.append((future, result))
