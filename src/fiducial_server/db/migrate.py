"""Bring a database to the schema of this release.

All steps run in one transaction under one lock, so a start that is cut off leaves the database as it was, and of
several processes that start at once one migrates while the others wait and then find nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fiducial.errors import Conflict, Unavailable
from fiducial_server.db.engine import normalize_url

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0002_review"
"""The newest step; named here so that a start with nothing to do need not load Alembic."""

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x0F1D_0C1A
"""Number of PostgreSQL's advisory lock; any that nobody else uses."""


def upgrade(url: str) -> bool:
    """Migrate to :data:`HEAD`; True if there was anything to do. A database of a later release raises Conflict."""
    if current(url) == HEAD:
        return False

    def step(config: Config) -> None:
        from alembic import command

        command.upgrade(config, HEAD)

    return _run(url, step)


def downgrade(url: str, revision: str = "base") -> bool:
    """Undo steps down to ``revision``; what only the later steps can hold is lost. True if there was anything to do."""

    def step(config: Config) -> None:
        from alembic import command

        command.downgrade(config, revision)

    return _run(url, step)


def current(url: str) -> str | None:
    """The step the database is at; None when it is empty."""
    with _engine(url) as engine, _reachable(), engine.connect() as connection:
        return _revision(connection)


def require_current(url: str) -> None:
    """Raise Conflict unless the database has the schema of this release; for processes that must not migrate."""
    if (found := current(url)) != HEAD:
        raise Conflict(
            f"the database is at schema {found or 'none'}, this release needs {HEAD}: start its server first"
        )


def _run(url: str, step: Callable[[Config], None]) -> bool:
    with _engine(url) as engine, _reachable(), _locked(engine) as connection:
        config = script_config()
        config.attributes["connection"] = connection
        before = _revision(connection)
        _require_known(config, before)
        step(config)
        _require_whole(connection)
        return _revision(connection) != before


def script_config() -> Config:
    """Alembic's settings: where the steps are."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "v%%(rev)s")
    return config


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found


def _require_known(config: Config, revision: str | None) -> None:
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise Conflict(f"the database has schema {revision}, which this release does not know: a later one made it")


def _require_whole(connection: sa.Connection) -> None:
    """SQLite's foreign keys were off meanwhile; nothing may point nowhere now."""
    if connection.dialect.name != "sqlite":
        return
    if lost := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise Conflict(f"the migration would leave rows of table {lost[0]} that point to nothing; nothing was changed")


@contextmanager
def _engine(url: str) -> Iterator[sa.Engine]:
    """An engine for this one errand. SQLite's foreign keys are off: a step may copy a table to change it."""
    engine = sa.create_engine(normalize_url(url), poolclass=sa.NullPool)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    try:
        yield engine
    finally:
        engine.dispose()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # BEGIN is ours, so that changes of the schema are inside the transaction
    connection.execute("PRAGMA busy_timeout=60000")
    connection.execute("PRAGMA foreign_keys=OFF")


def _begin_sqlite(connection: sa.Connection) -> None:
    write = connection.get_execution_options().get("fiducial_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextmanager
def _locked(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that no other migration runs beside."""
    with engine.connect() as plain:
        connection = plain.execution_options(fiducial_write=True)
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
            yield connection


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except sa.exc.OperationalError as error:
        raise Unavailable(f"cannot use the database: {str(error.orig).strip()}") from error
