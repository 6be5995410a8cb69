"""Statistics of projects and annotation sets. An annotation counts once for each frame it is shown on, as lists show it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from fiducial_server.dialects.datamint.call import Call, Calling, ProjectId, WorklistId
from fiducial_server.dialects.datamint.types import TYPE_OF
from fiducial_server.dialects.datamint.wire.listing import json
from fiducial_server.dialects.datamint.wire.statistic import (
    annotation_statistic,
    annotator_progress,
    annotator_statistic,
    file_statistic,
)
from fiducial_server.dialects.datamint.wire.worklist import set_annotator
from fiducial_server.model.statistic import FileStatistic, Place

router = APIRouter(tags=["statistics"])


@router.get("/projects/{pid}/annotators-statistic")
def project_annotators(call: Calling, pid: ProjectId, email: str | None = None) -> Response:
    """A bare array, one entry for everybody who is to annotate or has: ``{email, user_id, firstname, lastname,
    annotation_count, annotations_by_type: {type: n}, model_annotation_count, labelled_resource_count, statuses: {status:
    resources}, opened_count, annotated_count, closed_count, approved_count, revision_request_count, last_activity}``."""
    return _annotators(call, Place(pid), email)


@router.get("/annotationsets/{wid}/annotators-statistic")
def set_annotators(call: Calling, wid: WorklistId, email: str | None = None) -> Response:
    """The same of one annotation set."""
    return _annotators(call, call.services.projects.place_of_set(call.actor, wid), email)


def _annotators(call: Call, place: Place, email: str | None) -> Response:
    found = call.services.projects.annotator_statistics(call.actor, place, TYPE_OF, person=email or None)
    return json([annotator_statistic(one) for one in found])


@router.get("/projects/{pid}/users/{email}/status")
def annotator_status(call: Calling, pid: ProjectId, email: str) -> Response:
    """One user's entry of the annotators' statistic, with ``resource_count`` and ``not_started_count``."""
    return json({"project_id": pid, **_progress(call, Place(pid), email)})


@router.get("/annotationsets/{wid}/users/{email}")
def set_annotator_status(call: Calling, wid: WorklistId, email: str) -> Response:
    """The same of one annotation set; with ``status``, ``expertise_level`` and ``requires_review``, null unless the user
    is an annotator of the set."""
    projects = call.services.projects
    found = _progress(call, projects.place_of_set(call.actor, wid), email)
    own = [one for one in projects.annotators(call.actor, wid) if one.user_id == found["user_id"]]
    told = set_annotator(own[0]) if own else {}
    fields = {name: told.get(name) for name in ("status", "expertise_level", "requires_review")}
    return json({"annotation_worklist_id": wid, **fields, **found})


def _progress(call: Call, place: Place, email: str) -> dict[str, Any]:
    return annotator_progress(*call.services.projects.annotator_progress(call.actor, place, email, TYPE_OF))


@router.get("/projects/{pid}/annotations-statistic")
def project_annotations(call: Calling, pid: ProjectId) -> Response:
    """``{project_id, annotation_count, by_type: {type: n}, annotations: [...]}``, where the array has one entry for each
    identifier and type: ``{identifier, type, annotation_count, resource_count, annotator_count, values: {value: n},
    first_created_at, last_created_at}``."""
    rows = call.services.projects.annotation_statistics(call.actor, Place(pid), TYPE_OF)
    by_type: dict[str, int] = {}
    for row in rows:
        by_type[row.kind] = by_type.get(row.kind, 0) + row.annotations
    shown = [annotation_statistic(row) for row in rows]
    total = sum(by_type.values())
    return json({"project_id": pid, "annotation_count": total, "by_type": by_type, "annotations": shown})


@router.get("/annotationsets/{wid}/annotations-statistic")
def set_annotations(call: Calling, wid: WorklistId) -> Response:
    """A bare array of the same entries, of one annotation set."""
    projects = call.services.projects
    rows = projects.annotation_statistics(call.actor, projects.place_of_set(call.actor, wid), TYPE_OF)
    return json([annotation_statistic(row) for row in rows])


@router.get("/projects/{pid}/files-matrix-statistic")
def files_matrix(call: Calling, pid: ProjectId) -> Response:
    """``{files: [...], annotators: [email]}``, sent page by page: for each resource ``{resource_id, filename, status,
    annotators: [{email, status, annotation_count, last_activity}]}``, where the status of the resource is that of its
    least advanced task, and everybody who has worked on it has a cell. At the end everybody who has one somewhere."""
    pages = call.services.projects.file_statistics(call.actor, pid)
    first = next(pages)  # an unknown project answers before the array begins
    return StreamingResponse(_matrix(first, pages), media_type="application/json")


def _matrix(page: Sequence[FileStatistic] | None, pages: Iterator[Sequence[FileStatistic]]) -> Iterator[bytes]:
    encode, emails, before = msgspec.json.Encoder().encode, set[str](), b'{"files":['
    while page is not None:
        emails |= {cell.annotator for row in page for cell in row.cells}
        if page:
            yield before + encode([file_statistic(row) for row in page])[1:-1]
            before = b","
        page = next(pages, None)
    yield (before if before != b"," else b"") + b'],"annotators":' + encode(sorted(emails)) + b"}"
