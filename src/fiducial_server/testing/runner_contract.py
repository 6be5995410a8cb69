"""What every job runner must do. A runner's test subclasses :class:`JobRunnerTests` and gives the one hook."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from fiducial_server.jobs.base import JobRef
from fiducial_server.model.ids import new_id
from fiducial_server.testing.memory_ledger import MemoryLedger


class JobRunnerTests:
    """``make_runner(ledger)`` gives a runner on the same durable state each time, so that a second one is a restart."""

    @pytest.fixture
    def make_runner(self) -> Any:
        raise NotImplementedError("the backend's own test class gives the runner that is tested")

    def test_a_woken_job_comes_to_its_end(self, make_runner: Any) -> None:
        ledger = MemoryLedger()
        runner = make_runner(ledger)
        runner.start()
        ref = ledger.commit(new_id(), units=5)
        runner.wake(ref)
        assert ledger.wait(ref)
        runner.stop()
        assert ledger.jobs[ref].done == [0, 1, 2, 3, 4]

    def test_many_jobs_of_many_organizations(self, make_runner: Any) -> None:
        ledger = MemoryLedger()
        runner = make_runner(ledger)
        runner.start()
        refs = [ledger.commit(new_id(), units=number % 3, organization_id=f"o{number % 4}") for number in range(30)]
        for ref in refs:
            runner.wake(ref)
        assert ledger.wait(*refs)
        runner.stop()
        assert all(sorted(set(job.done)) == list(range(job.units)) for job in ledger.jobs.values())

    def test_a_job_whose_wake_up_was_lost_is_found(self, make_runner: Any) -> None:
        ledger = MemoryLedger()
        ref = ledger.commit(new_id(), units=3)
        runner = make_runner(ledger)
        runner.start()
        assert ledger.wait(ref)
        runner.stop()

    def test_waking_twice_does_the_work_once(self, make_runner: Any) -> None:
        ledger = MemoryLedger()
        runner = make_runner(ledger)
        runner.start()
        ref = ledger.commit(new_id(), units=4)
        runner.wake(ref)
        runner.wake(ref)
        assert ledger.wait(ref)
        runner.wake(ref)
        runner.stop()
        assert ledger.jobs[ref].done == [0, 1, 2, 3]
        assert ledger.jobs[ref].finished == 1

    def test_a_job_may_bring_up_another(self, make_runner: Any) -> None:
        second: list[JobRef] = []

        def follow_up(_ref: JobRef, unit: int) -> None:
            if unit == 0 and not second:
                second.append(ledger.commit(new_id(), units=1))
                runner.wake(second[0])

        ledger = MemoryLedger(before=follow_up)
        runner = make_runner(ledger)
        runner.start()
        first = ledger.commit(new_id(), units=3)
        runner.wake(first)
        assert ledger.wait(first)
        assert ledger.wait(*second)
        runner.stop()

    def test_stopping_is_harmless(self, make_runner: Any) -> None:
        runner = make_runner(MemoryLedger())
        runner.stop()
        runner.start()
        runner.stop()
        runner.stop()

    def test_nothing_runs_after_stop(self, make_runner: Any) -> None:
        ledger = MemoryLedger()
        runner = make_runner(ledger)
        runner.start()
        runner.stop()
        running = {thread.name for thread in threading.enumerate()}
        assert not any("fiducial-jobs" in name or "dbos" in name for name in running)
