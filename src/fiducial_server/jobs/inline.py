"""Jobs in the caller's thread: the twin of the durable runner, for tests and for commands that wait for their work."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from fiducial_server.jobs.base import JobLedger, JobRef

PAGE = 100


def carry(ledger: JobLedger, ref: JobRef) -> None:
    """Take one job to its end."""
    while ledger.run_some(ref):
        pass
    ledger.finish(ref)


class InlineRunner:
    """``at_once``: a woken job runs before :meth:`wake` returns; else it waits for :meth:`drain`.

    ``ledger`` may come later (:meth:`attach`), because the services that keep the ledger may take a runner.
    """

    def __init__(self, ledger: JobLedger | None = None, *, at_once: bool = True) -> None:
        self._ledger = ledger
        self._at_once = at_once
        self._one_at_a_time = threading.RLock()
        self._running = False

    def attach(self, ledger: JobLedger) -> None:
        self._ledger = ledger

    def start(self) -> None:
        """Run what an earlier process left."""
        self.drain()

    def wake(self, ref: JobRef) -> None:
        """``ref`` only says that there is work; what is to be done is in the ledger."""
        if self._at_once:
            self.drain()

    def drain(self) -> None:
        """Run every committed job that is not finished, those included that come up meanwhile."""
        with self._one_at_a_time:
            if self._running:  # woken by a job that runs here and now: the loop below comes to it
                return
            self._running = True
            try:
                self._run_all()
            finally:
                self._running = False

    def _run_all(self) -> None:
        if self._ledger is None:
            raise RuntimeError("the runner has no ledger yet; call attach()")
        before: Sequence[JobRef] = ()
        while refs := self._ledger.unfinished(PAGE):
            if list(refs) == list(before):
                raise RuntimeError(f"the ledger did not finish {refs[0]}")
            for ref in refs:
                carry(self._ledger, ref)
            before = refs

    def stop(self) -> None:
        """Nothing runs outside the calls above."""
