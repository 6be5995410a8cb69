"""A label as this dialect's Annotation: one mark on one frame (or on the whole item)."""

from __future__ import annotations

from collections.abc import Mapping
from math import hypot
from typing import Any

from fiducial.geometry.datamint_points import to_datamint
from fiducial.geometry.registry import shape_from_json
from fiducial_server.dialects.datamint.codec import INSTANCE_VALUE
from fiducial_server.dialects.datamint.place import Place
from fiducial_server.dialects.datamint.types import TYPE_OF
from fiducial_server.dialects.datamint.wire.moment import moment
from fiducial_server.model.frame_track import FramePiece, FrameRangeChange, FrameTrack
from fiducial_server.model.label import LabelKind, LabelRow, Mark

PARTS_VALUE = "fiducial.parts"
"""Name of the entry of ``values`` that holds the other parts of a polygon, which one region cannot show."""

TOLERANCE = 1e-9
_NUMBERS = frozenset({LabelKind.INTEGER, LabelKind.FLOAT})
_NO_PLACE = Place(0)


def annotation(row: LabelRow, place: Place = _NO_PLACE) -> dict[str, Any]:
    """Every key the clients know. ``value`` stands beside ``text_value``: old clients read the one, new ones either."""
    label, mark = row.label, row.mark
    shown_type, geometry, values = _geometry(row, place)
    scope, frame_index = _where(mark)
    numeric = _numeric(label.numeric_value, label.kind)
    segmentation = shown_type == "segmentation"
    path = f"/annotations/{label.item_id}/annotations/{mark.id}/file"
    return {
        "id": mark.id,
        "identifier": label.identifier,
        "annotation_type": shown_type,
        "scope": scope,
        "frame_index": frame_index,
        "text_value": label.text_value,
        "numeric_value": numeric,
        "value": numeric if label.kind in _NUMBERS else label.text_value,
        "units": label.unit,
        "geometry": geometry,
        "values": values,
        "resource_id": label.item_id,
        "resource_filename": label.item_name,
        "resource_modality": label.item_modality,
        "annotation_worklist_id": label.annotation_set_id,
        "annotation_worklist_name": label.annotation_set_name,
        "project_id": label.project_id,
        "created_at": moment(label.created_at),
        "created_by": label.created_by,
        "updated_at": moment(label.updated_at) if label.updated_at else None,
        "import_author": label.credited_to,
        "imported_from": label.imported_from,
        "source": label.source.value,
        "is_model": label.is_model,
        "model_id": label.model_id,
        "created_by_model": label.model_id,
        "confiability": label.confidence,
        "status": label.status,
        "approved_at": moment(label.approved_at),
        "approved_by": label.approved_by,
        "deleted": label.deleted_at is not None,
        "deleted_at": moment(label.deleted_at),
        "deleted_by": label.deleted_by,
        "set_name": label.set_name,
        "associated_file": (mark.file_sha256 or mark.mask_sha256) if segmentation else None,
        "file": path if segmentation else None,
        "user_info": None,
        "revision": label.revision,
    }


def needs_place(row: LabelRow) -> bool:
    """Whether the item's geometry may be needed to show the row: a shape that no one gave in mm."""
    return row.mark.shape is not None and row.mark.patient_points is None


def _where(mark: Mark) -> tuple[str, int | None]:
    scope = mark.extra.get("scope") or ("image" if mark.frame_start is None else "frame")
    if scope == "image":
        return "image", None
    return "frame", mark.extra.get("frame_index", mark.frame_start)


def _numeric(value: float | None, kind: LabelKind) -> float | int | None:
    return int(value) if kind is LabelKind.INTEGER and value is not None else value


def _geometry(row: LabelRow, place: Place) -> tuple[str, Mapping[str, Any] | None, list[Mapping[str, Any]]]:
    label, mark = row.label, row.mark
    values: list[Mapping[str, Any]] = list(label.attributes)
    if label.instance:
        values.append({"name": INSTANCE_VALUE, "value": label.instance})
    if mark.shape is None:
        return TYPE_OF[label.kind], None, values
    frame = mark.frame_start or 0
    first, *others = to_datamint(shape_from_json(mark.shape), frame, spacing_yx_mm=place.spacing_yx_mm)
    values += first.values
    assert first.geometry is not None
    if others:
        values.append({"name": PARTS_VALUE, "value": [part.geometry for part in others]})
    return first.annotation_type, _as_written(mark, first.geometry, frame, place), values


def _as_written(mark: Mark, geometry: Mapping[str, Any], frame: int, place: Place) -> Mapping[str, Any]:
    """In mm exactly as it came, else in the item's own system."""
    if mark.patient_points is not None:
        own = {name: value for name, value in mark.patient_points.items() if name != "frame_of_reference_uid"}
        return {**{name: value for name, value in geometry.items() if name == "closed"}, **own}
    if "rim" in mark.extra and geometry["points"] and _on_rim(mark, geometry):
        centre, drawn = geometry["points"]
        geometry = {**geometry, "points": [centre, [*mark.extra["rim"], *drawn[2:]]]}
    if place.in_mm:
        return place.to_patient(geometry, frame)
    directions = {name: mark.extra[name] for name in ("viewPlaneNormal", "viewUp") if name in mark.extra}
    return {**geometry, **directions}


def _on_rim(mark: Mark, geometry: Mapping[str, Any]) -> bool:
    """Whether the kept point still lies on the circle: another dialect may have moved or resized it."""
    (x, y, *_), (rim_x, rim_y, *_) = geometry["points"]
    radius = hypot(rim_x - x, rim_y - y)
    return abs(hypot(mark.extra["rim"][0] - x, mark.extra["rim"][1] - y) - radius) <= TOLERANCE * max(1.0, radius)


def frame_range_change(change: FrameRangeChange) -> dict[str, Any]:
    """What a change of a track made and took away; ranges half-open, as these endpoints have them."""
    return {"created": [_piece(p) for p in change.created], "deleted": [_piece(p) for p in change.deleted]}


def _piece(piece: FramePiece) -> dict[str, Any]:
    return {
        "id": piece.id,
        "value": piece.value,
        "start": piece.start,
        "end": piece.end + 1,
        "frame_ranges": [{"start": piece.start, "end": piece.end + 1}],
    }


def frame_track(track: FrameTrack) -> dict[str, Any]:
    """One identifier and value over frames, half-open."""
    return {
        "identifier": track.identifier,
        "type": TYPE_OF[track.kind],
        "value": track.value,
        "created_by": track.created_by,
        "annotation_worklist_id": track.annotation_set_id,
        "source": track.source.value,
        "model_id": track.model_id,
        "frame_ranges": [{"start": first, "end": last + 1} for first, last in track.ranges],
    }
