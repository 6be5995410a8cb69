"""Projects: what is in them, who works in them, how far they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from fiducial.errors import Invalid
from fiducial_server.dialects.datamint.body import Fields
from fiducial_server.dialects.datamint.call import (
    ORIGIN,
    PAGE,
    Call,
    Calling,
    JsonObject,
    Limit,
    Offset,
    ProjectId,
    ResourceId,
)
from fiducial_server.dialects.datamint.reviews import new_annotators
from fiducial_server.dialects.datamint.specs import feature_specs, segmentation_group
from fiducial_server.dialects.datamint.wire.listing import array, done, json, listed
from fiducial_server.dialects.datamint.wire.project import STORED_SETTINGS, project
from fiducial_server.dialects.datamint.wire.resource import resource
from fiducial_server.dialects.datamint.wire.worklist import AI_SETTINGS, member
from fiducial_server.model.item import Item
from fiducial_server.model.project import Project

router = APIRouter(tags=["projects"])


@router.get("/projects")
def list_projects(
    call: Calling,
    includeArchived: bool = False,  # noqa: N803 - the wire's name
    offset: Offset = 0,
    limit: Limit = PAGE,
) -> Response:
    """Projects; archived ones only when asked for."""
    archived = None if includeArchived else False
    page = call.services.projects.page_at(call.actor, offset=offset, limit=limit, archived=archived)
    rows = [project(value, call.customer_id) for value in page.rows]
    return listed(rows, offset + len(rows), page.next_key is None)


@router.post("/projects")
def create_project(call: Calling, body: JsonObject) -> Response:
    """A project with its dataset, its ontology and its main annotation set."""
    own = Fields(body.object("annotation_set"), "annotation_set")
    ids = (*body.ids("resource_ids"), *own.ids("resource_ids"))
    value = call.services.projects.create(
        call.actor,
        name=body.required_text("name"),
        description=body.text("description"),
        item_ids=tuple(dict.fromkeys(ids)),
        require_review=bool(body.flag("require_review")),
        specs=feature_specs(own) or (),
        segmentation_group=segmentation_group(body.raw("segmentationData"), "segmentationData"),
        annotators=new_annotators(own),
        settings=_settings(body),
        origin=ORIGIN,
    )
    return json(_whole(call, value))


@router.get("/projects/{pid}")
def get_project(call: Calling, pid: ProjectId) -> Response:
    """One project, with its members and annotators, and in which of its annotation sets each is to annotate."""
    return json(_whole(call, call.services.projects.get(call.actor, pid)))


def _whole(call: Call, value: Project) -> dict[str, Any]:
    projects = call.services.projects
    sets: dict[str, list[str]] = {one.email: [] for one in projects.members(call.actor, value.id)}
    for one in projects.annotators_of_project(call.actor, value.id):
        sets.setdefault(one.email, []).append(one.annotation_set_id)
    people = [{"email": email, "worklist_ids": ids} for email, ids in sets.items()]
    return project(value, call.customer_id, people)


_PATCHED = ("name", "description", "require_review", "locked_ontology")


@router.patch("/projects/{pid}")
def patch_project(call: Calling, pid: ProjectId, body: JsonObject) -> Response:
    """Any of name, description, require_review and the kept settings (``pinned_metrics`` ...)."""
    settings = _settings(body)
    changes = {**body.only(*_PATCHED), **({"settings": settings} if settings else {})}
    return json(_whole(call, call.services.projects.patch(call.actor, pid, changes, origin=ORIGIN)))


def _settings(body: Fields) -> dict[str, Any]:
    kept = body.only(*STORED_SETTINGS)
    read = {mine: body.raw(written) for written, mine in AI_SETTINGS.items() if body.has(written)}
    return {**kept, **read, **body.only(*AI_SETTINGS.values())}


@router.delete("/projects/{pid}")
def archive_project(call: Calling, pid: ProjectId) -> Response:
    """Put away, with everything in it; ``restore`` brings it back."""
    call.services.projects.archive(call.actor, pid, origin=ORIGIN)
    return done()


@router.post("/projects/{pid}/restore")
def restore_project(call: Calling, pid: ProjectId) -> Response:
    """Bring an archived project back; harmless for a live one."""
    return json(_whole(call, call.services.projects.restore(call.actor, pid, origin=ORIGIN)))


@router.get("/projects/{pid}/resources")
def project_resources(call: Calling, pid: ProjectId) -> Response:
    """All of them in one bare array, sent page by page."""
    return array_of_resources(call.services.projects.all_items(call.actor, pid), call.customer_id)


def array_of_resources(pages: Iterator[Sequence[Item]], customer_id: str) -> Response:
    """A bare JSON array that never is in memory as a whole."""
    return array([resource(item, customer_id) for item in page] for page in pages)


@router.post("/projects/{pid}/resources")
def add_resources(call: Calling, pid: ProjectId, body: JsonObject) -> Response:
    """``{resource_ids_to_add, resource_ids_to_delete}``; an unknown id adds nothing."""
    change_resources(call, pid, body)
    return done()


def change_resources(call: Call, pid: str, body: Fields) -> None:
    """Add and remove as the body says."""
    if body.flag("all_files_selected"):
        raise Invalid("all_files_selected is not done here: name the resources", field="all_files_selected")
    projects = call.services.projects
    if add := body.ids("resource_ids_to_add"):
        projects.add_items(call.actor, pid, add, origin=ORIGIN)
    if remove := body.ids("resource_ids_to_delete"):
        projects.remove_items(call.actor, pid, remove, origin=ORIGIN)
    if not add and not remove:
        projects.get(call.actor, pid)


@router.post("/projects/{pid}/resources/{rid}/status")
def set_status(call: Calling, pid: ProjectId, rid: ResourceId, body: JsonObject) -> Response:
    """``{status}``: ``opened``, ``annotated`` or ``closed``."""
    call.services.projects.set_status(
        call.actor, pid, rid, body.required_text("status"), body.id("annotation_worklist_id"), origin=ORIGIN
    )
    return done()


@router.get("/projects/{pid}/members")
def members(call: Calling, pid: ProjectId) -> Response:
    """A bare array."""
    return json([member(value) for value in call.services.projects.members(call.actor, pid)])


@router.post("/projects/{pid}/members/{user_id}")
def set_member(call: Calling, pid: ProjectId, user_id: str, body: JsonObject) -> Response:
    """``{roles}``: make a user (id or e-mail address) a member, or change what they may do."""
    projects = call.services.projects
    return json(member(projects.set_member(call.actor, pid, user_id, roles=body.texts("roles"), origin=ORIGIN)))


@router.delete("/projects/{pid}/members/{user_id}")
def remove_member(call: Calling, pid: ProjectId, user_id: str) -> Response:
    """No longer a member."""
    call.services.projects.remove_member(call.actor, pid, user_id, origin=ORIGIN)
    return done()
