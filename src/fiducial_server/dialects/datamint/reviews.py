"""What annotators and their reviewers say of the work on a resource, and how far each annotator is."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query
from starlette.responses import Response

from fiducial_server.dialects.datamint.body import Fields
from fiducial_server.dialects.datamint.call import ORIGIN, Call, Calling, JsonObject, ProjectId, ResourceId, WorklistId
from fiducial_server.dialects.datamint.wire.listing import array, done, json
from fiducial_server.dialects.datamint.wire.review import review_message
from fiducial_server.dialects.datamint.wire.task import work_status
from fiducial_server.dialects.datamint.wire.worklist import set_annotator
from fiducial_server.model.annotator import AnnotatorState, Expertise, NewAnnotator
from fiducial_server.model.ids import parse_id
from fiducial_server.model.statistic import Place

router = APIRouter(tags=["reviews"])
W = TypeVar("W", bound=StrEnum)


# -- who annotates ----------------------------------------------------------------------------------------------------


def new_annotator(body: Fields, person: str) -> NewAnnotator:
    """What ``body`` says of an annotator."""
    return NewAnnotator(
        person,
        _one_of(body, "status", AnnotatorState),
        _one_of(body, "expertise_level", Expertise),
        body.flag("requires_review"),
    )


def _one_of(body: Fields, field: str, words: type[W]) -> W | None:
    said = body.text(field)
    try:
        return None if said is None else words(said)
    except ValueError:
        raise body.wrong(field, f"one of {', '.join(words)}") from None


def new_annotators(body: Fields) -> tuple[NewAnnotator, ...]:
    """``annotators``: ``[{email, status?, expertise_level?, requires_review?}]``."""
    entries = [Fields(one, body.name(f"annotators[{place}]")) for place, one in enumerate(body.objects("annotators"))]
    return tuple(new_annotator(entry, entry.required_text("email")) for entry in entries)


@router.post("/annotationsets/{wid}/annotators/{user_id}")
def put_annotator(call: Calling, wid: WorklistId, user_id: str, body: JsonObject) -> Response:
    """``{status, expertise_level, requires_review}``: ask a user (id or e-mail address) to annotate, or change how they do."""
    given = new_annotator(body, user_id)
    return json(set_annotator(call.services.projects.set_annotator(call.actor, wid, given, origin=ORIGIN)))


@router.delete("/annotationsets/{wid}/annotators/{user_id}")
def remove_annotator(call: Calling, wid: WorklistId, user_id: str) -> Response:
    """No longer an annotator of the set; what they did stays."""
    call.services.projects.remove_annotator(call.actor, wid, user_id, origin=ORIGIN)
    return done()


# -- how far they are -------------------------------------------------------------------------------------------------


@router.post("/annotationsets/{wid}/resources/{rid}/status")
def say(call: Calling, wid: WorklistId, rid: ResourceId, body: JsonObject) -> Response:
    """``{status, annotator?, message?, path?}``: the status of one annotator's work; the resource's statuses in the set.

    The annotator (id or e-mail address) is who speaks when it is not said. ``approved`` and ``revision_request`` are
    for reviewers, and mean everybody's work where they name nobody.
    """
    statuses = call.services.projects.say(
        call.actor,
        wid,
        rid,
        body.required_text("status"),
        annotator=body.text("annotator"),
        message=body.text("message"),
        path=body.text("path"),
        origin=ORIGIN,
    )
    return json([work_status(one) for one in statuses])


@router.get("/annotationsets/{wid}/annotation-statuses")
def set_statuses(
    call: Calling,
    wid: WorklistId,
    status: str | None = None,
    resource_id: str | None = None,
    user_id: str | None = None,
) -> Response:
    """A bare array: the status of every annotator of every resource of the set, or the resource's own where nobody has
    begun. ``user_id`` may be an id or an e-mail address."""
    place = call.services.projects.place_of_set(call.actor, wid)
    return _statuses(call, place, status, resource_id, user_id)


@router.get("/projects/{pid}/annotation-statuses")
def project_statuses(
    call: Calling, pid: ProjectId, status: str | None = None, resource_id: str | None = None, user_id: str | None = None
) -> Response:
    """The same for all annotation sets of the project."""
    return _statuses(call, Place(pid), status, resource_id, user_id)


def _statuses(call: Call, place: Place, status: str | None, resource_id: str | None, user_id: str | None) -> Response:
    pages = call.services.projects.work_statuses(
        call.actor,
        place,
        item_id=parse_id(resource_id, "resource_id") if resource_id else None,
        status=status or None,
        person=user_id or "",
    )
    return array([work_status(one) for one in page] for page in pages)


@router.delete("/projects/{pid}/resources/{rid}/annotator/{email}/status-reset")
def reset(call: Calling, pid: ProjectId, rid: ResourceId, email: str) -> Response:
    """The annotator begins the resource anew, in every set: their status and their annotations on it go."""
    call.services.projects.reset_annotator(call.actor, pid, rid, email, origin=ORIGIN)
    return done()


@router.delete("/annotationsets/{wid}/resources/{rid}/annotator/{email}/status-reset")
def reset_in_set(call: Calling, wid: WorklistId, rid: ResourceId, email: str) -> Response:
    """The same in one set."""
    call.services.projects.reset_annotator_in_set(call.actor, wid, rid, email, origin=ORIGIN)
    return done()


@router.get("/projects/{pid}/reviewmessages")
def review_messages(
    call: Calling,
    pid: ProjectId,
    annotator: str | None = None,
    resourceId: str | None = None,  # noqa: N803 - the wire's name
    statuses: Annotated[list[str] | None, Query()] = None,
) -> Response:
    """A bare array, in the order in which they were said; ``statuses`` may be repeated."""
    pages = call.services.projects.review_messages(
        call.actor,
        pid,
        annotator=annotator or None,
        item_id=parse_id(resourceId, "resourceId") if resourceId else None,
        statuses=tuple(statuses or ()),
    )
    return array([review_message(one) for one in page] for page in pages)
