"""SQLite's one writer: a thread that commits together what waits together, with one wait for the disk.

Each part of a group is in its own savepoint, so one that fails is undone alone.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

import sqlalchemy as sa

from fiducial.errors import FiducialError, Unavailable
from fiducial_server.db.faults import translated
from fiducial_server.db.scope import Scope

T = TypeVar("T")
GROUP_LIMIT = 64

_Entry = tuple[str, Callable[[Scope], Any], "Future[Any]"]


class _GroupLost(Exception):  # noqa: N818 - carries the error
    """SQLite gave up the whole transaction (disk full, input or output error), not only the part that met the error."""


class GroupWriter:
    """Started by the first :meth:`submit`."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._waiting: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._closed = False
        self._connection: sa.Connection | None = None

    def submit(self, organization_id: str, work: Callable[[Scope], T]) -> T:
        """The result of the work, once it is committed."""
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
        """After what was submitted is done."""
        with self._starting:
            self._closed, thread = True, self._thread
            self._waiting.put(None)
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        try:
            while (first := self._waiting.get()) is not None:
                group, ended = self._gather(first)
                self._commit(group)
                if ended:
                    return
        finally:
            if self._connection is not None:
                self._connection.close()

    def _connected(self) -> sa.Connection:
        """The writer's own connection: its page cache stays warm, since nobody else writes."""
        if self._connection is None:
            self._connection = self._engine.connect().execution_options(fiducial_write=True)
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()

    def _gather(self, first: _Entry) -> tuple[list[_Entry], bool]:
        """What waits now, and whether the end was among it."""
        group = [first]
        while len(group) < GROUP_LIMIT:
            try:
                entry = self._waiting.get_nowait()
            except queue.Empty:
                break
            if entry is None:
                return group, True
            group.append(entry)
        return group, False

    def _commit(self, group: list[_Entry]) -> None:
        done: list[tuple[Future[Any], Any]] = []
        try:
            with translated():
                connection = self._connected()
                with connection.begin():
                    if len(group) == 1:
                        done.append((group[0][2], _run_alone(connection, group[0])))
                    else:
                        for entry in group:
                            _run_one(connection, entry, done)
        except BaseException as error:  # the commit itself failed: nobody in the group was served
            if not isinstance(error, FiducialError) or isinstance(error, Unavailable):
                self._disconnect()  # the database's own trouble: begin anew
            cause = error.__cause__ if isinstance(error, _GroupLost) and error.__cause__ else error
            for _, _, future in group:
                if not future.done():
                    future.set_exception(cause)
            return
        for future, result in done:
            future.set_result(result)


def _run_alone(connection: sa.Connection, entry: _Entry) -> Any:
    """The only part of its transaction, which ends with it when it fails."""
    organization_id, work, _ = entry
    return work(Scope(connection, organization_id))


def _run_one(connection: sa.Connection, entry: _Entry, done: list[tuple[Future[Any], Any]]) -> None:
    organization_id, work, future = entry
    savepoint = connection.begin_nested()
    try:
        with translated():
            result = work(Scope(connection, organization_id))
            savepoint.commit()
    except Exception as error:  # handed to the caller, who waits for it
        if not connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
            raise _GroupLost from error
        savepoint.rollback()
        future.set_exception(error)
    else:
        done.append((future, result))
