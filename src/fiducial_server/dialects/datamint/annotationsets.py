"""Annotation sets (worklists): whose pass over which resources, what may be labelled there, and how far it is."""

from __future__ import annotations

from functools import partial
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
    WorklistId,
)
from fiducial_server.dialects.datamint.reviews import new_annotators
from fiducial_server.dialects.datamint.specs import changed_specs, feature_specs, renames, segmentation_group
from fiducial_server.dialects.datamint.wire.listing import json, listed
from fiducial_server.dialects.datamint.wire.worklist import AI_SETTINGS, groups, worklist
from fiducial_server.model.project import AnnotationSet, Feature

router = APIRouter(tags=["annotation sets"])


def shown(call: Call, value: AnnotationSet, *, with_items: bool) -> dict[str, Any]:
    """A set with what clients want to know of it."""
    projects, actor = call.services.projects, call.actor
    return worklist(
        value,
        projects.specs(actor, value.project_id, value.id),
        projects.annotators(actor, value.id),
        projects.segmentation_group(actor, value.id),
        projects.set_items(actor, value.id) if with_items else None,
    )


@router.get("/projects/{pid}/worklists")
def project_worklists(call: Calling, pid: ProjectId) -> Response:
    """A project's annotation sets, the main one first; a bare array."""
    sets = call.services.projects.annotation_sets(call.actor, pid)
    return json([shown(call, value, with_items=True) for value in sets])


@router.get("/projects/{pid}/worklist")
def project_worklist(call: Calling, pid: ProjectId) -> Response:
    """The main annotation set, as older clients ask for it."""
    main = call.services.projects.get(call.actor, pid).annotation_set_id
    return json(shown(call, call.services.projects.annotation_set(call.actor, main), with_items=True))


@router.get("/annotationsets")
def list_sets(call: Calling, status: str | None = None, offset: Offset = 0, limit: Limit = PAGE) -> Response:
    """Annotation sets of all projects; of one status where one is named."""
    sets, total = call.services.projects.list_sets(call.actor, status=status or None, offset=offset, limit=limit)
    return listed([worklist(one.value, one.specs, one.annotators, one.group, None) for one in sets], total)


@router.post("/annotationsets")
def create_set(call: Calling, body: JsonObject) -> Response:
    """A further set in a project. ``project_id`` is needed: every label belongs to a project or to none."""
    if body.id("project_id") is None:
        raise Invalid("project_id is missing: an annotation set belongs to a project", field="project_id")
    value = call.services.projects.create_annotation_set(
        call.actor,
        project_id=str(body.id("project_id")),
        name=body.required_text("name"),
        description=body.text("description"),
        item_ids=body.ids("resource_ids"),
        specs=feature_specs(body),
        segmentation_group=segmentation_group(body.raw("segmentation_data"), "segmentation_data"),
        annotators=new_annotators(body),
        settings=_settings(body),
        origin=ORIGIN,
    )
    return json(shown(call, value, with_items=True))


def _settings(body: Fields) -> dict[str, Any]:
    read = {mine: body.raw(written) for written, mine in AI_SETTINGS.items() if body.has(written)}
    return {**read, **body.only("return_url", "viewable_ai_annotations", "editable_ai_annotations")}


@router.get("/annotationsets/{wid}")
def get_set(call: Calling, wid: WorklistId) -> Response:
    """One set."""
    return json(shown(call, call.services.projects.annotation_set(call.actor, wid), with_items=True))


@router.patch("/annotationsets/{wid}")
def patch_set(call: Calling, wid: WorklistId, body: JsonObject) -> Response:
    """Any of the fields of creation."""
    changes: dict[str, Any] = {name: body.text(name) for name in ("name", "description", "status") if body.has(name)}
    if (specs := changed_specs(body, partial(_specs, call, wid))) is not None:
        changes["specs"] = specs
    if (group := segmentation_group(body.raw("segmentation_data"), "segmentation_data")) is not None:
        changes["segmentation_group"] = group
    if body.raw("annotators") is not None:
        changes["annotators"] = new_annotators(body)
    if settings := _settings(body):
        changes["settings"] = settings
    value = call.services.projects.patch_annotation_set(call.actor, wid, changes, origin=ORIGIN)
    return json(shown(call, value, with_items=True))


def _specs(call: Call, wid: str) -> list[Feature]:
    of_set = call.services.projects.annotation_set(call.actor, wid)
    return call.services.projects.specs(call.actor, of_set.project_id, wid)


@router.post("/annotationsets/{wid}/resources")
def change_set_resources(call: Calling, wid: WorklistId, body: JsonObject) -> Response:
    """``{resource_ids_to_add, resource_ids_to_delete}``."""
    call.services.projects.change_set_items(
        call.actor,
        wid,
        add=body.ids("resource_ids_to_add"),
        remove=body.ids("resource_ids_to_delete"),
        origin=ORIGIN,
    )
    return json({"id": wid})


@router.get("/annotationsets/{wid}/segmentation-group")
def get_group(call: Calling, wid: WorklistId) -> Response:
    """``{groups: {identifier: {index, color}}}``."""
    return json({"groups": groups(call.services.projects.segmentation_group(call.actor, wid))})


@router.put("/annotationsets/{wid}/segmentation-group")
def put_group(call: Calling, wid: WorklistId, body: JsonObject) -> Response:
    """``{segmentationData, renames}``: this group instead of the one there is; labels follow a rename."""
    group = segmentation_group(body.raw("segmentationData"), "segmentationData")
    if group is None:
        raise Invalid("segmentationData is missing", field="segmentationData")
    projects = call.services.projects
    saved = projects.set_segmentation_group(call.actor, wid, group, renames=renames(body), origin=ORIGIN)
    return json({"groups": groups(saved)})


@router.delete("/annotationsets/{wid}/segmentation-group/{identifier:path}")
def delete_segment(call: Calling, wid: WorklistId, identifier: str) -> Response:
    """One identifier out of the group, unless labels have it."""
    return json({"groups": groups(call.services.projects.delete_segment(call.actor, wid, identifier, origin=ORIGIN))})
