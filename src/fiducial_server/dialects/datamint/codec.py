"""Create-items of the wire as labels to be written.

Points in pixels become the stored shape at once. Points in mm are kept as they came, and the shape is computed beside them
from the item's geometry (one-truth, 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from fiducial.errors import Invalid
from fiducial.geometry.base import Shape
from fiducial.geometry.circle import Circle
from fiducial.geometry.datamint_points import SHAPE_VALUE, datamint_frame, from_datamint
from fiducial_server.dialects.datamint.body import Fields, json_object
from fiducial_server.dialects.datamint.place import Place, require_on_item
from fiducial_server.dialects.datamint.types import VALUE_TYPES, checked_type
from fiducial_server.model.label import LabelKind, NewLabel, Source

INSTANCE_VALUE = "instance"
"""Name of the entry of ``values`` that says which annotations are one thing over several frames."""

_DEPTH = 2
"""Place of the third number in a point."""

_MEASURES = frozenset({LabelKind.DISTANCE, LabelKind.AREA, LabelKind.ANGLE})


def new_labels(items: Sequence[Any], place: Place) -> list[NewLabel]:
    """The labels that an array of create-items asks for; Invalid names the item's place in the array and the field."""
    return [new_label(Fields(json_object(item, f"[{i}]"), f"[{i}]"), place) for i, item in enumerate(items)]


def new_label(item: Fields, place: Place) -> NewLabel:
    """One create-item (datamint-wire, 4.3)."""
    kind = checked_type(item.raw("type") or item.raw("annotation_type"), item.name("type"))
    scope = _scope(item)
    if kind in VALUE_TYPES:
        label = _value(item, VALUE_TYPES[kind], _frames(item, scope, place))
    elif kind == "segmentation":
        label = _segmentation(item, _frames(item, scope, place), place)
    else:
        label = _shape(item, kind, scope, place)
    return replace(label, **facts(item), attributes=_attributes(item), instance=_instance(item))


def facts(item: Fields) -> dict[str, Any]:
    """Who, by what, where from: the same for labels of every kind."""
    model_id = item.text("model_id")
    confidence = item.raw("confiability")
    if confidence is not None and not _is_number(confidence):
        raise item.wrong("confiability", "a finite number")
    return {
        "annotation_set_id": item.id("annotation_worklist_id"),
        "project_id": item.id("project_id"),
        "source": source(item.text("source"), item.name("source")),
        "is_model": True if model_id else item.flag("is_model"),
        "model_id": model_id,
        "confidence": 1.0 if confidence is None else float(confidence),
        "imported_from": item.text("imported_from"),
        "author_email": item.text("import_author"),
        "set_name": item.text("set_name"),
    }


def source(text: str | None, field: str = "source") -> Source | None:
    """A source by its word; Invalid lists those that exist."""
    if not text:
        return None
    try:
        return Source(text)
    except ValueError:
        raise Invalid(f"{field} must be one of {', '.join(Source)}, not {text[:80]!r}", field=field) from None


# -- frames ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Frames:
    start: int | None = None
    end: int | None = None


def _scope(item: Fields) -> str:
    scope = item.text("scope")
    if scope is None:
        return "image" if item.raw("frame_index") is None and item.raw("frame_range") is None else "frame"
    if scope not in {"image", "frame"}:
        raise item.wrong("scope", "'image' or 'frame'")
    return scope


def _frames(item: Fields, scope: str, place: Place) -> _Frames:
    """The frames that the item names. An image of one frame has only that one to mean."""
    named = _named_frames(item, place)
    if scope == "image":
        return _Frames()
    if named is not None:
        return named
    if place.frame_count <= 1:
        return _Frames(0, 0)
    raise Invalid(f"{item.name('frame_index')} is missing: scope is 'frame'", field=item.name("frame_index"))


def _named_frames(item: Fields, place: Place) -> _Frames | None:
    index, ends = item.whole("frame_index"), item.raw("frame_range")
    if ends is None:
        return None if index is None else _Frames(*(_in_range(item, "frame_index", index, place),) * 2)
    if not isinstance(ends, list) or len(ends) != 2 or any(type(end) is not int for end in ends):
        raise item.wrong("frame_range", "[first, last], both frames in")
    if ends[1] < ends[0]:
        raise item.wrong("frame_range", "[first, last] with first <= last")
    for end in ends:
        _in_range(item, "frame_range", end, place)
    return _Frames(ends[0], ends[1])


def _in_range(item: Fields, field: str, frame: int, place: Place) -> int:
    if frame < 0 or (place.frame_count > 0 and frame >= place.frame_count):
        raise Invalid(
            f"{item.name(field)} is {frame}, out of range: the image has frames 0 to {place.frame_count - 1}",
            field=item.name(field),
            frame_count=place.frame_count,
        )
    return frame


# -- values ---------------------------------------------------------------------------------------------------------------


def _value(item: Fields, kind: LabelKind, frames: _Frames) -> NewLabel:
    value, unit = item.raw("value"), item.text("units")
    label = NewLabel(kind, item.required_text("identifier"), frames.start, frames.end, unit=unit)
    if kind is LabelKind.FLAG:
        return label
    if kind in {LabelKind.INTEGER, LabelKind.FLOAT}:
        return replace(label, numeric_value=_number(item, value, kind))
    if not isinstance(value, str):
        raise item.wrong("value", "a text")
    return replace(label, text_value=value)


