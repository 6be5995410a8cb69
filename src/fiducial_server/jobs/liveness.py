"""Which workers are alive: each holds a lock under its name, that its operating system or database frees when it dies.

Nothing is written and no clocks are compared. A worker that lost its connection while it went on working may be taken
for dead; then a job runs in two places for a moment, which every job must bear anyway.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

if TYPE_CHECKING:
    import psycopg

NAMES = 1000
"""How many workers may be started under one name."""


class Liveness(Protocol):
    """Names of workers, and who is alive."""

    def hold(self, wanted: str) -> str:
        """Take a name as long as this process lives: the one wanted, or with a number when another worker has it."""
        ...

    def check(self) -> None:
        """Take the name again if it was lost with a connection."""
        ...

    def if_gone(self, name: str) -> AbstractContextManager[bool]:
        """Whether nobody holds this name. While the block of a True runs, nobody else is told so."""
        ...

    def release(self) -> None: ...


def candidates(wanted: str) -> Iterator[str]:
    """``wanted``, ``wanted-2``, ``wanted-3`` ..."""
    yield wanted
    for number in range(2, NAMES + 1):
        yield f"{wanted}-{number}"


class FileLiveness:
    """Locked files in a folder, for workers on one machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: int | None = None

    def hold(self, wanted: str) -> str:
        self._folder.mkdir(parents=True, exist_ok=True)
        for name in candidates(wanted):
            if (handle := self._lock(name)) is not None:
                self._held = handle
                return name
        raise RuntimeError(f"{NAMES} workers are running under the name {wanted}")

    def check(self) -> None:
        """A file's lock is not lost while its process lives."""

    @contextmanager
    def if_gone(self, name: str) -> Iterator[bool]:
        handle = self._lock(name)
        try:
            yield handle is not None
        finally:
            if handle is not None:
                os.close(handle)

    def release(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def _lock(self, name: str) -> int | None:
        handle = os.open(self._folder / f"{quote(name, safe='')}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        return handle


class PostgresLiveness:
    """Advisory locks of a session of its own. The server notices within about 20 s when a worker's machine is gone.

    Needs a direct connection: a pooler that shares sessions between clients (PgBouncer's transaction mode) breaks it.
    """

    _SPACE = 0x0F1D
    _KEEPALIVE = ("tcp_keepalives_idle = 10", "tcp_keepalives_interval = 3", "tcp_keepalives_count = 3")

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection[Any] | None = None
        self._name: str | None = None

    def hold(self, wanted: str) -> str:
        for name in candidates(wanted):
            if self._lock(name):
                self._name = name
                return name
        raise RuntimeError(f"{NAMES} workers are running under the name {wanted}")

    def check(self) -> None:
        import psycopg

        try:
            self._open().execute("SELECT 1")
        except psycopg.Error:
            self._drop()
            self._open()
            if self._name is not None:
                self._lock(self._name)

    @contextmanager
    def if_gone(self, name: str) -> Iterator[bool]:
        gone = self._lock(name)
        try:
            yield gone
        finally:
            if gone:
                self._open().execute("SELECT pg_advisory_unlock(%s, %s)", (self._SPACE, _number(name)))

    def release(self) -> None:
        self._name = None
        if self._connection is not None:
            with contextlib.suppress(Exception):  # the server would free it too, a moment after the connection's end
                self._connection.execute("SELECT pg_advisory_unlock_all()")
        self._drop()

    def _lock(self, name: str) -> bool:
        row = self._open().execute("SELECT pg_try_advisory_lock(%s, %s)", (self._SPACE, _number(name))).fetchone()
        return row is not None and bool(row[0])

    def _open(self) -> psycopg.Connection[Any]:
        if self._connection is None:
            import psycopg

            self._connection = psycopg.connect(
                self._url, autocommit=True, application_name="fiducial-liveness", connect_timeout=10
            )
            for setting in self._KEEPALIVE:
                self._connection.execute(f"SET {setting}".encode())
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(Exception):
                self._connection.close()
            self._connection = None


def _number(name: str) -> int:
    """The name as PostgreSQL's signed 32-bit lock number."""
    return int.from_bytes(zlib.crc32(name.encode()).to_bytes(4, "big"), "big", signed=True)
