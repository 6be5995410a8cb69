"""The runner in the caller's thread. What every runner does is in ``tests/contract``."""

from __future__ import annotations

import pytest

from fiducial_server.jobs.base import JobRef
from fiducial_server.jobs.inline import InlineRunner
from fiducial_server.testing.memory_ledger import MemoryLedger


def test_a_woken_job_is_done_when_wake_returns() -> None:
    ledger = MemoryLedger()
    ref = ledger.commit("job", units=3)
    InlineRunner(ledger).wake(ref)
    assert ledger.jobs[ref].finished == 1


def test_it_can_wait_for_drain() -> None:
    ledger = MemoryLedger()
    runner = InlineRunner(at_once=False)
    runner.attach(ledger)
    ref = ledger.commit("job", units=3)
    runner.wake(ref)
    assert ledger.jobs[ref].done == []
    runner.drain()
    assert ledger.jobs[ref].finished == 1


def test_a_ledger_that_never_finishes_is_an_error_not_a_loop() -> None:
    class Stuck(MemoryLedger):
        def finish(self, ref: JobRef) -> None:
            pass

    ledger = Stuck()
    ledger.commit("job", units=1)
    with pytest.raises(RuntimeError, match="job"):
        InlineRunner(ledger).drain()


def test_without_a_ledger_it_says_so() -> None:
    with pytest.raises(RuntimeError, match="attach"):
        InlineRunner().drain()
