"""Shapes as Encord's wire has them: ``shape`` and one key of coordinates, in fractions of width and height.

Fractions are of edge coordinates: ``f = (p + 0.5) / size``; lengths along x are fractions of the width, along y of the
height; a circle's radius is a fraction of the width. Angles are degrees, clockwise on the screen, in pixel space.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from fiducial.errors import Invalid, Unsupported
from fiducial.geometry.angle import Angle
from fiducial.geometry.area import Area
from fiducial.geometry.base import Shape
from fiducial.geometry.box import Box
from fiducial.geometry.circle import Circle
from fiducial.geometry.compare import same_shape
from fiducial.geometry.coordinate import Position, json_object, number
from fiducial.geometry.distance import Distance
from fiducial.geometry.ellipse import Ellipse
from fiducial.geometry.encord_rle import mask_from_encord_rle, mask_to_encord_rle
from fiducial.geometry.keypoints import Keypoint, Keypoints, Visibility
from fiducial.geometry.line import Line
from fiducial.geometry.mask import Mask
from fiducial.geometry.point import Point
from fiducial.geometry.polygon import Polygon, Ring
from fiducial.geometry.polyline import Polyline
from fiducial.geometry.rotatable_box import RotatableBox
from fiducial.geometry.spline import Spline
from fiducial.geometry.vertices import VertexShape
from fiducial.geometry.volume_mask import VolumeMask

_VISIBILITY_ON_WIRE = {
    Visibility.VISIBLE: "visible",
    Visibility.INVISIBLE: "invisible",
    Visibility.OCCLUDED: "occluded",
    Visibility.SELF_OCCLUDED: "selfOccluded",
}
_VISIBILITY_READ = {word: seen for seen, word in _VISIBILITY_ON_WIRE.items()}


def to_encord(shape: Shape, width: int, height: int) -> dict[str, Any]:
    """``{"shape": ..., "<key>": ...}`` for an image of ``width`` x ``height`` pixels.

    A mask must have that size. A volume mask is one bitmask per slice: :func:`volume_to_encord`.
    """
    if isinstance(shape, (Mask, VolumeMask)):
        shape.check_inside(width, height)
    writer = _WRITERS.get(type(shape))
    if writer is None:
        raise Unsupported(f"a {shape.kind} is not one Encord shape on one frame")
    return writer(shape, _Frame(width, height))


def from_encord(wire: Mapping[str, Any], width: int, height: int, stored: Shape | None = None) -> Shape:
    """The shape of an object on a frame; keys that are not its coordinates are not looked at.

    ``stored`` is the shape that is kept for this object (on this frame, or else on another of its frames). Encord has
    one word for several kinds, so a polyline stays the line, distance, angle or spline that it was, and a polygon the
    area, where the number of points allows. Coordinates that are ``stored``'s but for rounding give ``stored`` itself,
    so that saving a row again changes nothing.
    """
    name = wire.get("shape")
    reader = _READERS.get(name) if isinstance(name, str) else None
    if reader is None:
        raise Unsupported(f"shape {name!r} is not one that Fiducial keeps on a frame", shape=str(name))
    if stored is not None and _is_as_written(wire, stored, width, height):
        return stored
    key, read = reader
    if key == "polygon":
        content = wire
    elif key in wire:
        content = wire[key]
    else:
        raise Invalid(f"an object of shape {name} lacks {key}", field=key)
    shape = read(content, _Frame(width, height))
    if stored is None:
        return shape
    kept = _as_stored(shape, stored)
    return stored if same_shape(kept, stored) else kept


def volume_to_encord(mask: VolumeMask) -> dict[int, dict[str, Any]]:
    """One bitmask per slice that is not empty, by frame: the frames of one object instance."""
    _, height, width = mask.shape
    return {frame: to_encord(plane, width, height) for frame, plane in mask.slices.items()}


def volume_from_encord(frames: Mapping[int, Mapping[str, Any]], shape: tuple[int, int, int]) -> VolumeMask:
    """Reverse of :func:`volume_to_encord`; ``shape`` is (slices, rows, columns)."""
    masks: dict[int, Mask] = {}
    for frame, wire in frames.items():
        mask = from_encord(wire, shape[2], shape[1])
        if not isinstance(mask, Mask):
            raise Invalid(f"frame {frame} of a volume mask is a {mask.kind}, and must be a bitmask", field="shape")
        masks[frame] = mask
    return VolumeMask(shape, masks)


class _Frame:
    """The size that fractions are of; multiplies and divides in one place."""

    __slots__ = ("height", "width")

    def __init__(self, width: int, height: int) -> None:
        if width < 1 or height < 1:
            raise Invalid(f"the image is {width} x {height}, and must have a pixel", field="width, height")
        self.width = width
        self.height = height

    def out(self, points: Iterable[Position]) -> list[Position]:
        w, h = self.width, self.height
        return [((x + 0.5) / w, (y + 0.5) / h) for x, y in points]

    def back(self, x: object, y: object, field: str) -> Position:
        return number(x, f"{field}.x") * self.width - 0.5, number(y, f"{field}.y") * self.height - 0.5

    def point(self, content: object, key: str, name: str) -> Position:
        """One ``{"x", "y"}``; two floats, as nearly all are, are placed without naming their fields."""
        if type(content) is dict and "z" not in content:
            x, y = content.get("x"), content.get("y")
            if type(x) is float and type(y) is float and x - x == 0.0 and y - y == 0.0:
                return x * self.width - 0.5, y * self.height - 0.5
        point = _flat(content, f"{key}.{name}")
        return self.back(point.get("x"), point.get("y"), f"{key}.{name}")


# -- written ----------------------------------------------------------------------------------------------------------


def _write_box(box: Box, frame: _Frame) -> dict[str, Any]:
    ((x, y),) = frame.out([(box.left, box.top)])
    size = {"h": box.height / frame.height, "w": box.width / frame.width}
    return {"shape": "bounding_box", "boundingBox": {**size, "x": x, "y": y}}


def _write_rotatable_box(box: RotatableBox, frame: _Frame) -> dict[str, Any]:
    ((x, y),) = frame.out([(box.x - box.width / 2, box.y - box.height / 2)])
    size = {"h": box.height / frame.height, "w": box.width / frame.width}
    return {"shape": "rotatable_bounding_box", "rotatableBoundingBox": {**size, "x": x, "y": y, "theta": box.theta}}


def _write_polygon(polygon: Polygon, frame: _Frame) -> dict[str, Any]:
    parts = [[frame.out(ring) for ring in part] for part in polygon.parts]
    flat = [[[n for point in ring for n in point] for ring in part] for part in parts]
    return {"shape": "polygon", "polygon": _numbered(parts[0][0]), "polygons": flat}


def _write_area(area: Area, frame: _Frame) -> dict[str, Any]:
    return _write_polygon(Polygon.of(area.vertices), frame)


def _write_polyline(shape: VertexShape, frame: _Frame) -> dict[str, Any]:
    return {"shape": "polyline", "polyline": _numbered(frame.out(shape.vertices))}


def _write_point(point: Point, frame: _Frame) -> dict[str, Any]:
    return {"shape": "point", "point": _numbered(frame.out(point.points()))}


def _write_circle(circle: Circle, frame: _Frame) -> dict[str, Any]:
    ((x, y),) = frame.out([(circle.x, circle.y)])
    radius = circle.radius / frame.width
    return {
        "shape": "circle",
        "circle": {"x": x, "y": y, "r": radius, "stretch": circle.stretch, "theta": circle.theta},
    }


def _write_ellipse(ellipse: Ellipse, frame: _Frame) -> dict[str, Any]:
    ((x, y),) = frame.out([(ellipse.x, ellipse.y)])
    radii = {"rx": ellipse.rx / frame.width, "ry": ellipse.ry / frame.height}
    return {"shape": "ellipse", "ellipse": {"x": x, "y": y, **radii, "theta": ellipse.theta}}


def _write_keypoints(shape: Keypoints, frame: _Frame) -> dict[str, Any]:
    skeleton = {}
    for index, (point, (x, y)) in enumerate(zip(shape.keypoints, frame.out(shape.points()), strict=True)):
        seen = None if point.visibility is None else _VISIBILITY_ON_WIRE[point.visibility]
        facts = {"color": point.color, "featureHash": point.feature_hash, "value": point.value, "visibility": seen}
        given = {name: fact for name, fact in facts.items() if fact is not None}
        skeleton[str(index)] = {"x": x, "y": y, "name": point.name, **given}
    return {"shape": "skeleton", "skeleton": skeleton}


def _write_mask(mask: Mask, frame: _Frame) -> dict[str, Any]:
    return {"shape": "bitmask", "bitmask": mask_to_encord_rle(mask)}


def _numbered(points: Iterable[Position]) -> dict[str, dict[str, float]]:
    return {str(index): {"x": x, "y": y} for index, (x, y) in enumerate(points)}


_WRITERS: Mapping[type[Shape], Callable[[Any, _Frame], dict[str, Any]]] = {
    Box: _write_box,
    RotatableBox: _write_rotatable_box,
    Polygon: _write_polygon,
    Area: _write_area,
    Polyline: _write_polyline,
    Line: _write_polyline,
    Distance: _write_polyline,
    Angle: _write_polyline,
    Spline: _write_polyline,
    Point: _write_point,
    Keypoints: _write_keypoints,
    Circle: _write_circle,
    Ellipse: _write_ellipse,
    Mask: _write_mask,
}


# -- read -------------------------------------------------------------------------------------------------------------


def _read_box(content: Any, frame: _Frame) -> Box:
    left, top, width, height = _rectangle(content, "boundingBox", frame)
    return Box(left, top, left + width, top + height)


def _read_rotatable_box(content: Any, frame: _Frame) -> RotatableBox:
    left, top, width, height = _rectangle(content, "rotatableBoundingBox", frame)
    theta = _fact(content, "theta", "rotatableBoundingBox")
    return RotatableBox(left + width / 2, top + height / 2, width, height, theta)


def _rectangle(content: Any, key: str, frame: _Frame) -> tuple[float, float, float, float]:
    w, h = _fact(content, "w", key), _fact(content, "h", key)
    if w < 0.0 or h < 0.0:
        raise Invalid(f"{key} has a negative size: w {w}, h {h}", field=key)
    left, top = frame.back(_fact(content, "x", key), _fact(content, "y", key), key)
    return left, top, w * frame.width, h * frame.height


def _read_polygon(wire: Any, frame: _Frame) -> Polygon:
    """``polygons`` when there are any, as the client decides where the two differ; else ``polygon``."""
    polygons = wire.get("polygons")
    if not polygons:
        if "polygon" not in wire:
            raise Invalid("an object of shape polygon lacks polygon and polygons", field="polygon")
        return Polygon.of(_listed(wire["polygon"], "polygon", frame))
    if not isinstance(polygons, list) or not all(isinstance(part, list) for part in polygons):
        raise Invalid("polygons is not a list of lists of rings", field="polygons")
    parts = [[_ring(r, f"polygons[{i}][{j}]", frame) for j, r in enumerate(part)] for i, part in enumerate(polygons)]
    return Polygon(tuple([tuple(part) for part in parts]))


def _ring(flat: object, field: str, frame: _Frame) -> Ring:
    if not isinstance(flat, list) or len(flat) % 2:
        raise Invalid(f"{field} is not a list of x, y, x, y ...", field=field)
    pairs = list(zip(flat[0::2], flat[1::2], strict=True))
    if all(type(n) is float and n - n == 0.0 for n in flat):
        w, h = frame.width, frame.height
        return tuple([(x * w - 0.5, y * h - 0.5) for x, y in pairs])
    return tuple([frame.back(x, y, f"{field}, point {index}") for index, (x, y) in enumerate(pairs)])


def _read_polyline(content: Any, frame: _Frame) -> Polyline:
    return Polyline(_listed(content, "polyline", frame))


def _read_point(content: Any, frame: _Frame) -> Point:
    points = _listed(content, "point", frame)
    if len(points) != 1:
        raise Invalid(f"point has {len(points)} points, and needs 1", field="point")
    return Point(*points[0])


def _read_circle(content: Any, frame: _Frame) -> Circle:
    x, y = frame.back(_fact(content, "x", "circle"), _fact(content, "y", "circle"), "circle")
    radius = _fact(content, "r", "circle") * frame.width
    return Circle(x, y, radius, _fact(content, "stretch", "circle", 1.0), _fact(content, "theta", "circle", 0.0))


def _read_ellipse(content: Any, frame: _Frame) -> Ellipse:
    x, y = frame.back(_fact(content, "x", "ellipse"), _fact(content, "y", "ellipse"), "ellipse")
    rx, ry = _fact(content, "rx", "ellipse") * frame.width, _fact(content, "ry", "ellipse") * frame.height
    return Ellipse(x, y, rx, ry, _fact(content, "theta", "ellipse", 0.0))


def _read_keypoints(content: Any, frame: _Frame) -> Keypoints:
    return Keypoints(tuple([_keypoint(p, f"skeleton.{name}", frame) for name, p in _in_order(content, "skeleton")]))


def _keypoint(content: object, field: str, frame: _Frame) -> Keypoint:
    point = _flat(content, field)
    if not isinstance(point.get("name"), str):
        raise Invalid(f"{field}.name is not text: {point.get('name')!r}", field=f"{field}.name")
    x, y = frame.back(point.get("x"), point.get("y"), field)
    facts = {"color": point.get("color"), "feature_hash": point.get("featureHash"), "value": point.get("value")}
    return Keypoint(x, y, point["name"], _seen(point, field), **facts)


def _seen(point: Mapping[str, Any], field: str) -> Visibility | None:
    """The ``visibility`` word, or, from older rows, the first true key of that name; visible comes last there."""
    word = point.get("visibility")
    if word is None:
        older = ("invisible", "occluded", "selfOccluded", "visible")
        word = next((name for name in older if point.get(name) is True), None)
    if word is None:
        return None
    if word not in _VISIBILITY_READ:
        raise Invalid(f"{field}.visibility is {word!r}, none of {', '.join(_VISIBILITY_READ)}", field=field)
    return _VISIBILITY_READ[word]


def _read_mask(content: Any, frame: _Frame) -> Mask:
    return mask_from_encord_rle(content, frame.width, frame.height)


_READERS: Mapping[str, tuple[str, Callable[[Any, _Frame], Shape]]] = {
    "bounding_box": ("boundingBox", _read_box),
    "rotatable_bounding_box": ("rotatableBoundingBox", _read_rotatable_box),
    "polygon": ("polygon", _read_polygon),
    "polyline": ("polyline", _read_polyline),
    "point": ("point", _read_point),
    "skeleton": ("skeleton", _read_keypoints),
    "bitmask": ("bitmask", _read_mask),
    "circle": ("circle", _read_circle),
    "ellipse": ("ellipse", _read_ellipse),
}


def _as_stored(shape: Shape, stored: Shape) -> Shape:
    """``shape`` as the kind of ``stored``, where Encord has only one word for both and the points allow it."""
    if isinstance(shape, Polyline) and isinstance(stored, (Line, Distance, Angle, Spline)):
        least, most = stored.least, stored.most
        fits = len(shape.vertices) >= least and (most is None or len(shape.vertices) <= most)
        return replace(stored, vertices=shape.vertices) if fits else shape
    if isinstance(shape, Polygon) and isinstance(stored, Area) and len(shape.parts) == 1 == len(shape.parts[0]):
        return Area(shape.parts[0][0])
    return shape


def _is_as_written(wire: Mapping[str, Any], stored: Shape, width: int, height: int) -> bool:
    """Whether the client sent back exactly what it was given, as it does for most objects of a row; nothing is parsed."""
    writer = _WRITERS.get(type(stored))
    if writer is None or (isinstance(stored, Mask) and (stored.width, stored.height) != (width, height)):
        return False
    return all(wire.get(key) == value for key, value in writer(stored, _Frame(width, height)).items())


def _listed(content: object, key: str, frame: _Frame) -> tuple[Position, ...]:
    return tuple([frame.point(point, key, name) for name, point in _in_order(content, key)])


def _in_order(content: object, key: str) -> list[tuple[str, object]]:
    """Points with their names; a JSON object is ordered by its keys as numbers: "10" is after "9"."""
    if isinstance(content, list):
        return [(str(index), point) for index, point in enumerate(content)]
    if not isinstance(content, Mapping):
        raise Invalid(f"{key} is not an object or list of points: {content!r}", field=key)
    if not all(isinstance(name, str) and name.isascii() and name.isdigit() for name in content):
        raise Invalid(f"{key} has a key that is not a number", field=key)
    return [(name, content[name]) for name in sorted(content, key=int)]


def _flat(content: object, field: str) -> Mapping[str, Any]:
    point = json_object(content, field)
    if point.get("z") is not None:
        raise Unsupported(f"{field} has a z: points in space are not kept on an image")
    return point


def _fact(content: Any, name: str, key: str, otherwise: float | None = None) -> float:
    value = json_object(content, key).get(name)
    return otherwise if value is None and otherwise is not None else number(value, f"{key}.{name}")
