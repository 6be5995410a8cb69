"""The durable runner: every committed job is carried to its end, on some worker, after any crash.

One thread sweeps: it asks the ledger for unfinished jobs, starts those that nobody runs, and takes over those of
workers that are gone. :meth:`DbosRunner.wake` only makes the next sweep come sooner, so a lost wake-up costs time and
nothing else.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fiducial_server.jobs.base import JobLedger, JobRef
from fiducial_server.jobs.engine import DurableEngine, Run, Stopped, now_ms, plain_url, workers_folder
from fiducial_server.jobs.liveness import FileLiveness, Liveness, PostgresLiveness

LOOK = 16
"""Jobs whose runs are looked up at a time: most often the first few can be started."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often and how much; seconds."""

    sweep_s: float = 1.0
    """Between sweeps when nothing woke the runner."""
    quiet_s: float = 0.3
    """After a wake-up, wait until none came for so long: a burst of uploads is received first, followed up then."""
    longest_wait_s: float = 20.0
    """... but no longer than this."""
    take_over_s: float = 5.0
    """Between looks for workers that are gone."""
    retry_s: float = 10.0
    """Before a job whose run broke off (not: whose units failed) is started again."""
    keep_done_s: float = 600.0
    """How long the engine's record of a finished job is kept."""
    page: int = 500
    """Unfinished jobs looked at in one sweep."""
    stop_s: float = 20.0
    """How long :meth:`DbosRunner.stop` waits for the batches in work."""


