"""DBOS as the runner uses it: one durable workflow per job, under the job's id, on the server's own database.

DBOS keeps where each job has got to; the truth about the work is the ledger's. So what DBOS wrote may be lost or thrown
away at any time, and a job that is unfinished in the ledger is simply started again.

With SQLite, DBOS has a file of its own beside the server's (``<name>-jobs.db``): its many small commits would otherwise
wait for, and hold up, the one writer of the server's database. That file is not synced at each commit (WAL mode with
``synchronous=NORMAL``): a power cut can cost it the last moments, never its consistency.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa

if TYPE_CHECKING:
    from dbos import DBOSConfig

    from fiducial_server.jobs.base import JobRef

APPLICATION = "fiducial"
VERSION = "1"
"""Pinned: a new release carries on the jobs of the old one. Changed only when the workflow's steps change."""
WORKFLOW = "fiducial.job"
DEAD_ENDS = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
"""Statuses of a workflow that will not go on by itself."""

Carry = Callable[[str, str, Callable[[str, Callable[[], Any]], Any]], None]
"""``carry(organization_id, job_id, step)``: the body of a workflow; ``step(name, work)`` runs and records one step."""


class Stopped(BaseException):
    """Unwinds a workflow without ending it. Not an Exception, which DBOS would record as the workflow's outcome."""


@dataclass(frozen=True, slots=True)
class Run:
    """One workflow: a job's way through the steps."""

    job_id: str
    status: str
    executor_id: str
    updated_at_ms: int

    @property
    def has_ended(self) -> bool:
        """It will not go on by itself (or only on a release with other steps)."""
        return self.status in DEAD_ENDS


class _Process:
    """DBOS is one per process, and its workflows are functions that it finds by name: this is what they call."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.carry: Carry | None = None
        self.workflow: Callable[[str, str], None] | None = None


_process = _Process()


class DurableEngine:
    """``threads`` workflows run at a time. Made by :class:`~fiducial_server.jobs.dbos_runner.DbosRunner` only."""

    def __init__(self, database_url: str, executor_id: str, carry: Carry, *, threads: int) -> None:
        self.executor_id = executor_id
        self._own_engine: sa.Engine | None = None
        self._launch(database_url, carry, threads)

    def _launch(self, database_url: str, carry: Carry, threads: int) -> None:
        from dbos import DBOS

        with _process.lock:
            if _process.carry is not None:
                raise RuntimeError("this process has a job runner already")
            _process.carry = carry
        try:
            quiet = logging.getLogger("dbos")
            quiet.setLevel(logging.WARNING)
            DBOS(config=self._config(database_url, threads))
            if _process.workflow is None:
                _process.workflow = DBOS.workflow(name=WORKFLOW)(_workflow)
            DBOS.launch()
        except BaseException:
            self.close()
            raise

    def _config(self, database_url: str, threads: int) -> DBOSConfig:
        config: dict[str, Any] = {
            "name": APPLICATION,
            "application_version": VERSION,
            "executor_id": self.executor_id,
            "serializer": _json_serializer(),
            "log_level": "WARNING",
            "enable_otlp": False,
            "use_listen_notify": False,
            "notification_listener_polling_interval_sec": 0.1,
            "max_executor_threads": threads + 1,  # one for DBOS's own recovery at launch
        }
        if database_url.startswith("sqlite"):
            url = jobs_database(database_url)
            self._own_engine = _sqlite_engine(url)
            config |= {"system_database_url": url, "system_database_engine": self._own_engine}
        else:
            config |= {"system_database_url": plain_url(database_url), "sys_db_pool_size": threads + 4}
        return cast("DBOSConfig", config)

    def start(self, ref: JobRef) -> None:
        """Start the job's workflow; nothing happens when it has one, here or elsewhere."""
        from dbos import DBOS, SetWorkflowID

        assert _process.workflow is not None
        with SetWorkflowID(ref.job_id):
            DBOS.start_workflow(_process.workflow, ref.organization_id, ref.job_id)

    def runs(self, job_ids: Sequence[str]) -> dict[str, Run]:
        """The workflows of these jobs."""
        from dbos import DBOS

        found = DBOS.list_workflows(workflow_ids=list(job_ids), load_input=False, load_output=False)
        return {status.workflow_id: _run(status) for status in found}

    def running_elsewhere(self) -> list[Run]:
        """Workflows that other workers are said to be running."""
        from dbos import DBOS

        found = DBOS.list_workflows(
            status="PENDING", name=WORKFLOW, app_version=VERSION, load_input=False, load_output=False
        )
        return [_run(status) for status in found if status.executor_id != self.executor_id]

    def resume(self, job_ids: Collection[str]) -> None:
        """Let any living worker go on with these, from their last recorded step."""
        from dbos import DBOS

        DBOS.resume_workflows(list(job_ids))

    def forget(self, job_ids: Collection[str]) -> None:
        """Throw away what is recorded of these, so that they can be started from their first step."""
        from dbos import DBOS

        DBOS.delete_workflows(list(job_ids))

    def forget_done(self, older_than_s: float, limit: int) -> int:
        """Throw away what is recorded of jobs that ended well; how many."""
        from datetime import UTC, datetime, timedelta

        from dbos import DBOS

        before = (datetime.now(UTC) - timedelta(seconds=older_than_s)).isoformat()
        done = DBOS.list_workflows(
            status="SUCCESS", name=WORKFLOW, completed_before=before, limit=limit, load_input=False, load_output=False
        )
        if done:
            self.forget([status.workflow_id for status in done])
        return len(done)

    def close(self) -> None:
        """End DBOS's threads and connections. What was running stays to be resumed."""
        from dbos import DBOS

        try:
            DBOS.destroy()
        finally:
            if self._own_engine is not None:
                self._own_engine.dispose()
            with _process.lock:
                _process.carry = None


