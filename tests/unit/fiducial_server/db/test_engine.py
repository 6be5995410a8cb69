"""Transactions on both databases: what is promised of a write, of a read, and of errors."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fiducial.errors import Conflict, Invalid, StorageFull, Unavailable
from fiducial_server.db import tables
from fiducial_server.db.engine import Database, normalize_url
from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.model.actor import Actor
from fiducial_server.model.ids import new_id

THREADS = 8


@pytest.fixture(params=["sqlite", "postgres"])
def backend(request: pytest.FixtureRequest) -> str:
    """These tests run on both in every run."""
    name: str = request.param
    return name


def folder(name: str, **more: Any) -> dict[str, Any]:
    times = {"created_at": 1, "updated_at": 1, "created_by": "x"}
    return {"id": new_id(), "name": name, "user_metadata": {}, **times, **more}


def adding(name: str, **more: Any) -> Callable[[Scope], None]:
    return lambda scope: scope.insert(tables.folder, [folder(name, **more)])


def names(database: Database, actor: Actor) -> list[str]:
    with database.read(actor.organization_id) as scope:
        query = rows_of(tables.folder, tables.folder.c.name).order_by(tables.folder.c.name)
        return list(scope.execute(query).scalars())


def test_what_was_written_is_read_by_its_organization_only(database: Database, actor: Actor, stranger: Actor) -> None:
    database.transact(actor.organization_id, adding("ours"))
    assert names(database, actor) == ["ours"]
    assert names(database, stranger) == []


def test_the_result_is_what_the_work_returns(database: Database, actor: Actor) -> None:
    assert database.transact(actor.organization_id, lambda scope: scope.organization_id) == actor.organization_id


def test_work_that_raises_is_undone_and_the_error_is_the_callers(database: Database, actor: Actor) -> None:
    class OurOwn(Exception):  # noqa: N818
        pass

    def work(scope: Scope) -> None:
        scope.insert(tables.folder, [folder("never")])
        raise OurOwn

    with pytest.raises(OurOwn):
        database.transact(actor.organization_id, work)
    assert names(database, actor) == []


def test_many_threads_none_lost(database: Database, actor: Actor) -> None:
    expected = [f"{number:03}" for number in range(200)]
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda name: database.transact(actor.organization_id, adding(name)), expected))
    assert names(database, actor) == expected


def test_one_failing_work_among_many_is_undone_alone(database: Database, actor: Actor) -> None:
    taken = new_id()
    database.transact(actor.organization_id, adding("taken", id=taken))

    def add(number: int) -> str | None:
        try:
            wanted = {"id": taken} if number % 4 == 0 else {}
            database.transact(actor.organization_id, adding(f"{number:03}", **wanted))
        except Conflict as error:
            return str(error)
        return None

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(add, range(80)))
    assert [number for number, answer in enumerate(answers) if answer] == list(range(0, 80, 4))
    assert names(database, actor) == [f"{n:03}" for n in range(80) if n % 4] + ["taken"]


def test_read_then_write_loses_no_update(database: Database, actor: Actor) -> None:
    """Without a lock of the caller's own: writers of one organization wait for each other."""
    row = folder("counter", description="0")
    database.transact(actor.organization_id, lambda scope: scope.insert(tables.folder, [row]))
    one = tables.folder.c.id == row["id"]

    def count_up(scope: Scope) -> None:
        before = scope.execute(rows_of(tables.folder, tables.folder.c.description).where(one)).scalar_one()
        change = sa.update(tables.folder).where(tables.folder.c.organization_id == ORG, one)
        scope.execute(change.values(description=str(int(before) + 1)))

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda _: database.transact(actor.organization_id, count_up), range(60)))
    with database.read(actor.organization_id) as scope:
        assert scope.execute(rows_of(tables.folder, tables.folder.c.description).where(one)).scalar_one() == "60"


