"""Annotations: written as arrays of create-items, read one per frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from fiducial.errors import FiducialError, Invalid, Unsupported
from fiducial_server.dialects.datamint.body import Fields, decode, json_object
from fiducial_server.dialects.datamint.call import (
    ORIGIN,
    PAGE,
    AnnotationId,
    Call,
    Calling,
    JsonArray,
    JsonObject,
    Limit,
    Offset,
    ResourceId,
)
from fiducial_server.dialects.datamint.codec import facts, new_labels, source
from fiducial_server.dialects.datamint.intake import Form
from fiducial_server.dialects.datamint.place import Place, place_of, place_of_item
from fiducial_server.dialects.datamint.ranges import send
from fiducial_server.dialects.datamint.types import VALUE_TYPES, checked_type, kinds_of
from fiducial_server.dialects.datamint.wire.annotation import (
    annotation,
    frame_range_change,
    frame_track,
    needs_place,
)
from fiducial_server.dialects.datamint.wire.listing import done, json, listed
from fiducial_server.dialects.datamint.wire.moment import moment
from fiducial_server.model.frame_track import FrameRange, FrameValue
from fiducial_server.model.ids import parse_id
from fiducial_server.model.item import Item, ItemFilter
from fiducial_server.model.label import LabelFilter, LabelKind, LabelRow, NewLabel
from fiducial_server.model.times import from_iso

router = APIRouter(tags=["annotations"])

_DELETED = ("exclude", "include", "only")


# -- lists ----------------------------------------------------------------------------------------------------------------


@router.post("/annotations/search")
def search(call: Calling, body: JsonObject) -> Response:
    """Annotations of exactly the resources asked for, narrowed; ``offset`` and ``limit`` may be texts."""
    offset, limit = body.whole("offset") or 0, body.whole("limit")
    limit = PAGE if limit is None else limit
    if offset < 0 or not 1 <= limit <= PAGE:
        raise Invalid(f"offset must be at least 0 and limit 1 to {PAGE}, not {offset} and {limit}", field="limit")
    return _listed(call, narrowing(body), offset, limit)


@router.get("/annotations")
def list_annotations(
    call: Calling,
    *,
    resource_id: str | None = None,
    annotation_type: str | None = None,
    annotator_email: Annotated[str | None, Query(alias="annotatorEmail")] = None,
    created_from: Annotated[str | None, Query(alias="from")] = None,
    created_to: Annotated[str | None, Query(alias="to")] = None,
    dataset_id: str | None = None,
    annotation_worklist_id: str | None = None,
    status: str | None = None,
    offset: Offset = 0,
    limit: Limit = PAGE,
) -> Response:
    """The same list as older clients ask for it."""
    given = {
        "resource_id": resource_id,
        "annotation_type": annotation_type,
        "annotatorEmail": annotator_email,
        "from": created_from,
        "to": created_to,
        "dataset_id": dataset_id,
        "annotation_worklist_id": annotation_worklist_id,
        "status": status,
    }
    return _listed(call, narrowing(Fields({name: value or None for name, value in given.items()})), offset, limit)


def narrowing(body: Fields) -> LabelFilter:
    """What a search asks for. ``resource_ids`` that is there but empty finds nothing."""
    one, many = body.id("resource_id"), body.ids("resource_ids")
    ids = (one,) if one else many if body.raw("resource_ids") is not None else None
    deleted = body.raw("deleted")
    if deleted is None or isinstance(deleted, bool):
        deleted = "include" if deleted else "exclude"
    if deleted not in _DELETED:
        raise body.wrong("deleted", f"one of {', '.join(_DELETED)}")
    kind, start, end = body.text("annotation_type"), body.text("from"), body.text("to")
    return LabelFilter(
        item_ids=ids,
        kinds=kinds_of(kind) if kind else None,
        created_by=body.text("annotatorEmail") or None,
        created_from=from_iso(start, "from") if start else None,
        created_to=from_iso(end, "to") if end else None,
        dataset_id=body.id("dataset_id"),
        project_id=body.id("project_id"),
        annotation_set_id=body.id("annotation_worklist_id"),
        status=body.text("status") or None,
        source=source(body.text("source")),
        deleted=deleted,
    )


def _listed(call: Call, wanted: LabelFilter, offset: int, limit: int) -> Response:
    labels = call.services.labels
    if wanted.item_ids == ():
        return listed([], 0)
    rows = labels.rows_at(call.actor, wanted, offset=offset, limit=limit)
    shown = show(call, rows)
    if len(rows) < limit and (rows or offset == 0):
        return listed(shown, offset + len(rows))
    return listed(shown, *labels.bounded_count(call.actor, wanted))


def show(call: Call, rows: Sequence[LabelRow]) -> list[dict[str, Any]]:
    """Rows as annotations; where their items are in the patient is read once for all."""
    wanted = tuple({row.label.item_id for row in rows if needs_place(row)})
    places = {item.id: _place(call, item) for item in _items(call, wanted)}
    return [annotation(row, places.get(row.label.item_id, Place(0))) for row in rows]


def _items(call: Call, ids: tuple[str, ...]) -> list[Item]:
    found: list[Item] = []
    for start in range(0, len(ids), 500):
        asked = ItemFilter(ids=ids[start : start + 500], deleted="include")
        found += call.services.items.page(call.actor, asked, limit=500).rows
    return found


def _place(call: Call, item: Item) -> Place:
    place = place_of_item(item)
    if place.in_mm or item.frame_count <= 1 or item.format != "dicom":
        return place
    try:
        return place_of(call.services.items.geometry(call.actor, item.id))
    except FiducialError:
        return place  # the file cannot say where its frames are: pixels it is


@router.post("/annotations/delete-batch")
def delete_batch(call: Calling, body: JsonObject) -> Response:
    """``{ids}``; all or none."""
    call.services.labels.delete(call.actor, body.ids("ids"), origin=ORIGIN)
    return done()


# -- one ------------------------------------------------------------------------------------------------------------------


@router.get("/annotations/{aid}")
def get_annotation(call: Calling, aid: AnnotationId) -> Response:
    """One annotation."""
    return json(show(call, [call.services.labels.get_row(call.actor, aid)])[0])


@router.patch("/annotations/{aid}")
def patch_annotation(call: Calling, aid: AnnotationId, body: JsonObject) -> Response:
    """``identifier``, ``project_id``; also ``value``, ``units``, ``confiability`` and ``set_name``."""
    if body.has("geometry"):
        raise Unsupported("changing an annotation's geometry is not available yet: delete it and create it anew")
    row = call.services.labels.patch(call.actor, aid, _changes(body), origin=ORIGIN)
    return json(show(call, [row])[0])


def _changes(body: Fields) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if body.raw("identifier") is not None:
        changes["identifier"] = body.required_text("identifier")
    if body.raw("project_id") is not None:
        changes["project_id"] = body.id("project_id")
    if body.has("value"):
        value = body.raw("value")
        changes["text_value" if value is None or isinstance(value, str) else "numeric_value"] = value
    renamed = {"units": "unit", "confiability": "confidence", "set_name": "set_name"}
    return {**changes, **{mine: body.raw(name) for name, mine in renamed.items() if body.has(name)}}


@router.patch("/annotations/{aid}/approve")
def approve(call: Calling, aid: AnnotationId) -> Response:
    """Say that it is right."""
    return json(show(call, [call.services.labels.approve(call.actor, aid, origin=ORIGIN)])[0])


@router.delete("/annotations/{aid}")
def delete_annotation(call: Calling, aid: AnnotationId) -> Response:
    """Delete softly; on one frame of a range, only there."""
    call.services.labels.delete(call.actor, [aid], origin=ORIGIN)
    return done()


@router.get("/annotations/{aid}/history")
def history(call: Calling, aid: AnnotationId) -> Response:
    """Who changed it, when, from what to what."""
    entries = call.services.labels.history(call.actor, aid)
    return json([{**asdict(entry), "at": moment(entry.at)} for entry in entries])


# -- written --------------------------------------------------------------------------------------------------------------


@router.post("/annotations/{rid}/annotations")
def create(call: Calling, rid: ResourceId, body: JsonArray) -> Response:
    """An array of create-items -> their ids in the same order; all or none."""
    place = place_of(call.services.items.geometry(call.actor, rid))
    return json(call.services.labels.create(call.actor, rid, new_labels(body, place), origin=ORIGIN))


@router.get("/annotations/{rid}/annotations/{aid}/file")
def annotation_file(call: Calling, rid: ResourceId, aid: AnnotationId) -> Response:
    """The mask: the bytes as they were uploaded, else PNG or NIfTI made from what is stored."""
    return send(call.services.labels.file(call.actor, rid, aid), call.headers)


def attach_file(call: Call, form: Form) -> Response:
    """``POST /annotations/{rid}/annotations/{aid}/file``: the mask of a segmentation, part ``file``."""
    rid, aid = parse_id(form.path["rid"], "resource id"), parse_id(form.path["aid"], "annotation id")
    labels = call.services.labels
    row = labels.attach_file(call.actor, rid, aid, form.intake.flush(), form.head.mimetype, origin=ORIGIN)
    return json(show(call, [row])[0])


def create_volume(call: Call, form: Form) -> Response:
    """``POST /annotations/{rid}/segmentations/file``: a NIfTI label map, split into one segmentation per label."""
    rid = parse_id(form.path["rid"], "resource id")
    fields = Fields({name: value or None for name, value in form.fields.items()})
    # The identifier of each label comes from the map; this one only carries what is the same for all.
    defaults = NewLabel(LabelKind.VOLUME_MASK, "segmentation", **facts(fields))
    names = names_of(form.fields.get("segmentation_map"))
    ids = call.services.labels.create_volume(call.actor, rid, form.intake.flush(), names, defaults, origin=ORIGIN)
    return json(ids)


def names_of(text: str | None) -> dict[int, str]:
    """``{"1": "liver"}`` as JSON text: the value of a voxel to what it is called."""
    if not text:
        return {}
    given = json_object(decode(text, "segmentation_map"), "segmentation_map")
    names: dict[int, str] = {}
    for key, name in given.items():
        if not key.lstrip("-").isdigit() or not isinstance(name, str) or not name.strip():
            raise Invalid(
                f"segmentation_map must map whole numbers to names, not {key[:40]!r} to {str(name)[:40]!r}",
                field="segmentation_map",
            )
        names[int(key)] = name
    return names


# -- frame ranges ---------------------------------------------------------------------------------------------------------


@router.put("/annotations/{rid}/frame-ranges")
def set_frame_ranges(call: Calling, rid: ResourceId, body: JsonObject) -> Response:
    """The whole track of one identifier becomes ``values``; ranges are half-open here."""
    kind = VALUE_TYPES.get(checked_type(body.raw("type"), "type"))
    if kind is None:
        raise Invalid(f"type must be one of {', '.join(VALUE_TYPES)}, not {body.raw('type')!r}", field="type")
    change = call.services.labels.set_frame_ranges(
        call.actor,
        rid,
        identifier=body.required_text("identifier"),
        kind=kind,
        values=[frame_value(Fields(v, f"values[{i}]"), kind) for i, v in enumerate(body.objects("values"))],
        annotation_set_id=body.id("annotation_worklist_id"),
        source=source(body.text("source")),
        model_id=body.text("model_id"),
        origin=ORIGIN,
    )
    return json(frame_range_change(change))


def frame_value(entry: Fields, kind: LabelKind) -> FrameValue:
    """``{value, frame_ranges: [{start, end}]}``, half-open, as inclusive ranges."""
    ranges = [Fields(r, entry.name(f"frame_ranges[{i}]")) for i, r in enumerate(entry.objects("frame_ranges"))]
    value = entry.raw("value")
    numeric = kind in {LabelKind.INTEGER, LabelKind.FLOAT}
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float if numeric else str)):
        raise entry.wrong("value", "a number" if numeric else "a text")
    return FrameValue(tuple(_inclusive(entry) for entry in ranges), value)


def _inclusive(entry: Fields) -> FrameRange:
    start, end = entry.whole("start"), entry.whole("end")
    if start is None or end is None or start < 0 or end <= start:
        raise Invalid(
            f"{entry.name('start')} and end must be frames with 0 <= start < end, not {start} and {end}",
            field=entry.name("start"),
        )
    return start, end - 1


@router.get("/annotations/{rid}/frame-ranges")
def frame_ranges(
    call: Calling, rid: ResourceId, annotation_worklist_id: str | None = None, created_by: str | None = None
) -> Response:
    """One record per identifier, value and author; ranges half-open."""
    set_id = parse_id(annotation_worklist_id, "annotation_worklist_id") if annotation_worklist_id else None
    tracks = call.services.labels.frame_ranges(call.actor, rid, annotation_set_id=set_id, created_by=created_by)
    return json([frame_track(track) for track in tracks])
