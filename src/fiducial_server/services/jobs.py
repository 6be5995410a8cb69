"""The ledger of durable work: jobs are rows with units, and end with the truth about each unit."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from fiducial.errors import FiducialError, NotFound, StorageFull, Unavailable
from fiducial_server.db import jobs as rows
from fiducial_server.db.engine import Database
from fiducial_server.db.events import add_event
from fiducial_server.db.scope import Scope
from fiducial_server.jobs.base import JobRef
from fiducial_server.model.actor import Actor
from fiducial_server.model.ids import new_id
from fiducial_server.model.job import FINAL_JOB_STATES, Job, JobState, JobUnit, UnitState
from fiducial_server.model.page import Page
from fiducial_server.model.times import Clock, now_us

log = logging.getLogger(__name__)

BATCH = 16
"""Units between two notes in the ledger."""
MOST_ATTEMPTS = 3
LONGEST_ERROR = 4000


class Handler(Protocol):
    """Does one unit. It may be called again for a unit it has done before; what it raises is the unit's error."""

    def __call__(self, organization_id: str, job: Job, unit: JobUnit) -> None: ...


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A unit to be done: what it is about, and what the handler must know."""

    subject_id: str
    payload: Mapping[str, Any] = field(default_factory=dict)


class JobService:
    """Implements :class:`fiducial_server.jobs.base.JobLedger`. ``handlers``: kind of job -> what does its units."""

    def __init__(self, database: Database, handlers: Mapping[str, Handler], clock: Clock = now_us) -> None:
        self._database = database
        self._handlers = dict(handlers)
        self._clock = clock

    # --- for callers --------------------------------------------------------------------------------------------------

    def create_in(
        self, scope: Scope, actor: Actor, kind: str, units: Sequence[NewUnit], payload: Mapping[str, Any] | None = None
    ) -> JobRef:
        """A new job in the caller's transaction; wake the runner with the reference after the commit.

        The transaction may run more than once: each run makes a job of its own, and only that of the last is committed.
        """
        job_id = new_id()
        rows.insert(
            scope,
            job_id,
            kind=kind,
            created_by=actor.email,
            at=self._clock(),
            units=[(unit.subject_id, unit.payload) for unit in units],
            payload=payload or {},
        )
        return JobRef(scope.organization_id, job_id)

    def get(self, actor: Actor, job_id: str) -> Job:
        with self._database.read(actor.organization_id) as scope:
            return _present(scope, job_id)

    def units(self, actor: Actor, job_id: str, *, after: int | None = None, limit: int = 1000) -> Page[JobUnit]:
        """The job's units in order, from after an ordinal."""
        with self._database.read(actor.organization_id) as scope:
            _present(scope, job_id)
            found = rows.units_after(scope, job_id, after=after, limit=limit + 1)
        more = len(found) > limit
        return Page(found[:limit], (found[limit - 1].ordinal,) if more else None)

    def cancel(self, actor: Actor, job_id: str, *, origin: str = "datamint") -> Job:
        """Units that were not begun will not be. A job that has ended stays as it is."""
        actor.require_writer("cancel jobs")

        def work(scope: Scope) -> Job:
            job = _present(scope, job_id)
            if job.state in FINAL_JOB_STATES or job.cancel_requested:
                return job
            rows.update(scope, job_id, {"cancel_requested": True})
            add_event(
                scope,
                actor=actor,
                action="job.cancel",
                subject_kind="job",
                subject_id=job_id,
                origin=origin,
                details={"kind": job.kind},
                at=self._clock(),
            )
            return _present(scope, job_id)

        return self._database.transact(actor.organization_id, work)

    # --- for the runner -----------------------------------------------------------------------------------------------

    def unfinished(self, limit: int) -> Sequence[JobRef]:
        with self._database.system() as connection:
            return [JobRef(*found) for found in rows.unfinished(connection, limit)]

    def run_some(self, ref: JobRef) -> bool:
        """The next few units. A unit that was begun before and not ended runs alone: it may have killed the process."""
        job, units = self._begin(ref)
        if job is None or not units:
            return False
        for unit in units:
            self._run_one(ref, job, unit)
        return True

    def _begin(self, ref: JobRef) -> tuple[Job | None, list[JobUnit]]:
        """Count the attempt before it is made, so that it counts even when nobody is left to say how it ended."""

        def work(scope: Scope) -> tuple[Job | None, list[JobUnit]]:
            job = rows.find(scope, ref.job_id)
            if job is None or job.state in FINAL_JOB_STATES or job.cancel_requested:
                return None, []
            if job.state is JobState.PENDING:
                rows.update(scope, job.id, {"state": str(JobState.RUNNING), "started_at": self._clock()})
            units = _next_units(rows.units_after(scope, job.id, limit=BATCH, state=UnitState.PENDING))
            worn = [unit.ordinal for unit in units if unit.attempts >= MOST_ATTEMPTS]
            if worn:
                reason = f"given up: the worker ended {MOST_ATTEMPTS} times while it was at this unit"
                rows.end_units(scope, job.id, worn, UnitState.FAILED, reason)
                return job, units
            if units:
                rows.count_attempt(scope, job.id, [unit.ordinal for unit in units])
            return job, units

        return self._database.transact(ref.organization_id, work)

    def _run_one(self, ref: JobRef, job: Job, unit: JobUnit) -> None:
        if unit.attempts >= MOST_ATTEMPTS:
            return
        error = self._attempt(ref, job, unit)
        transient = isinstance(error, Unavailable) and not isinstance(error, StorageFull)
        if transient and unit.attempts + 1 < MOST_ATTEMPTS:
            log.warning("job %s unit %s will be tried again: %s", job.id, unit.ordinal, error)
            return
        state = UnitState.DONE if error is None else UnitState.FAILED
        reason = None if error is None else _reason(error)
        self._database.transact(
            ref.organization_id, lambda scope: rows.end_units(scope, job.id, [unit.ordinal], state, reason)
        )

    def _attempt(self, ref: JobRef, job: Job, unit: JobUnit) -> Exception | None:
        handler = self._handlers.get(job.kind)
        if handler is None:
            return NotFound(f"there is no handler for jobs of kind {job.kind!r}")
        try:
            handler(ref.organization_id, job, unit)
        except FiducialError as error:
            return error
        except Exception as error:  # the unit's own truth; the other units go on
            log.exception("job %s (%s) unit %s failed", job.id, job.kind, unit.ordinal)
            return error
        return None

    def finish(self, ref: JobRef) -> None:
        """Done, failed or cancelled, from the units. Twice is harmless; a job with pending units is left alone."""
        at = self._clock()

        def work(scope: Scope) -> None:
            job = rows.find(scope, ref.job_id)
            if job is None or job.state in FINAL_JOB_STATES:
                return
            if job.cancel_requested:
                rows.cancel_units(scope, job.id)
            counts = rows.unit_counts(scope, job.id)
            if counts.get(UnitState.PENDING, 0):
                return
            rows.update(scope, job.id, _ending(job, counts, at), only_open=True)

        self._database.transact(ref.organization_id, work)