def test_shared_writers_that_lose_a_race_are_run_again(database: Database, actor: Actor) -> None:
    """Two that touch the same rows in opposite order; PostgreSQL breaks the deadlock, SQLite has none."""
    first, second = folder("a"), folder("b")
    database.transact(actor.organization_id, lambda scope: scope.insert(tables.folder, [first, second]))
    both_there = threading.Barrier(2)
    runs: list[str] = []

    def touching(*ids: str) -> Callable[[Scope], None]:
        met: list[bool] = []

        def work(scope: Scope) -> None:
            runs.append(ids[0])
            for number, wanted in enumerate(ids):
                where = (tables.folder.c.organization_id == ORG, tables.folder.c.id == wanted)
                scope.execute(sa.update(tables.folder).where(*where).values(updated_at=tables.folder.c.updated_at + 1))
                if number == 0 and not met and not database.is_sqlite:
                    met.append(True)
                    both_there.wait()

        return work

    ids = (first["id"], second["id"])
    with ThreadPoolExecutor(2) as pool:
        jobs = [touching(*ids), touching(*reversed(ids))]
        list(pool.map(lambda work: database.transact(actor.organization_id, work, shared=True), jobs))
    with database.read(actor.organization_id) as scope:
        assert set(scope.execute(rows_of(tables.folder, tables.folder.c.updated_at)).scalars()) == {3}
    assert len(runs) == (2 if database.is_sqlite else 3)


def test_transact_inside_transact_is_refused(database: Database, actor: Actor) -> None:
    def work(_scope: Scope) -> None:
        database.transact(actor.organization_id, adding("inner"))

    with pytest.raises(RuntimeError, match="inside"):
        database.transact(actor.organization_id, work)
    database.transact(actor.organization_id, adding("after"))
    assert names(database, actor) == ["after"]


def test_a_reader_sees_one_state(database: Database, actor: Actor) -> None:
    database.transact(actor.organization_id, adding("before"))
    with database.read(actor.organization_id) as scope:
        query = rows_of(tables.folder, tables.folder.c.name)
        assert scope.execute(query).scalars().all() == ["before"]
        database.transact(actor.organization_id, adding("meanwhile"))
        assert scope.execute(query).scalars().all() == ["before"]
    assert names(database, actor) == ["before", "meanwhile"]


def test_a_reader_cannot_write(database: Database, actor: Actor) -> None:
    with database.read(actor.organization_id) as scope, pytest.raises(RuntimeError, match="only reads"):
        scope.insert(tables.folder, [folder("never")])


def test_a_savepoint_is_undone_alone(database: Database, actor: Actor) -> None:
    def work(scope: Scope) -> None:
        scope.insert(tables.folder, [folder("kept")])
        with pytest.raises(ZeroDivisionError), scope.savepoint():
            _fail_after(scope)
        scope.insert(tables.folder, [folder("kept too")])

    def _fail_after(scope: Scope) -> None:
        scope.insert(tables.folder, [folder("undone")])
        raise ZeroDivisionError

    database.transact(actor.organization_id, work)
    assert names(database, actor) == ["kept", "kept too"]


# --- errors ---


def test_a_reference_into_another_organization_is_refused_by_the_database(
    database: Database, actor: Actor, stranger: Actor
) -> None:
    theirs = new_id()
    database.transact(stranger.organization_id, adding("theirs", id=theirs))
    with pytest.raises(Conflict):
        database.transact(actor.organization_id, adding("ours", parent_id=theirs))


def test_the_same_id_in_two_organizations_is_no_conflict(database: Database, actor: Actor, stranger: Actor) -> None:
    same = new_id()
    database.transact(stranger.organization_id, adding("theirs", id=same))
    database.transact(actor.organization_id, adding("ours", id=same))
    assert names(database, actor) == ["ours"]


def test_not_a_number_in_json_is_refused(database: Database, actor: Actor) -> None:
    with pytest.raises(Invalid, match="JSON"):
        database.transact(actor.organization_id, adding("x", user_metadata={"spacing": float("nan")}))


def test_a_defect_of_ours_is_not_dressed_up(database: Database) -> None:
    with database.system() as connection, pytest.raises(sa.exc.DBAPIError):
        connection.execute(sa.text("SELECT fullness FROM item"))


@pytest.mark.parametrize("backend", ["postgres"], indirect=True)
def test_a_text_that_is_too_long_is_refused(database: Database, actor: Actor) -> None:
    with pytest.raises(Invalid, match="too long"):
        database.transact(actor.organization_id, adding("x" * 300))


def test_a_database_that_is_not_there_is_unavailable() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(Unavailable), database.read("x"):
        pass
    with pytest.raises(Unavailable):
        database.transact("x", lambda scope: None)
    database.close()


def test_urls_of_postgresql_name_the_driver() -> None:
    for url in ("postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg://u@h/d"):
        assert normalize_url(url) == "postgresql+psycopg://u@h/d"