class DbosRunner:
    """``executor_id`` names this worker; a number is added when another living worker has the name.

    ``run_here=False`` makes a runner that does nothing: the jobs are found by the sweeps of the workers elsewhere.
    ``threads`` jobs run at a time. One runner per process.
    """

    def __init__(
        self,
        ledger: JobLedger,
        *,
        database_url: str,
        executor_id: str,
        run_here: bool = True,
        threads: int = 2,
        pace: Pace | None = None,
    ) -> None:
        self._ledger = ledger
        self._database_url = database_url
        self._wanted_id = executor_id
        self._run_here = run_here
        self._threads = threads
        self._pace = pace or Pace()
        self._state = threading.Condition()
        self._woken = False
        self._freed = False
        self._last_wake = self._burst_began = float("-inf")
        self._stopping = False
        self._active: set[str] = set()
        self._submitted: set[str] = set()
        self._sweeper: threading.Thread | None = None

    def start(self) -> None:
        """Returns at once; the engine comes up in the background."""
        if self._run_here and self._sweeper is None:
            self._sweeper = threading.Thread(target=self._run, name="fiducial-jobs", daemon=True)
            self._sweeper.start()

    def wake(self, ref: JobRef) -> None:
        now = time.monotonic()
        with self._state:
            if now - self._last_wake > self._pace.quiet_s:
                self._burst_began = now
            self._woken, self._last_wake = True, now
            self._state.notify_all()

    def stop(self) -> None:
        """Let the batches in work end, leave the rest for later, and end every thread. Harmless when called twice."""
        with self._state:
            self._stopping = True
            self._state.notify_all()
        if self._sweeper is not None:
            self._sweeper.join()
            self._sweeper = None

    # --- the sweeping thread ---

    def _run(self) -> None:
        self._wait_for_work()  # coming up takes a second of the processor: not while the first uploads arrive
        while not self._stopping:
            try:
                self._work()
            except Exception:
                _log.exception("the job runner broke off; it starts again in %s s", self._pace.retry_s)
                self._sleep(self._pace.retry_s)

    def _work(self) -> None:
        liveness = _liveness(self._database_url)
        engine: DurableEngine | None = None
        try:
            executor_id = liveness.hold(self._wanted_id)
            engine = DurableEngine(self._database_url, executor_id, self._carry, threads=self._threads)
            self._sweep_until_stopped(engine, liveness)
        finally:
            self._let_batches_end()
            if engine is not None:
                engine.close()
            self._submitted.clear()
            liveness.release()

    def _sweep_until_stopped(self, engine: DurableEngine, liveness: Liveness) -> None:
        rounds = _Rounds()
        while not self._stopping:
            liveness.check()
            if rounds.due("take over", self._pace.take_over_s):
                _take_over(engine, liveness)
            if rounds.due("forget", self._pace.keep_done_s / 10):
                engine.forget_done(self._pace.keep_done_s, self._pace.page)
            self._start_unfinished(engine)
            self._wait_for_work()

    def _start_unfinished(self, engine: DurableEngine) -> None:
        """Start jobs that nobody runs, no more than there are threads: another worker may be free for the rest."""
        free = self._threads - len(self._submitted | self._active)
        if free <= 0:
            return
        waiting = [ref for ref in self._ledger.unfinished(self._pace.page) if ref.job_id not in self._submitted]
        for start in range(0, len(waiting), LOOK):
            refs = waiting[start : start + LOOK]
            runs = engine.runs([ref.job_id for ref in refs])
            for ref in refs:
                if self._stopping or free == 0:
                    return
                if self._may_start(runs.get(ref.job_id), engine):
                    free -= 1
                    self._submit(ref, engine)

    def _submit(self, ref: JobRef, engine: DurableEngine) -> None:
        with self._state:
            self._submitted.add(ref.job_id)
        engine.start(ref)

    def _may_start(self, run: Run | None, engine: DurableEngine) -> bool:
        """False while a run is under way somewhere, and for a while after one broke off."""
        if run is None:
            return True
        if not run.has_ended or now_ms() - run.updated_at_ms < self._pace.retry_s * 1000:
            return False
        engine.forget([run.job_id])
        return True

    def _wait_for_work(self) -> None:
        """Until the next sweep is due, or something woke the runner; and then until the burst of wake-ups is over.

        What people wait for in a burst are their uploads: follow-up work would take the processor from them. It begins when
        no job was committed for a moment, and in a burst that does not end, after a while all the same.
        """
        with self._state:
            if not (self._woken or self._freed):
                self._state.wait_for(lambda: self._woken or self._freed or self._stopping, self._pace.sweep_s)
            while not self._stopping:
                until = min(self._last_wake + self._pace.quiet_s, self._burst_began + self._pace.longest_wait_s)
                if (left := until - time.monotonic()) <= 0:
                    break
                self._state.wait(left)
            self._woken = self._freed = False

    def _sleep(self, seconds: float) -> None:
        with self._state:
            self._state.wait_for(lambda: self._stopping, seconds)

    def _let_batches_end(self) -> None:
        with self._state:
            if not self._state.wait_for(lambda: not self._active, self._pace.stop_s):
                _log.warning("%d jobs did not come to a stop within %s s", len(self._active), self._pace.stop_s)

    # --- the workflow's thread ---

    def _carry(self, organization_id: str, job_id: str, step: Callable[[str, Callable[[], Any]], Any]) -> None:
        ref = JobRef(organization_id, job_id)
        with self._running(job_id):
            while step("run_some", lambda: self._ledger.run_some(ref)):
                self._leave_if_stopping()
            self._leave_if_stopping()
            step("finish", lambda: self._ledger.finish(ref))

    @contextlib.contextmanager
    def _running(self, job_id: str) -> Iterator[None]:
        with self._state:
            if self._stopping:
                raise Stopped
            self._active.add(job_id)
        try:
            yield
        except Exception:
            _log.exception("job %s broke off", job_id)
            raise
        finally:
            with self._state:
                self._active.discard(job_id)
                self._submitted.discard(job_id)
                self._freed = True
                self._state.notify_all()

    def _leave_if_stopping(self) -> None:
        if self._stopping:
            raise Stopped


class _Rounds:
    """Which of the slower duties are due."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def due(self, duty: str, every_s: float) -> bool:
        """True at the first question, and again when ``every_s`` went by since the last True."""
        now = time.monotonic()
        if now - self._last.get(duty, -every_s) < every_s:
            return False
        self._last[duty] = now
        return True


def _take_over(engine: DurableEngine, liveness: Liveness) -> None:
    """Let the living go on with what dead workers were running."""
    elsewhere = engine.running_elsewhere()
    for name in sorted({run.executor_id for run in elsewhere}):
        with liveness.if_gone(name) as gone:
            if gone:
                jobs = [run.job_id for run in elsewhere if run.executor_id == name]
                _log.warning("worker %s is gone; taking over its %d jobs", name, len(jobs))
                engine.resume(jobs)


def _liveness(database_url: str) -> Liveness:
    if database_url.startswith("sqlite"):
        return FileLiveness(workers_folder(database_url))
    return PostgresLiveness(plain_url(database_url))
