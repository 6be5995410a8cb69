"""Jobs end with the truth about each unit, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fiducial.errors import Conflict, NotFound, Unavailable
from fiducial_server.db.engine import Database
from fiducial_server.jobs.base import JobRef
from fiducial_server.jobs.inline import carry
from fiducial_server.model.actor import Actor
from fiducial_server.model.job import Job, JobState, JobUnit, UnitState
from fiducial_server.services.jobs import BATCH, MOST_ATTEMPTS, Handler, JobService, NewUnit


class Killed(BaseException):
    """The process ends here, as far as the job can tell."""


def service(database: Database, handler: Handler) -> JobService:
    return JobService(database, {"count": handler})


def made(jobs: JobService, database: Database, actor: Actor, units: int) -> JobRef:
    new = [NewUnit(f"subject-{n}", {"n": n}) for n in range(units)]
    return database.transact(
        actor.organization_id, lambda scope: jobs.create_in(scope, actor, "count", new, {"why": "test"})
    )


def doing(action: Callable[[JobUnit], None]) -> Handler:
    return lambda _organization_id, _job, unit: action(unit)


def test_every_unit_is_done_once(database: Database, actor: Actor) -> None:
    seen: list[str] = []
    jobs = service(database, doing(lambda unit: seen.append(unit.subject_id)))
    ref = made(jobs, database, actor, BATCH * 2 + 3)
    assert jobs.unfinished(10) == [ref]
    job = jobs.get(actor, ref.job_id)
    assert (job.state, job.units_pending, job.payload, job.created_by) == (
        JobState.PENDING,
        35,
        {"why": "test"},
        actor.email,
    )
    carry(jobs, ref)
    carry(jobs, ref)
    job = jobs.get(actor, ref.job_id)
    assert seen == [f"subject-{n}" for n in range(35)]
    assert (job.state, job.progress, job.units_done, job.error) == (JobState.DONE, 1.0, 35, None)
    assert jobs.unfinished(10) == []


def test_one_unit_fails_and_the_others_go_on(database: Database, actor: Actor) -> None:
    def action(unit: JobUnit) -> None:
        if unit.ordinal == 1:
            raise Conflict("this one cannot be")
        if unit.ordinal == 2:
            raise ZeroDivisionError("a defect")

    jobs = service(database, doing(action))
    ref = made(jobs, database, actor, 4)
    carry(jobs, ref)
    job = jobs.get(actor, ref.job_id)
    assert (job.state, job.units_done, job.units_failed) == (JobState.FAILED, 2, 2)
    assert job.error == "2 of 4 failed; the units say why"
    states = [(unit.state, unit.error) for unit in jobs.units(actor, ref.job_id).rows]
    assert states == [
        (UnitState.DONE, None),
        (UnitState.FAILED, "this one cannot be"),
        (UnitState.FAILED, "internal error: ZeroDivisionError: a defect"),
        (UnitState.DONE, None),
    ]


def test_a_unit_that_kills_the_process_is_given_up_and_the_others_are_done(database: Database, actor: Actor) -> None:
    done: list[int] = []
    deaths: list[int] = []

    def action(unit: JobUnit) -> None:
        if unit.ordinal == 2:
            deaths.append(unit.ordinal)
            raise Killed
        done.append(unit.ordinal)

    jobs = service(database, doing(action))
    ref = made(jobs, database, actor, 5)
    for _ in range(MOST_ATTEMPTS):
        with pytest.raises(Killed):
            carry(jobs, ref)
    carry(service(database, doing(action)), ref)
    assert len(deaths) == MOST_ATTEMPTS
    assert sorted(done) == [0, 1, 3, 4]
    job = jobs.get(actor, ref.job_id)
    assert (job.state, job.units_done, job.units_failed) == (JobState.FAILED, 4, 1)
    assert "worker ended 3 times" in (jobs.units(actor, ref.job_id).rows[2].error or "")


def test_what_is_unavailable_is_tried_again(database: Database, actor: Actor) -> None:
    attempts: list[int] = []

    def action(unit: JobUnit) -> None:
        attempts.append(unit.ordinal)
        if unit.ordinal == 0 and attempts.count(0) < 3:
            raise Unavailable("the storage is away")

    jobs = service(database, doing(action))
    ref = made(jobs, database, actor, 2)
    carry(jobs, ref)
    assert attempts.count(0) == 3
    assert jobs.get(actor, ref.job_id).state is JobState.DONE


def test_what_stays_unavailable_fails(database: Database, actor: Actor) -> None:
    def action(_unit: JobUnit) -> None:
        raise Unavailable("the storage is away")

    jobs = service(database, doing(action))
    ref = made(jobs, database, actor, 1)
    carry(jobs, ref)
    (unit,) = jobs.units(actor, ref.job_id).rows
    assert (unit.state, unit.error, unit.attempts) == (UnitState.FAILED, "the storage is away", 3)


def test_cancel(database: Database, actor: Actor) -> None:
    jobs: JobService

    def action(unit: JobUnit) -> None:
        if unit.ordinal == 1:
            jobs.cancel(actor, ref.job_id)

    jobs = service(database, doing(action))
    ref = made(jobs, database, actor, BATCH * 3)
    carry(jobs, ref)
    job = jobs.get(actor, ref.job_id)
    assert (job.state, job.cancel_requested, job.units_done) == (JobState.CANCELLED, True, BATCH)
    assert jobs.cancel(actor, ref.job_id).state is JobState.CANCELLED
    assert jobs.units(actor, ref.job_id, limit=1000).rows[-1].state is UnitState.CANCELLED


def test_a_job_without_a_handler_fails_with_the_reason(database: Database, actor: Actor) -> None:
    ref = made(service(database, doing(lambda _: None)), database, actor, 1)
    jobs = JobService(database, {})
    carry(jobs, ref)
    assert "no handler" in (jobs.units(actor, ref.job_id).rows[0].error or "")


def test_a_job_of_nothing_is_done(database: Database, actor: Actor) -> None:
    jobs = service(database, doing(lambda _: None))
    ref = made(jobs, database, actor, 0)
    carry(jobs, ref)
    assert jobs.get(actor, ref.job_id).state is JobState.DONE


def test_units_come_in_pages(database: Database, actor: Actor) -> None:
    jobs = service(database, doing(lambda _: None))
    ref = made(jobs, database, actor, 5)
    page = jobs.units(actor, ref.job_id, limit=3)
    assert ([u.ordinal for u in page.rows], page.next_key) == ([0, 1, 2], (2,))
    rest = jobs.units(actor, ref.job_id, after=2, limit=3)
    assert ([u.ordinal for u in rest.rows], rest.next_key) == ([3, 4], None)


def test_jobs_of_another_organization(database: Database, actor: Actor, stranger: Actor) -> None:
    jobs = service(database, doing(lambda _: None))
    ref = made(jobs, database, actor, 1)
    for call in (jobs.get, jobs.units, jobs.cancel):
        with pytest.raises(NotFound):
            call(stranger, ref.job_id)


def test_unfinished_jobs_of_all_organizations_oldest_first(database: Database, actor: Actor, stranger: Actor) -> None:
    times = iter(range(1, 100))
    jobs = JobService(database, {"count": doing(lambda _: None)}, clock=lambda: next(times))
    refs = [made(jobs, database, who, 1) for who in (actor, stranger, actor)]
    assert jobs.unfinished(10) == refs
    jobs.run_some(refs[1])
    assert jobs.unfinished(10) == refs
    assert jobs.unfinished(2) == refs[:2]
    assert isinstance(jobs.get(actor, refs[0].job_id), Job)