# --- SQLite's one writer ---

only_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@only_sqlite
def test_what_waits_together_is_committed_together(database: Database, actor: Actor) -> None:
    commits: list[object] = []
    sa.event.listen(database.engine, "commit", commits.append)
    in_work, go_on = threading.Event(), threading.Event()

    def slow(scope: Scope) -> None:
        in_work.set()
        go_on.wait()
        adding("first")(scope)

    with ThreadPoolExecutor(30) as pool:
        waiting = [pool.submit(database.transact, actor.organization_id, slow)]
        in_work.wait()
        assert database._writer is not None
        waiting += [pool.submit(database.transact, actor.organization_id, adding(str(n))) for n in range(20)]
        while database._writer._waiting.qsize() < 20:
            pass
        go_on.set()
        for future in waiting:
            future.result()
    assert len(commits) == 2
    assert len(names(database, actor)) == 21


@only_sqlite
def test_a_full_disk_is_said_so_and_nothing_is_half_written(database: Database, actor: Actor) -> None:
    with database.system() as connection:
        pages: int = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    # The writer keeps its connection, so the limit is set from inside: no statement of a scope could say this.
    limit = f"PRAGMA max_page_count = {pages + 40}"
    database.transact(actor.organization_id, lambda scope: scope._connection.exec_driver_sql(limit).close())
    written: list[str] = []

    def fill() -> None:
        for number in range(100):
            database.transact(actor.organization_id, adding(f"{number:03}", description="x" * 10_000))
            written.append(f"{number:03}")

    with pytest.raises(StorageFull):
        fill()
    assert 0 < len(written) < 40
    assert names(database, actor) == written
    with ThreadPoolExecutor(THREADS) as pool:
        ends = list(pool.map(lambda name: _end(database, actor, name), [f"later {n}" for n in range(40)]))
    assert names(database, actor) == sorted(written + [f"later {n}" for n, end in enumerate(ends) if end is None])
    assert {type(end) for end in ends} <= {type(None), StorageFull}


def _end(database: Database, actor: Actor, name: str) -> Exception | None:
    size = 50_000 if name.endswith("5") else 1
    try:
        database.transact(actor.organization_id, adding(name, description="x" * size))
    except StorageFull as error:
        return error
    return None


@only_sqlite
def test_a_transaction_that_sqlite_gave_up_fails_every_part(database: Database, actor: Actor) -> None:
    """As after an input or output error: the parts that seemed done are told so, too, and the next group is unharmed."""
    in_work, go_on = threading.Event(), threading.Event()

    def hold(_scope: Scope) -> None:
        in_work.set()
        go_on.wait()

    def give_up(scope: Scope) -> None:
        scope._connection.connection.dbapi_connection.execute("ROLLBACK")  # type: ignore[union-attr]
        raise Unavailable("disk I/O error")

    with ThreadPoolExecutor(4) as pool:
        held = pool.submit(database.transact, actor.organization_id, hold)
        in_work.wait()
        group = []
        for number, work in enumerate((adding("first"), give_up, adding("last")), start=1):
            group.append(pool.submit(database.transact, actor.organization_id, work))
            assert database._writer is not None
            while database._writer._waiting.qsize() < number:
                pass
        go_on.set()
        held.result()
        for future in group:
            with pytest.raises(Unavailable, match="disk I/O"):
                future.result()
    assert names(database, actor) == []
    database.transact(actor.organization_id, adding("next"))
    assert names(database, actor) == ["next"]


@only_sqlite
def test_after_close_nothing_is_accepted(database: Database, actor: Actor) -> None:
    database.transact(actor.organization_id, adding("last"))
    database.close()
    database.close()
    with pytest.raises(Unavailable, match="closed"):
        database.transact(actor.organization_id, adding("late"))


@only_sqlite
def test_commits_wait_for_the_disk(database: Database) -> None:
    with database.system() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


@only_sqlite
def test_two_processes_may_write_one_file(database: Database, database_url: str, actor: Actor, tmp_path: Path) -> None:
    neighbour = Database(database_url)
    with ThreadPoolExecutor(THREADS) as pool:
        list(
            pool.map(
                lambda n: (database if n % 2 else neighbour).transact(actor.organization_id, adding(f"{n:03}")),
                range(60),
            )
        )
    neighbour.close()
    assert len(names(database, actor)) == 60
