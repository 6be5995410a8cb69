"""Shapes as Datamint's wire has them: an annotation type, points ``[x, y, frame]``, and ``values`` beside them.

What the points alone cannot say (a hole, an angle, a keypoint's name) is in one entry of ``values`` named
``fiducial.shape``. Points win: an entry is believed only where it agrees with the points beside it, so a label that a
Datamint client moved comes back moved, and one it reshaped comes back as the outline that it drew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import hypot
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from fiducial.errors import Invalid, Unsupported
from fiducial.geometry.angle import Angle
from fiducial.geometry.area import Area
from fiducial.geometry.base import Shape
from fiducial.geometry.box import Box
from fiducial.geometry.circle import Circle
from fiducial.geometry.coordinate import Position, json_object, number
from fiducial.geometry.datamint_patient import datamint_to_patient as datamint_to_patient  # noqa: PLC0414  # one place to
from fiducial.geometry.datamint_patient import datamint_to_pixels as datamint_to_pixels  # noqa: PLC0414  # import from
from fiducial.geometry.distance import Distance
from fiducial.geometry.ellipse import Ellipse
from fiducial.geometry.keypoints import Keypoints
from fiducial.geometry.line import Line
from fiducial.geometry.mask import Mask
from fiducial.geometry.measurement import Measurement, Spacing, checked_spacing
from fiducial.geometry.nifti_mask import label_map_from_nifti, volume_mask_to_nifti
from fiducial.geometry.png import SIGNATURE as PNG_SIGNATURE
from fiducial.geometry.png import mask_from_png, mask_to_png
from fiducial.geometry.point import Point
from fiducial.geometry.polygon import Part, Polygon
from fiducial.geometry.polyline import Polyline
from fiducial.geometry.registry import shape_from_json
from fiducial.geometry.rotatable_box import RotatableBox
from fiducial.geometry.spline import Spline
from fiducial.geometry.volume_mask import VolumeMask

SHAPE_VALUE = "fiducial.shape"
"""Name of the entry of ``values`` that is ours; all other entries are attributes of the label."""

OUTLINE_POINTS = 64
"""Points by which an ellipse is drawn as a region."""

AGREES_WITHIN = 1e-3
"""Pixels by which points may differ from what the entry says, from being written in mm with few digits."""

_CORNERS, _TWO, _THREE = 4, 2, 3


@dataclass(frozen=True, slots=True)
class DatamintGeometry:
    """One annotation's part of the wire.

    ``geometry`` is ``{"points": [[x, y, frame], ...]}`` (with ``closed`` for a region and a closed spline), None for
    segmentations, whose bytes are ``file``. ``values`` holds only what this module needs.
    """

    annotation_type: str
    geometry: dict[str, Any] | None
    values: list[dict[str, Any]] = field(default_factory=list)
    file: bytes | None = None
    mimetype: str | None = None


def to_datamint(
    shape: Shape, frame: int = 0, *, spacing_yx_mm: Spacing | None = None, affine_ras: npt.ArrayLike | None = None
) -> list[DatamintGeometry]:
    """The shape as one annotation, or, for a polygon of several parts, one per part (see :func:`join_datamint`).

    Measuring shapes carry their value in ``values``, in mm when ``spacing_yx_mm`` is given; such an entry says
    ``computed`` and is no attribute of the label when a client sends it back. A volume mask is written
    with ``affine_ras`` (voxel to RAS+ mm; identity when None).
    """
    match shape:
        case Polygon():
            return _regions_of(shape, frame)
        case Mask():
            return [DatamintGeometry("segmentation", None, file=mask_to_png(shape), mimetype="image/png")]
        case VolumeMask():
            file = volume_mask_to_nifti(shape, np.eye(4) if affine_ras is None else affine_ras)
            return [DatamintGeometry("segmentation", None, file=file, mimetype="application/nifti")]
        case Distance() | Area() | Angle():
            return [_drawn(shape.kind, shape.vertices, frame, values=_measured(shape.measure, spacing_yx_mm))]
        case _:
            return [_WRITERS[type(shape)](shape, frame)]


def from_datamint(
    annotation_type: str,
    geometry: Mapping[str, Any] | Sequence[Any] | None,
    values: Sequence[Mapping[str, Any]] | None = None,
    *,
    file: bytes | None = None,
    size: tuple[int, int] | None = None,
) -> Shape:
    """The shape of one annotation whose points are pixels (for points in mm: :mod:`fiducial.geometry.datamint_patient` first).

    ``geometry`` may be the object or only the list of points. A third coordinate that is null or absent is accepted
    (:func:`datamint_frame` reads it). A segmentation is read from ``file``; ``size`` is the (width, height) it must
    have. Invalid names what is wrong.
    """
    if annotation_type == "segmentation":
        return _segmentation(file, size)
    reader = _READERS.get(annotation_type)
    if reader is None:
        raise Unsupported(f"annotation type {annotation_type!r} has no geometry that Fiducial knows")
    points, closed = _points_of(annotation_type, geometry)
    return reader(points, closed, _entry(values))


def join_datamint(shapes: Sequence[Shape], values: Sequence[Sequence[Mapping[str, Any]] | None]) -> Shape:
    """One shape of the annotations of one instance on one frame, in any order, each with its own ``values``.

    Several regions are the parts of one polygon; anything else must be alone.
    """
    if len(shapes) == 1:
        return shapes[0]
    numbered = []
    for index, (shape, own) in enumerate(zip(shapes, values, strict=True)):
        if not isinstance(shape, Polygon):
            raise Invalid(f"an instance has {len(shapes)} shapes on one frame, and one of them is a {shape.kind}")
        numbered.append((int((_entry(own) or {}).get("part", index)), shape))
    numbered.sort(key=lambda pair: pair[0])
    return Polygon(tuple(part for _, polygon in numbered for part in polygon.parts))


def datamint_frame(geometry: Mapping[str, Any] | Sequence[Any]) -> int | None:
    """The frame that the points' third coordinate says; None when none says one; Invalid when they disagree."""
    raw = geometry.get("points", ()) if isinstance(geometry, Mapping) else geometry
    third = {p[2] for p in raw if len(p) == _THREE and p[2] is not None}
    if not third:
        return None
    frame = number(third.pop(), "points[].z")
    if third or frame != int(frame):
        raise Invalid("the points' third coordinates are not one whole frame index", field="points")
    return int(frame)


