"""All shapes by the name they are stored under. A new shape is one file, and one line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fiducial.errors import Invalid
from fiducial.geometry.angle import Angle
from fiducial.geometry.area import Area
from fiducial.geometry.base import Shape
from fiducial.geometry.box import Box
from fiducial.geometry.circle import Circle
from fiducial.geometry.coordinate import json_object
from fiducial.geometry.distance import Distance
from fiducial.geometry.ellipse import Ellipse
from fiducial.geometry.keypoints import Keypoints
from fiducial.geometry.line import Line
from fiducial.geometry.mask import Mask
from fiducial.geometry.point import Point
from fiducial.geometry.polygon import Polygon
from fiducial.geometry.polyline import Polyline
from fiducial.geometry.rotatable_box import RotatableBox
from fiducial.geometry.spline import Spline
from fiducial.geometry.volume_mask import VolumeMask

_CLASSES: tuple[type[Shape], ...] = (
    Box,
    RotatableBox,
    Polygon,
    Polyline,
    Line,
    Distance,
    Area,
    Angle,
    Spline,
    Point,
    Keypoints,
    Circle,
    Ellipse,
    Mask,
    VolumeMask,
)

SHAPES: Mapping[str, type[Shape]] = {shape.kind: shape for shape in _CLASSES}


def shape_from_json(data: Mapping[str, Any]) -> Shape:
    """The shape that ``data['kind']`` names; an unknown kind raises Invalid with the list of what is known."""
    kind = json_object(data, "shape").get("kind")
    found = SHAPES.get(kind) if isinstance(kind, str) else None
    if found is None:
        raise Invalid(f"kind is {kind!r}, none of {', '.join(SHAPES)}", field="kind")
    return found.from_json(data)
