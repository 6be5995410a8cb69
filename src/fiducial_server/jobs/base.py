"""How durable work is run.

What is to be done is rows (tables ``job`` and ``job_unit``), written in the same transaction as the change that calls
for it; a runner only makes sure that each job is carried to its end, on some worker, after any crash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class JobRef:
    organization_id: str
    job_id: str


class JobLedger(Protocol):
    """What a runner needs to know and do; the services implement it. Every method may be called twice without harm."""

    def unfinished(self, limit: int) -> Sequence[JobRef]:
        """Jobs that are committed and not in a final state, oldest first, of all organizations."""
        ...

    def run_some(self, ref: JobRef) -> bool:
        """Do the next batch of the job's units and record how each ended; True while units are left."""
        ...

    def finish(self, ref: JobRef) -> None:
        """Put the job into its final state, from the states of its units."""
        ...


class JobRunner(Protocol):
    """Carries jobs to their end. ``wake`` says that a job was committed; losing a wake-up only costs time."""

    def start(self) -> None: ...

    def wake(self, ref: JobRef) -> None: ...

    def stop(self) -> None: ...
