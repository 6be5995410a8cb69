"""Labels of one resource in one annotation set, and segmentation groups that come as files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from fiducial.errors import Invalid
from fiducial_server.dialects.datamint.annotations import show
from fiducial_server.dialects.datamint.body import Fields, decode, json_array, json_object
from fiducial_server.dialects.datamint.call import ORIGIN, Call, Calling, ResourceId, WorklistId
from fiducial_server.dialects.datamint.codec import new_label
from fiducial_server.dialects.datamint.form_files import FilesForm, Limits, taken_form
from fiducial_server.dialects.datamint.multipart import flag
from fiducial_server.dialects.datamint.place import Place, place_of
from fiducial_server.dialects.datamint.types import TYPE_OF
from fiducial_server.dialects.datamint.wire.listing import array, json
from fiducial_server.dialects.datamint.wire.worklist import group_change, saved
from fiducial_server.model.label import LabelKind, LabelRow
from fiducial_server.services.segmentation_files import MOST_BYTES, read_segmentation_file
from fiducial_server.services.worklist_labels import Entry

router = APIRouter(tags=["annotation sets"])

IMAGES = Limits("images", files=100, bytes=64 << 20)
"""Published clients may send a hundred masks; a PNG of the largest frames is far smaller than this."""
GROUP_FILE = Limits("file", files=1, bytes=MOST_BYTES)
_FIELDS = ("id", "identifier", "frame_index", "width", "height", "set_name", "geometry", "type", "annotation_type")


def _form(part: str, *, many: bool, **fields: str) -> dict[str, Any]:
    """What the OpenAPI document says of a form."""
    file: dict[str, Any] = {"type": "string", "format": "binary"}
    shown = {part: {"type": "array", "items": file} if many else file}
    schema = {"type": "object", "properties": {**{name: {"type": kind} for name, kind in fields.items()}, **shown}}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


# -- read -----------------------------------------------------------------------------------------------------------------


@router.get("/annotationsets/{wid}/resources/{rid}/segmentations")
def set_segmentations(
    call: Calling,
    wid: WorklistId,
    rid: ResourceId,
    all: bool = True,  # noqa: A002 - the wire's name
    annotator: str | None = None,
) -> Response:
    """Segmentations of the resource in the set; ``all=false``: one's own; ``annotator``: those of this e-mail address."""
    return _listed(
        call,
        call.services.labels.labels_in_set(
            call.actor, wid, rid, segmentations=True, author=_author(call, all, annotator)
        ),
    )


@router.get("/annotationsets/{wid}/resources/{rid}/annotations")
def set_annotations(
    call: Calling,
    wid: WorklistId,
    rid: ResourceId,
    all: bool = True,  # noqa: A002 - the wire's name
    annotator: str | None = None,
) -> Response:
    """Annotations of the resource in the set that are no segmentations; narrowed as segmentations are."""
    return _listed(
        call,
        call.services.labels.labels_in_set(
            call.actor, wid, rid, segmentations=False, author=_author(call, all, annotator)
        ),
    )


@router.get("/annotationsets/{wid}/resources/{rid}/ai_segmentations")
def set_ai_segmentations(call: Calling, wid: WorklistId, rid: ResourceId) -> Response:
    """Segmentations of the resource by models; only those that the set shows, where it names some."""
    return _listed(call, call.services.labels.model_segmentations(call.actor, wid, rid))


def _author(call: Call, everybody: bool, annotator: str | None) -> str | None:
    """An annotator who is named is meant, whether or not everybody is asked for."""
    return annotator or (None if everybody else call.actor.email)


def _listed(call: Call, pages: Iterator[list[LabelRow]]) -> Response:
    return array(show(call, page) for page in pages)


# -- written --------------------------------------------------------------------------------------------------------------


@router.post(
    "/annotationsets/{wid}/resources/{rid}/segmentations", openapi_extra=_form("images", many=True, payload="string")
)
async def save_segmentations(call: Calling, wid: WorklistId, rid: ResourceId, request: Request) -> Response:
    """``payload``: JSON text of ``[{id?, identifier, frame_index, width, height, set_name?, geometry?}]``; ``images``: a mask
    for each entry without a geometry, in their order, or none. An entry with an id replaces that annotation. All or none.
    """
    async with taken_form(request, call.services.uploads.begin, IMAGES) as form:
        return await run_in_threadpool(_save, call, wid, rid, form)


def _save(call: Call, wid: str, rid: str, form: FilesForm) -> Response:
    labels = call.services.labels
    given = _payload(form)
    place = place_of(call.services.items.geometry(call.actor, rid))
    ids = [found for one in given if (found := one.id("id")) is not None]
    kinds = labels.kinds_of(call.actor, ids)
    entries = [_entry(one, place, kinds.get(one.id("id") or "")) for one in given]
    return json(saved(labels.save_in_set(call.actor, wid, rid, entries, form.spools, origin=ORIGIN)))


def _payload(form: FilesForm) -> list[Fields]:
    text = form.fields.get("payload")
    if text is None:
        raise Invalid("the form has no field 'payload'", field="payload")
    listed = json_array(decode(text, "payload"), "payload")
    entries = [Fields(json_object(one, f"payload[{i}]"), f"[{i}]") for i, one in enumerate(listed)]
    for one in entries:
        one.refuse_others(*_FIELDS)
    return entries


def _entry(given: Fields, place: Place, kind: LabelKind | None) -> Entry:
    """``kind`` is what the annotation that the entry names is now, and what its geometry means."""
    raw = given.whole_object()
    geometry = raw.get("geometry")
    shown = "region" if kind is None else TYPE_OF[kind]
    raw["type"] = "segmentation" if geometry is None else given.text("type") or given.text("annotation_type") or shown
    where = given.name("")[:-1]
    label = new_label(Fields({**raw, "id": None, "scope": "frame"}, where), place)
    if geometry is not None and label.shape is None:
        raise Invalid(f"{given.name('type')}: a {raw['type']} has no geometry", field=given.name("type"))
    return Entry(replace(label, source=None), given.id("id"), given.whole("width"), given.whole("height"))


@router.post(
    "/annotationsets/{wid}/segmentation-group/upload",
    openapi_extra=_form("file", many=False, replace_existing="boolean"),
)
async def upload_group(call: Calling, wid: WorklistId, request: Request) -> Response:
    """``file`` (.yaml, .yml, .csv or .json, at most 10 MB) becomes the segmentation group; with ``replace_existing=false`` what
    is there stays as it is, and what is new is added. Answers ``{groups, added, changed, kept, removed}``.
    """
    async with taken_form(request, call.services.uploads.begin, GROUP_FILE) as form:
        return await run_in_threadpool(_upload_group, call, wid, form)


def _upload_group(call: Call, wid: str, form: FilesForm) -> Response:
    if not form.spools:
        raise Invalid("the form has no file 'file'", field="file")
    with form.spools[0].open() as source:
        file = read_segmentation_file(source.read(), form.heads[0].filename)
    replacing = flag(form.fields, "replace_existing") if "replace_existing" in form.fields else True
    change = call.services.projects.upload_segmentation_group(
        call.actor, wid, file, replace_existing=replacing, origin=ORIGIN
    )
    return json(group_change(change))