def now_ms() -> int:
    """The clock that DBOS's ``updated_at`` is compared with."""
    return time.time_ns() // 1_000_000


def plain_url(database_url: str) -> str:
    """A PostgreSQL URL as psycopg and DBOS take it: without the name of SQLAlchemy's driver."""
    scheme, separator, rest = database_url.partition("://")
    return f"postgresql{separator}{rest}" if scheme.startswith("postgres") else database_url


def jobs_database(database_url: str) -> str:
    """URL of DBOS's file beside the server's SQLite file."""
    path = Path(str(sa.make_url(database_url).database))
    return f"sqlite:///{path.with_name(path.stem + '-jobs.db')}"


def workers_folder(database_url: str) -> Path:
    """Where workers on one SQLite file hold their names."""
    path = Path(str(sa.make_url(database_url).database))
    return path.with_name(path.stem + "-workers")


def _workflow(organization_id: str, job_id: str) -> None:
    from dbos import DBOS

    if _process.carry is None:
        raise Stopped
    _process.carry(organization_id, job_id, lambda name, work: DBOS.run_step({"name": name}, work))


def _run(status: Any) -> Run:
    """A workflow of another version of the steps counts as ended: nobody here would ever take it up."""
    state = status.status if status.app_version == VERSION else "CANCELLED"
    return Run(status.workflow_id, state, status.executor_id or "", status.updated_at or 0)


def _sqlite_engine(url: str) -> sa.Engine:
    """As DBOS makes its own, with write-ahead logging and without waiting for the disk."""
    engine = sa.create_engine(url, connect_args={"timeout": 30, "check_same_thread": False}, pool_size=8)

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = "IMMEDIATE"
        for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _json_serializer() -> Any:
    from dbos import Serializer

    class JsonSerializer(Serializer):
        """Readable, and never able to run code: what pickle, DBOS's default, is not."""

        def serialize(self, data: Any) -> str:
            return json.dumps(data, default=_error_text)

        def deserialize(self, serialized_data: str) -> Any:
            data = json.loads(serialized_data)
            return RuntimeError(data["error"]) if isinstance(data, dict) and set(data) == {"error"} else data

        def name(self) -> str:
            return "json"

    return JsonSerializer()


def _error_text(value: Any) -> Any:
    if isinstance(value, BaseException):
        return {"error": f"{type(value).__name__}: {value}"}
    raise TypeError(f"{type(value).__name__} is not JSON")
