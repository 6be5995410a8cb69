"""What most tests of the server stand on: a migrated database with two organizations, and a store.

``FIDUCIAL_TEST_BACKEND`` chooses both for a whole run: ``sqlite`` with local files (the default), ``postgres`` with S3.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fiducial_server.db.engine import Database, sqlite_url
from fiducial_server.model.actor import Actor, Role
from fiducial_server.storage.base import BlobStore
from tests.running import Running, on_a_laptop, on_several_nodes
from tests.servers import S3Server, make_bucket, postgres_folder, postgres_server, s3_server

BACKENDS = ("sqlite", "postgres")


@pytest.fixture(scope="session")
def backend() -> str:
    """``sqlite`` or ``postgres``: what this run is about."""
    chosen = os.environ.get("FIDUCIAL_TEST_BACKEND", "sqlite")
    if chosen not in BACKENDS:
        raise pytest.UsageError(f"FIDUCIAL_TEST_BACKEND must be one of {BACKENDS}, not {chosen!r}")
    return chosen


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a running throw-away cluster's database ``postgres``."""
    if postgres_folder() is None:
        missing = "PostgreSQL is not installed (scripts/postgres installs it)"
        if os.environ.get("FIDUCIAL_TEST_BACKEND") == "postgres":
            pytest.fail(missing)  # a run that is about PostgreSQL must not pass without it
        pytest.skip(missing)  # somebody's quick run on SQLite; `make test` installs it first
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """A running S3 server, its address and keys in this process's environment."""
    with s3_server() as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield server


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the newest schema and no rows; copy it, do not write to it."""
    from fiducial_server.db.migrate import upgrade

    path = tmp_path_factory.mktemp("template") / "fiducial.db"
    upgrade(sqlite_url(path))
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres: str) -> str:
    """Name of a database with the newest schema and no rows, for ``CREATE DATABASE ... TEMPLATE``."""
    from fiducial_server.db.migrate import upgrade

    name = "fiducial_template"
    run_sql(postgres, f"CREATE DATABASE {name}")
    upgrade(with_database(postgres, name))
    return name


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    return url.rpartition("/")[0] + "/" + name


def run_sql(url: str, statement: str) -> None:
    """One statement outside any transaction."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


@pytest.fixture
def new_database_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes URLs of fresh, migrated databases of the chosen kind; they go when the test ends."""
    if backend == "sqlite":
        yield lambda: sqlite_url(_copied(request.getfixturevalue("migrated_sqlite"), tmp_path))
        return
    server: str = request.getfixturevalue("postgres")
    template: str = request.getfixturevalue("migrated_postgres")
    made: list[str] = []

    def make() -> str:
        made.append(f"test_{uuid.uuid4().hex}")
        run_sql(server, f"CREATE DATABASE {made[-1]} TEMPLATE {template}")
        return with_database(server, made[-1])

    yield make
    for name in made:
        run_sql(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _copied(template: Path, folder: Path) -> Path:
    target = folder / f"{uuid.uuid4().hex}.db"
    shutil.copyfile(template, target)
    return target


@pytest.fixture
def database_url(new_database_url: Callable[[], str]) -> str:
    """A fresh, migrated database of the chosen kind, without rows."""
    return new_database_url()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh, migrated database of the chosen kind, without rows."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def actors(database: Database) -> tuple[Actor, Actor]:
    """An administrator of each of two organizations, whose rows are there."""
    return _add_organization(database, "first"), _add_organization(database, "second")


@pytest.fixture
def actor(actors: tuple[Actor, Actor]) -> Actor:
    return actors[0]


@pytest.fixture
def stranger(actors: tuple[Actor, Actor]) -> Actor:
    """The administrator of another organization."""
    return actors[1]


@pytest.fixture
def organizations(actors: tuple[Actor, Actor]) -> tuple[str, str]:
    return actors[0].organization_id, actors[1].organization_id


def _add_organization(database: Database, name: str) -> Actor:
    from fiducial_server.db import tables
    from fiducial_server.model.ids import new_id
    from fiducial_server.model.times import now_us

    organization_id, user_id, email = new_id(), new_id(), f"admin@{name}.example"
    with database.system(write=True) as connection:
        connection.execute(tables.organization.insert(), {"id": organization_id, "name": name, "created_at": now_us()})
    row = {"id": user_id, "email": email, "roles": [Role.ADMIN], "created_at": now_us()}
    database.transact(organization_id, lambda scope: scope.insert(tables.user, [row]))
    return Actor(organization_id, user_id, email, frozenset({Role.ADMIN}))


@pytest.fixture
def store(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlobStore]:
    """An empty store: a local folder, or a bucket of its own on the S3 server when the run is about PostgreSQL."""
    from fiducial_server.storage.registry import open_store

    if backend == "sqlite":
        url = (tmp_path / "storage").as_uri()
    else:
        server: S3Server = request.getfixturevalue("s3")
        bucket = f"test-{uuid.uuid4().hex}"
        make_bucket(server.endpoint, bucket)
        url = f"s3://{bucket}"
    opened = open_store(url, tmp_path / "spool")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def running(
    backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """A real system of the chosen kind: one process on SQLite, or two servers and a worker on PostgreSQL and S3."""
    folder = tmp_path_factory.mktemp("system")
    if backend == "sqlite":
        with on_a_laptop(folder) as system:
            yield system
        return
    server: str = request.getfixturevalue("postgres")
    name = f"system_{uuid.uuid4().hex}"
    run_sql(server, f"CREATE DATABASE {name}")
    with on_several_nodes(folder, with_database(server, name), request.getfixturevalue("s3")) as system:
        yield system