def _number(item: Fields, value: Any, kind: LabelKind) -> float:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise item.wrong("value", "a number") from None
    if not _is_number(value):
        raise item.wrong("value", "a finite number")
    if kind is LabelKind.INTEGER and not float(value).is_integer():
        raise item.wrong("value", "a whole number")
    return float(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _attributes(item: Fields) -> tuple[Mapping[str, Any], ...]:
    own = {SHAPE_VALUE, INSTANCE_VALUE}
    return tuple(entry for entry in item.objects("values") if entry.get("name") not in own)


def _instance(item: Fields) -> str | None:
    found = [entry.get("value") for entry in item.objects("values") if entry.get("name") == INSTANCE_VALUE]
    return found[0] if found and isinstance(found[0], str) else item.text("instance")


# -- shapes ---------------------------------------------------------------------------------------------------------------


def _segmentation(item: Fields, frames: _Frames, place: Place) -> NewLabel:
    volume = frames.start is None and place.frame_count > 1
    kind = LabelKind.VOLUME_MASK if volume else LabelKind.MASK
    return NewLabel(kind, item.required_text("identifier"), frames.start, frames.end)


def _shape(item: Fields, kind: str, scope: str, place: Place) -> NewLabel:
    geometry = item.raw("geometry")
    if isinstance(geometry, list):
        geometry = {"points": geometry}
    if not isinstance(geometry, dict):
        raise Invalid(f"{item.name('geometry')} is missing: a {kind} needs its points", field=item.name("geometry"))
    try:
        system = geometry.get("coordinate_system")
        if system == "patient" and not place.in_mm:
            raise Invalid("the points are in patient coordinates, and this item has no place in the patient")
        in_mm = place.in_mm and system in {None, "patient"}
        if in_mm and not _without_depth(geometry):
            label = _from_patient(item, kind, scope, geometry, place)
        else:
            label = _from_pixels(item, kind, scope, geometry, place)
    except Invalid as error:
        if error.message.startswith("["):
            raise
        raise Invalid(f"{item.name('geometry')}: {error.message}", **error.details) from None
    return _with_value(item, label)


def _without_depth(geometry: Mapping[str, Any]) -> bool:
    """Whether every point's third number is null, as old clients send columns and rows of an image of one frame.

    Points in mm have three numbers, so such points are pixels, whatever the item is.
    """
    points = geometry.get("points")
    if not isinstance(points, list) or not points:
        return False
    return all(isinstance(point, list) and len(point) == _DEPTH + 1 and point[_DEPTH] is None for point in points)


def _from_pixels(item: Fields, kind: str, scope: str, geometry: Mapping[str, Any], place: Place) -> NewLabel:
    shape = from_datamint(kind, geometry, item.objects("values"))
    frames = _named_frames(item, place)
    if frames is None:
        depth = datamint_frame(geometry) if scope == "frame" or place.frame_count > 1 else None
        frames = _Frames() if depth is None and place.frame_count > 1 else _Frames(*(depth or 0,) * 2)
        if frames.start is None and scope == "frame":
            raise Invalid("frame_index is missing, and the points name no frame either", field="frame_index")
        if frames.start is not None:
            _in_range(item, "geometry", frames.start, place)
    extra = {name: geometry[name] for name in ("viewPlaneNormal", "viewUp") if geometry.get(name) is not None}
    return NewLabel(
        LabelKind(shape.kind),
        item.required_text("identifier"),
        frames.start,
        frames.end,
        shape.to_json(),
        extra={
            **({"scope": "image"} if scope == "image" and frames.start is not None else {}),
            **_rim(shape, geometry),
            **extra,
        },
    )


def _rim(shape: Shape, geometry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where on a circle's rim its writer put the point: a radius does not say, and it is given back there."""
    return {"rim": list(geometry["points"][1][:2])} if isinstance(shape, Circle) else {}


def _from_patient(item: Fields, kind: str, scope: str, geometry: Mapping[str, Any], place: Place) -> NewLabel:
    placed = place.to_pixels(geometry)
    require_on_item(placed, place, item.name("geometry"))
    shape = from_datamint(kind, placed.geometry, item.objects("values"))
    named = _named_frames(item, place)
    frames = named if named is not None and named.start != named.end else _Frames(placed.frame, placed.frame)
    extra: dict[str, Any] = {"scope": scope}
    if scope == "frame" and named is not None and named.start != frames.start:
        extra["frame_index"] = named.start  # as its writer counts frames; the points in mm say where it is
    if placed.frame is None:
        extra["off_plane_mm"] = placed.off_plane_mm
    points: dict[str, Any] = {**geometry}
    if place.frame_of_reference_uid:
        points["frame_of_reference_uid"] = place.frame_of_reference_uid
    return NewLabel(
        LabelKind(shape.kind),
        item.required_text("identifier"),
        frames.start,
        frames.end,
        shape.to_json(),
        patient_points=points,
        extra=extra,
    )


def _with_value(item: Fields, label: NewLabel) -> NewLabel:
    """A shape may carry a free text, and a measurement its number."""
    value = item.raw("value")
    if label.kind in _MEASURES and _is_number(value):
        return replace(label, numeric_value=float(value), unit=item.text("units"))
    if value is not None and not isinstance(value, str):
        raise item.wrong("value", "a text")
    return replace(label, text_value=value, unit=item.text("units"))
