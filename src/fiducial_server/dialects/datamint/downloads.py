"""What goes out as one file: labels as a table, a dataset or a project as an archive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from fiducial.errors import Invalid
from fiducial_server.dialects.datamint.annotations import show
from fiducial_server.dialects.datamint.call import Call, Calling, DatasetId, ProjectId, WorklistId
from fiducial_server.dialects.datamint.ranges import begun, disposition
from fiducial_server.dialects.datamint.signed import archive
from fiducial_server.dialects.datamint.wire.listing import json
from fiducial_server.dialects.datamint.wire.moment import moment
from fiducial_server.dialects.datamint.wire.resource import resource
from fiducial_server.dialects.datamint.wire.table import HEADER, table_row
from fiducial_server.model.label import LabelFilter
from fiducial_server.model.project import Project
from fiducial_server.model.times import from_iso
from fiducial_server.services.exports.image_format import format_of
from fiducial_server.services.exports.sheet import Row

router = APIRouter(tags=["downloads"])

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMATS = ("csv", "xlsx", "excel")


@router.get("/projects/{pid}/download-annotations")
def project_annotations(
    call: Calling,
    pid: ProjectId,
    *,
    format: str = "csv",  # noqa: A002 - the wire's name
    created_from: Annotated[str | None, Query(alias="from")] = None,
    created_to: Annotated[str | None, Query(alias="to")] = None,
    annotators: Annotated[list[str] | None, Query(alias="annotators[]")] = None,
    annotations: Annotated[list[str] | None, Query(alias="annotations[]")] = None,
) -> Response:
    """A project's annotations, one row for each, as ``csv`` or ``xlsx``. ``from`` is inclusive, ``to`` exclusive."""
    name = call.services.projects.get(call.actor, pid).name
    asked = _narrowing(created_from, created_to, annotators, annotations, project_id=pid)
    return _table(call, _format(format), asked, name)


@router.get("/annotationsets/{wid}/download-annotations")
def set_annotations(
    call: Calling,
    wid: WorklistId,
    *,
    format: str = "csv",  # noqa: A002 - the wire's name
    created_from: Annotated[str | None, Query(alias="from")] = None,
    created_to: Annotated[str | None, Query(alias="to")] = None,
    annotators: Annotated[list[str] | None, Query(alias="annotators[]")] = None,
    annotations: Annotated[list[str] | None, Query(alias="annotations[]")] = None,
) -> Response:
    """The same of one annotation set, as ``csv`` or ``excel``."""
    name = call.services.projects.annotation_set(call.actor, wid).name
    asked = _narrowing(created_from, created_to, annotators, annotations, annotation_set_id=wid)
    return _table(call, _format(format), asked, name)


def _format(word: str) -> str:
    if word not in _FORMATS:
        raise Invalid(f"format must be one of {', '.join(_FORMATS)}, not {word[:80]!r}", field="format")
    return "csv" if word == "csv" else "xlsx"


def _narrowing(
    created_from: str | None,
    created_to: str | None,
    annotators: Sequence[str] | None,
    annotations: Sequence[str] | None,
    **scope: Any,
) -> LabelFilter:
    """Lists may be repeated, or have commas between their e-mail addresses; identifiers may hold commas themselves."""
    people = [one.strip().lower() for each in annotators or () for one in each.split(",") if one.strip()]
    return LabelFilter(
        created_from=from_iso(created_from, "from") if created_from else None,
        created_to=from_iso(created_to, "to") if created_to else None,
        authors=tuple(people) or None,
        identifiers=tuple(one for one in annotations or () if one) or None,
        **scope,
    )


def _table(call: Call, form: str, asked: LabelFilter, name: str) -> Response:
    pages = begun(_pages(call, asked))
    headers = {
        "Content-Disposition": disposition(f"{name}-annotations.{form}"),
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    if form == "csv":
        pieces = call.services.exports.csv(call.actor, asked, HEADER, pages)
        return StreamingResponse(pieces, media_type="text/csv; charset=utf-8", headers=headers)
    made = call.services.exports.xlsx(call.actor, asked, HEADER, pages)
    return StreamingResponse(made.pieces, media_type=XLSX, headers={**headers, "Content-Length": str(made.size)})


def _pages(call: Call, asked: LabelFilter) -> Iterator[Sequence[Row]]:
    for rows in call.services.labels.pages(call.actor, asked):
        yield [table_row(shown) for shown in show(call, rows)]


@router.get("/datasets/{did}/download/{kind}")
def dataset_token(call: Calling, did: DatasetId, kind: str) -> Response:
    """A token, as a JSON string, for ``/datasets/download/{token}``: the dataset as jpg, png, tiff, dicom, npy or nifti."""
    wanted = format_of(kind)
    call.services.projects.dataset(call.actor, did)
    return json(call.services.links.dataset(call.actor, did, wanted.value))


@router.get("/projects/{pid}/annotated_dataset")
def annotated_dataset(
    call: Calling, pid: ProjectId, all_annotations: bool = False, include_unannotated: bool = False
) -> Response:
    """A project as one ZIP with ``dataset.json``; without ``all_annotations`` only what is approved or closed."""
    project = call.services.projects.get(call.actor, pid)
    pieces = call.services.exports.project(
        call.actor,
        pid,
        every_label=all_annotations,
        unannotated=include_unannotated,
        head=lambda found: _head(call, found, all_annotations),
        about=lambda item: resource(item, call.customer_id),
        shown=lambda rows: show(call, rows),
    )
    return archive(pieces, f"{project.name}.zip")


def _head(call: Call, project: Project, all_annotations: bool) -> dict[str, Any]:
    """``updated_at`` is the dataset's, with which older clients compare their copy."""
    dataset = call.services.projects.dataset(call.actor, project.dataset_id)
    return {
        "id": dataset.id,
        "name": dataset.name,
        "description": project.description or "",
        "project_id": project.id,
        "customer_id": call.customer_id,
        "created_at": moment(dataset.created_at),
        "created_by": dataset.created_by,
        "updated_at": moment(dataset.updated_at),
        "total_resource": dataset.item_count,
        "all_annotations": all_annotations,
    }
