"""The durable runner through crashes, restarts and failures. What every runner does is in ``tests/contract``."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from fiducial.errors import Unavailable
from fiducial_server.db.engine import sqlite_url
from fiducial_server.jobs.base import JobRef
from fiducial_server.jobs.dbos_runner import DbosRunner, Pace
from fiducial_server.jobs.engine import jobs_database, plain_url
from fiducial_server.model.ids import new_id
from fiducial_server.testing.memory_ledger import MemoryLedger
from tests.conftest import run_sql, with_database
from tests.unit.fiducial_server.jobs.worker import units_done

QUICK = Pace(sweep_s=0.05, quiet_s=0.01, longest_wait_s=0.1, take_over_s=0.1, retry_s=0.05)

Worker = subprocess.Popen[str]
StartWorker = Callable[..., Worker]


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "fiducial.db")
    server: str = request.getfixturevalue("postgres")
    name = f"jobs_{new_id().replace('-', '')}"
    run_sql(server, f"CREATE DATABASE {name}")
    return with_database(server, name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "ledger"
    made.mkdir()
    return made


@pytest.fixture
def start_worker(url: str, folder: Path) -> Iterator[StartWorker]:
    started: list[Worker] = []

    def start(executor: str, *more: str) -> Worker:
        command = [sys.executable, "-m", "tests.unit.fiducial_server.jobs.worker", url, str(folder), executor, *more]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


def said(worker: Worker) -> str:
    """The next line of the worker; waits for it."""
    assert worker.stdout is not None
    return worker.stdout.readline().strip()


def commit(folder: Path, units: int) -> str:
    job = new_id()
    (folder / job).write_text(str(units))
    return job


def kill_at(start_worker: StartWorker, executor: str, unit: int, job: str) -> None:
    worker = start_worker(executor, str(unit))
    assert said(worker) == f"holding {job}"
    worker.kill()
    worker.wait()


def test_a_killed_worker_goes_on_where_it_was(folder: Path, start_worker: StartWorker) -> None:
    job = commit(folder, units=9)
    kill_at(start_worker, "node", 5, job)
    assert said(start_worker("node")) == f"finished {job}"
    assert [unit for _, unit in units_done(folder, job)] == list(range(9))


def test_another_worker_takes_over(folder: Path, start_worker: StartWorker) -> None:
    job = commit(folder, units=9)
    kill_at(start_worker, "first", 5, job)
    assert said(start_worker("second")) == f"finished {job}"
    done = units_done(folder, job)
    assert [unit for _, unit in done] == list(range(9))
    assert {worker for worker, unit in done if unit < 5} == {"first"}
    assert {worker for worker, unit in done if unit >= 5} == {"second"}


def test_a_living_worker_is_left_alone(folder: Path, start_worker: StartWorker) -> None:
    held = commit(folder, units=3)
    first = start_worker("same-name", "1")
    assert said(first) == f"holding {held}"
    second = start_worker("same-name")
    other = commit(folder, units=1)
    assert said(second) == f"finished {other}"
    assert first.poll() is None
    assert [unit for _, unit in units_done(folder, held)] == [0]
    first.kill()
    assert said(second) == f"finished {held}"


def test_a_worker_stops_when_told(folder: Path, start_worker: StartWorker) -> None:
    job = commit(folder, units=2)
    worker = start_worker("node")
    assert said(worker) == f"finished {job}"
    assert worker.stdin is not None
    worker.stdin.close()
    assert said(worker) == "stopped -"
    assert worker.wait() == 0


def test_a_stopped_runner_leaves_the_rest_for_the_next(url: str) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def hold(_ref: JobRef, unit: int) -> None:
        if unit == 3:
            reached.set()
            go_on.wait()

    ledger = MemoryLedger(before=hold)
    ref = ledger.commit(new_id(), units=8)
    first = DbosRunner(ledger, database_url=url, executor_id="here", pace=QUICK)
    first.start()
    assert reached.wait(30)
    stopping = threading.Thread(target=first.stop)
    stopping.start()
    with first._state:
        assert first._state.wait_for(lambda: first._stopping, 30)
    go_on.set()
    stopping.join()
    assert ledger.jobs[ref].done == [0, 1, 2, 3]
    assert not ledger.jobs[ref].finished
    second = DbosRunner(ledger, database_url=url, executor_id="here", pace=QUICK)
    second.start()
    assert ledger.wait(ref)
    second.stop()
    assert ledger.jobs[ref].done == list(range(8))


def test_a_run_that_breaks_off_is_started_again(url: str) -> None:
    broken = [True, True]

    def fail_twice(_ref: JobRef, unit: int) -> None:
        if unit == 2 and broken:
            broken.pop()
            raise Unavailable("the database went away")

    ledger = MemoryLedger(before=fail_twice)
    ref = ledger.commit(new_id(), units=4)
    runner = DbosRunner(ledger, database_url=url, executor_id="here", pace=QUICK)
    runner.start()
    assert ledger.wait(ref)
    runner.stop()
    assert ledger.jobs[ref].done == [0, 1, 2, 3]


def test_a_job_that_the_engine_thinks_done_but_the_ledger_not_is_run_again(url: str) -> None:
    ledger = MemoryLedger()
    ref = ledger.commit(new_id(), units=1)
    runner = DbosRunner(ledger, database_url=url, executor_id="here", pace=QUICK)
    runner.start()
    assert ledger.wait(ref)
    with ledger._changed:
        ledger.jobs[ref].finished = 0
    assert ledger.wait(ref)
    runner.stop()


def test_what_the_engine_recorded_of_finished_jobs_does_not_pile_up(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "fiducial.db")
    ledger = MemoryLedger()
    pace = Pace(sweep_s=0.05, quiet_s=0.01, keep_done_s=0.0)
    runner = DbosRunner(ledger, database_url=url, executor_id="here", pace=pace)
    runner.start()
    first = ledger.commit(new_id(), units=1)
    assert ledger.wait(first)
    for _ in range(100):  # each is carried by a sweep that looks first for what may be forgotten
        assert ledger.wait(ledger.commit(new_id(), units=1))
        if first.job_id not in recorded_jobs(url):
            break
    else:
        pytest.fail("the first job is still on record")
    runner.stop()


def recorded_jobs(url: str) -> set[str]:
    engine = sa.create_engine(jobs_database(url))
    with engine.connect() as connection:
        found = set(connection.execute(sa.text("SELECT workflow_uuid FROM workflow_status")).scalars())
    engine.dispose()
    return found


def test_a_runner_that_does_not_run_here_does_nothing(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    ref = ledger.commit(new_id(), units=1)
    runner = DbosRunner(ledger, database_url=sqlite_url(tmp_path / "x.db"), executor_id="web", run_here=False)
    runner.start()
    runner.wake(ref)
    runner.stop()
    assert not ledger.jobs[ref].done
    assert list(tmp_path.iterdir()) == []


def test_the_engine_keeps_its_rows_out_of_the_servers_sqlite_file() -> None:
    assert jobs_database("sqlite:////data/fiducial.db") == "sqlite:////data/fiducial-jobs.db"


def test_plain_urls() -> None:
    for scheme in ("postgresql+psycopg", "postgres", "postgresql"):
        assert plain_url(f"{scheme}://user:p%40ss@host:1/db") == "postgresql://user:p%40ss@host:1/db"
    assert plain_url("sqlite:///x.db") == "sqlite:///x.db"