def _next_units(pending: list[JobUnit]) -> list[JobUnit]:
    """The fresh ones at the front of the line; or the first alone, when it was begun before."""
    if pending and pending[0].attempts > 0:
        return pending[:1]
    fresh = []
    for unit in pending:
        if unit.attempts > 0:
            break
        fresh.append(unit)
    return fresh


def _ending(job: Job, counts: Mapping[str, int], at: int) -> dict[str, Any]:
    failed, cancelled = counts.get(UnitState.FAILED, 0), counts.get(UnitState.CANCELLED, 0)
    everything = sum(counts.values())
    state = JobState.CANCELLED if cancelled else JobState.FAILED if failed else JobState.DONE
    progress = (everything - cancelled) / everything if everything else 1.0
    error = f"{failed} of {everything} failed; the units say why" if failed else None
    return {"state": str(state), "progress": progress, "error": error, "finished_at": at, "current_step": None}


def _reason(error: Exception) -> str:
    text = str(error) if isinstance(error, FiducialError) else f"internal error: {type(error).__name__}: {error}"
    return text[:LONGEST_ERROR].replace("\x00", "�")


def _present(scope: Scope, job_id: str) -> Job:
    job = rows.find(scope, job_id)
    if job is None:
        raise NotFound(f"Job {job_id} not found")
    return job
