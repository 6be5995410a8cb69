"""A ledger that forgets: the twin of the one the services keep, for tests of runners."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fiducial_server.jobs.base import JobRef


@dataclass
class MemoryJob:
    """``units`` are done in order; ``done`` holds them as often as they were done."""

    units: int
    done: list[int] = field(default_factory=list)
    finished: int = 0


class MemoryLedger:
    """``before(ref, unit)`` runs before each unit: a test's place to raise, to wait, or to look."""

    def __init__(self, *, batch: int = 2, before: Callable[[JobRef, int], None] | None = None) -> None:
        self.jobs: dict[JobRef, MemoryJob] = {}
        self.before = before
        self._batch = batch
        self._changed = threading.Condition()

    def commit(self, job_id: str, units: int, organization_id: str = "organization") -> JobRef:
        """What a service does in its transaction: a job with so many units."""
        ref = JobRef(organization_id, job_id)
        with self._changed:
            self.jobs[ref] = MemoryJob(units)
        return ref

    def unfinished(self, limit: int) -> Sequence[JobRef]:
        with self._changed:
            return [ref for ref, job in self.jobs.items() if not job.finished][:limit]

    def run_some(self, ref: JobRef) -> bool:
        job = self.jobs[ref]
        for unit in [unit for unit in range(job.units) if unit not in job.done][: self._batch]:
            if self.before is not None:
                self.before(ref, unit)
            job.done.append(unit)
        return len(set(job.done)) < job.units

    def finish(self, ref: JobRef) -> None:
        with self._changed:
            self.jobs[ref].finished += 1
            self._changed.notify_all()

    def wait(self, *refs: JobRef, timeout_s: float = 30.0) -> bool:
        """Until these jobs are finished; False when that took too long."""
        with self._changed:
            return self._changed.wait_for(lambda: all(self.jobs[ref].finished for ref in refs), timeout_s)