# -- written ----------------------------------------------------------------------------------------------------------


def _drawn(
    kind: str, points: Sequence[Position], frame: int, values: list[dict[str, Any]] | None = None, **extra: Any
) -> DatamintGeometry:
    depth = float(frame)
    return DatamintGeometry(kind, {"points": [[x, y, depth] for x, y in points], **extra}, values or [])


def _own(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"name": SHAPE_VALUE, "value": dict(facts)}]


def _measured(measure: Callable[[Spacing | None], Measurement], spacing_yx_mm: Spacing | None) -> list[dict[str, Any]]:
    """What is measured; nothing for an angle one arm of which has no length."""
    checked_spacing(spacing_yx_mm)
    try:
        result = measure(spacing_yx_mm)
    except Invalid:
        return []
    return [{"name": result.name, "value": result.value, "unit": result.unit, "computed": True}]


def _write_box(box: Box, frame: int) -> DatamintGeometry:
    """Top left, top right, bottom left, bottom right: the client reads the first and the last as the box."""
    left, top, right, bottom = box.bounds()
    return _drawn("square", ((left, top), (right, top), (left, bottom), (right, bottom)), frame)


def _write_path(shape: Line, frame: int) -> DatamintGeometry:
    return _drawn(shape.kind, shape.vertices, frame)


def _write_spline(shape: Spline, frame: int) -> DatamintGeometry:
    closed: dict[str, Any] = {"closed": True} if shape.closed else {}
    return _drawn("spline", shape.vertices, frame, None, **closed)


def _write_polyline(shape: Polyline, frame: int) -> DatamintGeometry:
    if len(shape.vertices) == 1:  # a region needs two points
        return _drawn("point", shape.vertices, frame, _own({"kind": "polyline"}))
    return _drawn("region", shape.vertices, frame, closed=False)


def _write_outline(shape: RotatableBox | Ellipse, frame: int) -> DatamintGeometry:
    return _drawn("region", _outline(shape), frame, _own(shape.to_json()), closed=True)


def _write_circle(shape: Circle, frame: int) -> DatamintGeometry:
    if shape.is_true_circle:
        return _drawn("circle", shape.points(), frame, _own(shape.to_json()))
    return _drawn("region", _outline(shape), frame, _own(shape.to_json()), closed=True)


