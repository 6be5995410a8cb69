"""Users, and who the caller is."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from fiducial.errors import AlreadyExists, NotFound
from fiducial_server.dialects.datamint.call import ORIGIN, PAGE, Call, Calling, JobId, JsonObject, Limit, Offset
from fiducial_server.dialects.datamint.errors import refusal
from fiducial_server.dialects.datamint.wire.job import job
from fiducial_server.dialects.datamint.wire.listing import done, json
from fiducial_server.dialects.datamint.wire.user import user, whoami

router = APIRouter(tags=["users"])


@router.get("/whoami")
def who_am_i(call: Calling) -> Response:
    """Who the key belongs to."""
    return json(whoami(call.actor))


@router.get("/users")
def list_users(call: Calling, offset: Offset = 0, limit: Limit = PAGE) -> Response:
    """A bare array."""
    return json([user(value) for value in call.services.access.users(call.actor, offset=offset, limit=limit).rows])


@router.post("/users")
def create_user(call: Calling, body: JsonObject) -> Response:
    """``{email, password, firstname, lastname, roles}``; administrators only. 409 shows the one who is there."""
    email = body.required_text("email")
    try:
        value = call.services.access.create_user(
            call.actor,
            email=email,
            password=body.text("password"),
            firstname=body.text("firstname"),
            lastname=body.text("lastname"),
            roles=body.texts("roles") or ("member",),
            origin=ORIGIN,
        )
    except AlreadyExists as error:
        return refusal(409, error.message, _known(call, email))
    return json(user(value))


def _known(call: Call, email: str) -> dict[str, Any]:
    """The user who is there; nothing of one of another organization."""
    try:
        return user(call.services.access.user(call.actor, email))
    except NotFound:
        return {}


@router.get("/users/{email}")
def get_user(call: Calling, email: str) -> Response:
    """One user, by e-mail address."""
    return json(user(call.services.access.user(call.actor, email)))


@router.patch("/users/{email}")
def update_user(call: Calling, email: str, body: JsonObject) -> Response:
    """Those given of ``firstname, lastname, password, roles, disabled``."""
    body.refuse_others("firstname", "lastname", "password", "roles", "disabled")
    changes = body.only("firstname", "lastname", "password")
    if body.raw("disabled") is not None:
        changes["disabled"] = body.flag("disabled")
    if body.raw("roles") is not None:
        changes["roles"] = body.texts("roles")
    return json(user(call.services.access.update_user(call.actor, email, changes, origin=ORIGIN)))


@router.delete("/users/{email}")
def delete_user(call: Calling, email: str) -> Response:
    """Their keys stop working; what they made stays theirs."""
    call.services.access.disable_user(call.actor, email, origin=ORIGIN)
    return done()


@router.get("/jobs/{job_id}")
def get_job(call: Calling, job_id: JobId) -> Response:
    """How far a job is; its units say what failed and why."""
    jobs = call.services.jobs
    return json(job(jobs.get(call.actor, job_id), jobs.units(call.actor, job_id).rows))


@router.post("/jobs/{job_id}/cancel")
def cancel_job(call: Calling, job_id: JobId) -> Response:
    """Ask a job to stop after the unit at hand."""
    return json(job(call.services.jobs.cancel(call.actor, job_id, origin=ORIGIN)))
