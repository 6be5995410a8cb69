"""The migrations give exactly the declared schema, on both databases, and can be undone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from fiducial.errors import Conflict, Unavailable
from fiducial_server.db import migrate, tables
from fiducial_server.db.engine import normalize_url, sqlite_url
from tests.conftest import run_sql, with_database

METADATA = tables.organization.metadata


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "empty.db")
        return
    server: str = request.getfixturevalue("postgres")
    run_sql(server, "CREATE DATABASE migration_test")
    yield with_database(server, "migration_test")
    run_sql(server, "DROP DATABASE migration_test WITH (FORCE)")


def described(url: str) -> dict[str, Any]:
    """Everything the database itself says of its tables, but the step it is at."""
    engine = sa.create_engine(normalize_url(url))
    inspector = sa.inspect(engine)
    found = {
        table: {
            "columns": [
                (column["name"], column["type"].compile(engine.dialect), column["nullable"], column["default"])
                for column in inspector.get_columns(table)
            ],
            "primary key": inspector.get_pk_constraint(table),
            "references": sorted(inspector.get_foreign_keys(table), key=str),
            "unique": sorted(inspector.get_unique_constraints(table), key=str),
            "indexes": sorted(inspector.get_indexes(table), key=str),
            "checks": sorted(inspector.get_check_constraints(table), key=str),
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }
    engine.dispose()
    return found


def declare(url: str) -> None:
    """Make the tables from their declaration."""
    engine = sa.create_engine(normalize_url(url))
    METADATA.create_all(engine)
    engine.dispose()


def test_migrations_give_the_declared_schema(url: str) -> None:
    assert migrate.upgrade(url)
    migrated = described(url)
    assert migrate.downgrade(url)
    assert described(url) == {}
    declare(url)
    assert migrated == described(url)
    assert set(migrated) == set(METADATA.tables)


def test_alembic_finds_nothing_left_to_do(url: str) -> None:
    migrate.upgrade(url)
    engine = sa.create_engine(normalize_url(url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_down_and_up_again_is_the_same(url: str) -> None:
    migrate.upgrade(url)
    first = described(url)
    assert migrate.downgrade(url)
    assert migrate.current(url) is None
    assert migrate.upgrade(url)
    assert described(url) == first
    assert migrate.current(url) == migrate.HEAD


def test_a_second_upgrade_has_nothing_to_do(url: str) -> None:
    assert migrate.upgrade(url)
    assert not migrate.upgrade(url)


def test_head_names_the_newest_step() -> None:
    assert ScriptDirectory.from_config(migrate.script_config()).get_heads() == [migrate.HEAD]


def test_a_database_of_a_later_release_is_left_alone(url: str) -> None:
    migrate.upgrade(url)
    before = described(url)
    engine = sa.create_engine(normalize_url(url))
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999_future'"))
    engine.dispose()
    with pytest.raises(Conflict, match="9999_future"):
        migrate.upgrade(url)
    with pytest.raises(Conflict, match="9999_future"):
        migrate.require_current(url)
    assert described(url) == before


def test_a_process_that_must_not_migrate_says_so(url: str) -> None:
    with pytest.raises(Conflict, match=migrate.HEAD):
        migrate.require_current(url)
    assert described(url) == {}
    migrate.upgrade(url)
    migrate.require_current(url)


def test_a_step_that_fails_leaves_the_database_as_it_was(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_connection: sa.Connection) -> None:
        raise Conflict("the power went out")

    monkeypatch.setattr(migrate, "_require_whole", broken)
    with pytest.raises(Conflict):
        migrate.upgrade(url)
    assert described(url) == {}
    assert migrate.current(url) is None


def test_processes_that_start_at_once_migrate_once(url: str) -> None:
    code = "import sys; from fiducial_server.db.migrate import upgrade; print(upgrade(sys.argv[1]))"
    processes = [
        subprocess.Popen([sys.executable, "-c", code, url], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    answers = [process.communicate()[0].strip() for process in processes]
    assert sorted(answers) == ["False", "False", "True"]
    assert set(described(url)) == set(METADATA.tables)


def test_a_database_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="cannot use the database"):
        migrate.current("postgresql://nobody@127.0.0.1:1/none")


def test_a_migration_imports_no_tables() -> None:
    steps = Path(migrate.__file__).parent / "migrations" / "versions"
    for step in steps.glob("*.py"):
        assert "fiducial" not in step.read_text(), step