def _write_keypoints(shape: Keypoints, frame: int) -> DatamintGeometry:
    shown = _shown(shape)
    points = [shape.points()[index] for index in shown]
    if len(points) == 1:
        return _drawn("point", points, frame, _own(shape.to_json()))
    return _drawn("region", points, frame, _own(shape.to_json()), closed=False)


def _regions_of(polygon: Polygon, frame: int) -> list[DatamintGeometry]:
    count = len(polygon.parts)
    return [_region_of(part, index, count, frame) for index, part in enumerate(polygon.parts)]


def _region_of(part: Part, index: int, count: int, frame: int) -> DatamintGeometry:
    facts: dict[str, Any] = {"kind": "polygon"}
    if count > 1:
        facts |= {"part": index, "parts": count}
    if len(part) > 1:
        facts["holes"] = [[[x, y] for x, y in ring] for ring in part[1:]]
    return _drawn("region", part[0], frame, _own(facts) if len(facts) > 1 else [], closed=True)


def _outline(shape: RotatableBox | Ellipse | Circle) -> tuple[Position, ...]:
    if isinstance(shape, RotatableBox):
        return shape.points()
    return (shape.as_ellipse() if isinstance(shape, Circle) else shape).outline(OUTLINE_POINTS)


def _shown(shape: Keypoints) -> list[int]:
    """Indices of the points that a region goes through: the visible ones, or all when none is."""
    seen = [index for index, point in enumerate(shape.keypoints) if point.is_shown]
    return seen or list(range(len(shape.keypoints)))


_WRITERS: Mapping[type[Shape], Callable[[Any, int], DatamintGeometry]] = {
    Box: _write_box,
    RotatableBox: _write_outline,
    Ellipse: _write_outline,
    Circle: _write_circle,
    Polyline: _write_polyline,
    Line: _write_path,
    Spline: _write_spline,
    Point: lambda shape, frame: _drawn("point", shape.points(), frame),
    Keypoints: _write_keypoints,
}


# -- read -------------------------------------------------------------------------------------------------------------

_Points = tuple[Position, ...]
_Facts = Mapping[str, Any] | None
Centred = TypeVar("Centred", bound=RotatableBox | Ellipse | Circle)


def _points_of(kind: str, geometry: object) -> tuple[_Points, bool]:
    raw = geometry.get("points") if isinstance(geometry, Mapping) else geometry
    if not isinstance(raw, (list, tuple)) or not raw:
        raise Invalid(f"{kind}: geometry has no points", field="geometry.points")
    closed = geometry.get("closed") if isinstance(geometry, Mapping) else None
    if not isinstance(closed, (bool, type(None))):
        raise Invalid(f"{kind}: geometry.closed is not true or false: {closed!r}", field="geometry.closed")
    return tuple([_flat(point, f"geometry.points[{index}]") for index, point in enumerate(raw)]), bool(closed)


def _flat(point: object, field: str) -> Position:
    if not isinstance(point, (list, tuple)) or len(point) not in (_TWO, _THREE):
        raise Invalid(f"{field} is not [x, y, frame]: {point!r}", field=field)
    if len(point) == _THREE and point[2] is not None:
        number(point[2], f"{field}[2]")
    return number(point[0], f"{field}[0]"), number(point[1], f"{field}[1]")


def _entry(values: Sequence[Mapping[str, Any]] | None) -> _Facts:
    """Our own entry of ``values``; some clients send structured values as JSON text."""
    for value in values or ():
        if isinstance(value, Mapping) and value.get("name") == SHAPE_VALUE:
            facts = value.get("value")
            return json_object(_parsed(facts) if isinstance(facts, str) else facts, SHAPE_VALUE)
    return None


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        raise Invalid(f"{SHAPE_VALUE} in values is not JSON", field="values") from None


def _read_box(points: _Points, closed: bool, facts: _Facts) -> Box:
    """Four corners in any order, or, from old clients, two opposite ones."""
    if len(points) == _TWO:
        return _spanned(*points)
    if len(points) != _CORNERS:
        raise Invalid(f"square: geometry has {len(points)} points, and needs 4", field="geometry.points")
    for opposite in (3, 2, 1):  # the client's own order first
        box = _spanned(points[0], points[opposite])
        if _same_places(box.points(), points):
            return box
    raise Invalid("square: the four points are not the corners of an upright box", field="geometry.points")


