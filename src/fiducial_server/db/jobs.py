"""Rows of ``job`` and ``job_unit``. Discovery (:func:`unfinished`) looks over all organizations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import job, job_unit
from fiducial_server.model.job import Job, JobState, JobUnit, UnitState


def insert(
    scope: Scope,
    job_id: str,
    *,
    kind: str,
    created_by: str,
    at: int,
    units: Sequence[tuple[str, Mapping[str, Any]]],
    payload: Mapping[str, Any],
) -> None:
    """A job with its units, given as (subject id, payload), in the caller's transaction."""
    scope.insert(
        job,
        [
            {
                "id": job_id,
                "kind": kind,
                "state": str(JobState.PENDING),
                "payload": dict(payload),
                "result": {},
                "progress": 0.0,
                "cancel_requested": False,
                "created_at": at,
                "created_by": created_by,
            }
        ],
    )
    scope.insert(
        job_unit,
        [
            {
                "job_id": job_id,
                "ordinal": ordinal,
                "subject_id": subject_id,
                "state": str(UnitState.PENDING),
                "attempts": 0,
                "payload": dict(unit_payload),
            }
            for ordinal, (subject_id, unit_payload) in enumerate(units)
        ],
    )


def unfinished(connection: sa.Connection, limit: int) -> list[tuple[str, str]]:
    """(organization id, job id) of jobs that are not in a final state, oldest first.

    One look at the index for each open state, so that finished jobs cost nothing.
    """
    found: list[tuple[int, str, str]] = []
    for state in (JobState.RUNNING, JobState.PENDING):
        query = (
            sa.select(job.c.created_at, job.c.organization_id, job.c.id)
            .where(job.c.state == str(state))
            .order_by(job.c.created_at)
            .limit(limit)
        )
        found += [(row[0], row[1], row[2]) for row in connection.execute(query)]
    return [(organization_id, job_id) for _, organization_id, job_id in sorted(found)[:limit]]


def find(scope: Scope, job_id: str) -> Job | None:
    row = scope.execute(rows_of(job).where(job.c.id == job_id)).one_or_none()
    if row is None:
        return None
    counts = unit_counts(scope, job_id)
    return _to_job(row, counts)


def unit_counts(scope: Scope, job_id: str) -> dict[str, int]:
    """Unit state -> how many units are in it."""
    query = (
        rows_of(job_unit, job_unit.c.state, sa.func.count())
        .where(job_unit.c.job_id == job_id)
        .group_by(job_unit.c.state)
    )
    return {row[0]: row[1] for row in scope.execute(query)}


def _to_job(row: Any, counts: Mapping[str, int]) -> Job:
    return Job(
        id=row.id,
        kind=row.kind,
        state=JobState(row.state),
        created_at=row.created_at,
        created_by=row.created_by,
        progress=_progress(counts) if JobState(row.state) is JobState.RUNNING else row.progress,
        current_step=row.current_step,
        error=row.error,
        payload=row.payload,
        result=row.result,
        started_at=row.started_at,
        finished_at=row.finished_at,
        cancel_requested=row.cancel_requested,
        units_pending=counts.get(UnitState.PENDING, 0),
        units_done=counts.get(UnitState.DONE, 0),
        units_failed=counts.get(UnitState.FAILED, 0),
    )


def _progress(counts: Mapping[str, int]) -> float:
    everything = sum(counts.values())
    return 1.0 - counts.get(UnitState.PENDING, 0) / everything if everything else 0.0


def units_after(
    scope: Scope, job_id: str, *, after: int | None = None, limit: int, state: UnitState | None = None
) -> list[JobUnit]:
    """Units in their order, from after an ordinal; only those in ``state`` when it is given."""
    query = rows_of(job_unit).where(job_unit.c.job_id == job_id)
    if after is not None:
        query = query.where(job_unit.c.ordinal > after)
    if state is not None:
        query = query.where(job_unit.c.state == str(state))
    return [_to_unit(row) for row in scope.execute(query.order_by(job_unit.c.ordinal).limit(limit))]


def _to_unit(row: Any) -> JobUnit:
    return JobUnit(
        ordinal=row.ordinal,
        subject_id=row.subject_id,
        state=UnitState(row.state),
        error=row.error,
        attempts=row.attempts,
        payload=row.payload,
    )


def update(scope: Scope, job_id: str, values: Mapping[str, Any], *, only_open: bool = False) -> int:
    """How many rows changed. ``only_open``: nothing happens to a job that is in a final state."""
    statement = sa.update(job).where(job.c.organization_id == ORG, job.c.id == job_id)
    if only_open:
        statement = statement.where(job.c.state.in_([str(JobState.PENDING), str(JobState.RUNNING)]))
    return int(scope.execute(statement.values(**values)).rowcount)


def count_attempt(scope: Scope, job_id: str, ordinals: Sequence[int]) -> None:
    scope.execute(
        sa.update(job_unit)
        .where(job_unit.c.organization_id == ORG, job_unit.c.job_id == job_id, job_unit.c.ordinal.in_(ordinals))
        .values(attempts=job_unit.c.attempts + 1)
    )


def end_units(scope: Scope, job_id: str, ordinals: Sequence[int], state: UnitState, error: str | None = None) -> None:
    """Put pending units into a final state; units that have one keep it."""
    scope.execute(
        sa.update(job_unit)
        .where(
            job_unit.c.organization_id == ORG,
            job_unit.c.job_id == job_id,
            job_unit.c.ordinal.in_(ordinals),
            job_unit.c.state == str(UnitState.PENDING),
        )
        .values(state=str(state), error=error)
    )


def cancel_units(scope: Scope, job_id: str) -> None:
    """Every unit that is still pending is cancelled."""
    scope.execute(
        sa.update(job_unit)
        .where(
            job_unit.c.organization_id == ORG,
            job_unit.c.job_id == job_id,
            job_unit.c.state == str(UnitState.PENDING),
        )
        .values(state=str(UnitState.CANCELLED))
    )
