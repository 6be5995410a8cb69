"""Splits: which part of a project's data a resource is in, now and at any earlier time."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from fiducial_server.dialects.datamint.call import ORIGIN, Calling, JsonObject, ProjectId, ResourceId
from fiducial_server.dialects.datamint.wire.listing import array, done, json
from fiducial_server.dialects.datamint.wire.split import split
from fiducial_server.model.times import from_iso

router = APIRouter(tags=["splits"])


@router.get("/projects/{pid}/splits")
def splits(
    call: Calling, pid: ProjectId, split_name: str | None = None, as_of_timestamp: str | None = None
) -> Response:
    """A bare array of the assignments that stand now, or that stood at ``as_of_timestamp``; deleted resources have none."""
    as_of = from_iso(as_of_timestamp, "as_of_timestamp") if as_of_timestamp else None
    pages = call.services.projects.splits(call.actor, pid, split_name=split_name or None, as_of=as_of)
    return array([split(one) for one in page] for page in pages)


@router.post("/projects/{pid}/splits")
def assign_splits(call: Calling, pid: ProjectId, body: JsonObject) -> Response:
    """``{resource_ids, split_name}``: put the resources in the split, out of the one each was in. All or none."""
    name, ids = body.required_text("split_name"), body.ids("resource_ids")
    call.services.projects.assign_split(call.actor, pid, ids, name, origin=ORIGIN)
    return done()


@router.get("/projects/{pid}/resources/{rid}/split")
def resource_split(call: Calling, pid: ProjectId, rid: ResourceId) -> Response:
    """The assignment that stands now, or null."""
    found = call.services.projects.split_of(call.actor, pid, rid)
    return json(None if found is None else split(found))