def _spanned(one: Position, other: Position) -> Box:
    return Box(min(one[0], other[0]), min(one[1], other[1]), max(one[0], other[0]), max(one[1], other[1]))


def _same_places(ones: _Points, others: _Points) -> bool:
    """Whether each point of either has one of the other at its place."""
    near = [[hypot(a[0] - b[0], a[1] - b[1]) <= AGREES_WITHIN for b in others] for a in ones]
    return all(any(row) for row in near) and all(any(column) for column in zip(*near, strict=True))


def _read_circle(points: _Points, closed: bool, facts: _Facts) -> Circle:
    if len(points) != _TWO:
        raise Invalid(f"circle: geometry has {len(points)} points, and needs its centre and one of its rim")
    if facts is not None and facts.get("kind") == "circle":
        known = shape_from_json(facts)
        if isinstance(known, Circle) and (moved := _moved(known, known.points(), points)):
            return moved
    (x, y), rim = points
    return Circle(x, y, hypot(rim[0] - x, rim[1] - y))


def _read_point(points: _Points, closed: bool, facts: _Facts) -> Shape:
    if len(points) != 1:
        raise Invalid(f"point: geometry has {len(points)} points, and needs 1", field="geometry.points")
    if facts is not None and facts.get("kind") == "polyline":
        return Polyline(points)
    return _named(points, facts) or Point(*points[0])


def _read_region(points: _Points, closed: bool, facts: _Facts) -> Shape:
    kind = facts.get("kind") if facts is not None else None
    if not closed:
        return _named(points, facts) or Polyline(points)
    if facts is not None and kind in ("rotatable_box", "ellipse", "circle"):
        known = shape_from_json(facts)
        if isinstance(known, (RotatableBox, Ellipse, Circle)) and (moved := _moved(known, _outline(known), points)):
            return moved
    holes = facts.get("holes", []) if facts is not None and kind == "polygon" else []
    if not isinstance(holes, list):
        raise Invalid(f"{SHAPE_VALUE} in values: holes is not a list", field="values")
    return Polygon(((points, *holes),))


def _named(points: _Points, facts: _Facts) -> Keypoints | None:
    """The keypoints of ``facts``, at ``points``, when there are as many as it shows."""
    if facts is None or facts.get("kind") != "keypoints":
        return None
    known = Keypoints.from_json(facts)
    shown = _shown(known)
    if len(shown) != len(points):
        return None
    each = list(known.keypoints)
    for index, (x, y) in zip(shown, points, strict=True):
        each[index] = replace(each[index], x=x, y=y)
    return Keypoints(tuple(each))


def _moved(known: Centred, drawn: _Points, points: _Points) -> Centred | None:
    """``known``, shifted to where ``points`` are; None when they are more than a shift of what it draws."""
    if len(drawn) != len(points):
        return None
    dx, dy = points[0][0] - drawn[0][0], points[0][1] - drawn[0][1]
    for (ax, ay), (bx, by) in zip(drawn, points, strict=True):
        if hypot(ax + dx - bx, ay + dy - by) > AGREES_WITHIN:
            return None
    return known if hypot(dx, dy) <= AGREES_WITHIN else replace(known, x=known.x + dx, y=known.y + dy)


def _segmentation(file: bytes | None, size: tuple[int, int] | None) -> Shape:
    if file is None:
        raise Invalid("segmentation: the file is missing", field="file")
    if file.startswith(PNG_SIGNATURE):
        return mask_from_png(file, size)
    found = label_map_from_nifti(file)
    every = list(found.labels.values())
    if len(every) > 1:
        raise Invalid(
            f"segmentation: the file holds {len(every)} labels, and one annotation is one label", field="file"
        )
    mask = every[0] if every else VolumeMask(found.shape, {})
    if size is not None:
        mask.check_inside(*size)
    return mask


def _read_path(shape: type[Line | Distance | Angle | Area]) -> Callable[[_Points, bool, _Facts], Shape]:
    return lambda points, closed, facts: shape(points)


_READERS: Mapping[str, Callable[[_Points, bool, _Facts], Shape]] = {
    "square": _read_box,
    "region": _read_region,
    "circle": _read_circle,
    "point": _read_point,
    "line": _read_path(Line),
    "distance": _read_path(Distance),
    "angle": _read_path(Angle),
    "area": _read_path(Area),
    "spline": lambda points, closed, facts: Spline(points, closed),
}
