"""Points of annotations as they travel.

Pixel points are pixel indices: x right, y down, integer = pixel centre, and the frame (0 for a single image) in third
place. Patient points are LPS, in mm. Which of the two it is, ``coordinate_system`` says.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, field_validator

from fiducial.errors import Invalid

CoordinateSystem: TypeAlias = Literal["pixel", "patient"]
Point3D: TypeAlias = tuple[float, float, float]
_AXES = ("x", "y", "z")


class Geometry(BaseModel):
    """Points, and the plane they were drawn on where that is known."""

    model_config = ConfigDict(extra="allow")

    points: tuple[Point3D, ...]
    viewPlaneNormal: tuple[float, float, float] | None = None  # noqa: N815 - the wire's own word
    viewUp: tuple[float, float, float] | None = None  # noqa: N815 - the wire's own word
    coordinate_system: CoordinateSystem | None = None

    @field_validator("points", mode="before")
    @classmethod
    def _read(cls, points: Any) -> list[Point3D]:
        return [_point(p, n) for n, p in enumerate(points)]

    @classmethod
    def from_coordinates(
        cls,
        points: Iterable[Sequence[float]],
        *,
        coords_system: CoordinateSystem = "pixel",
        frame_index: int | None = None,
        **more: Any,
    ) -> Self:
        """Geometry from what a caller has: 2 numbers are a pixel, whose frame is ``frame_index``; patient points have 3.

        Raises :class:`~fiducial.errors.Invalid` for a point that has not 2 or 3 finite numbers, naming the coordinate.
        """
        given = [_given(p, n) for n, p in enumerate(points)]
        if coords_system == "patient" and any(len(p) != 3 for p in given):
            raise Invalid("patient coordinates have three numbers (x, y, z in mm)", field="points")
        listed = [_point(p, n) for n, p in enumerate(given)]
        if coords_system == "pixel":
            frames = [p[2] if len(p) == 3 and frame_index is None else frame_index or 0 for p in given]
            listed = [(x, y, frame) for (x, y, _), frame in zip(listed, frames, strict=True)]
        return cls.model_validate({"points": listed, "coordinate_system": coords_system, **more})

    def to_dict(self) -> dict[str, Any]:
        """As it is sent."""
        return self.model_dump(mode="json", exclude_none=True)


def require_finite(points: Any) -> None:
    """Raise Invalid unless each of the points has 2 or 3 finite numbers; the message names the coordinate."""
    if not isinstance(points, Iterable):
        raise Invalid(f"points is {points!r}, not a list of points", field="points")
    for number, point in enumerate(points):
        _point(point, number)


def _point(point: Any, number: int) -> Point3D:
    """``number`` is the point's place among its points. A coordinate that is None is 0."""
    given = _given(point, number)
    values = [_coordinate(value, f"points[{number}].{axis}") for value, axis in zip(given, _AXES, strict=False)]
    x, y, z = (*values, 0.0)[:3]
    return x, y, z


def _given(point: Any, number: int) -> tuple[Any, ...]:
    if isinstance(point, str) or not isinstance(point, Iterable):
        raise Invalid(f"points[{number}] is {point!r}, not 2 or 3 numbers", field="points")
    given = tuple(point)
    if len(given) not in {2, 3}:
        raise Invalid(f"points[{number}] has {len(given)} coordinates, not 2 or 3", field="points")
    return given


def _coordinate(value: Any, name: str) -> float:
    try:
        number = 0.0 if value is None else float(value)
    except (TypeError, ValueError):
        raise Invalid(f"{name} is {value!r}, not a number", field="points") from None
    if not math.isfinite(number):
        raise Invalid(f"{name} is {number}; it must be finite", field="points")
    return number


class LineGeometry(Geometry):
    """Two points."""

    @property
    def point1(self) -> Point3D:
        return self.points[0]

    @property
    def point2(self) -> Point3D:
        return self.points[1]


class PointGeometry(Geometry):
    """One point."""

    @property
    def point(self) -> Point3D:
        return self.points[0]


class RegionGeometry(Geometry):
    """Two or more points; ``closed`` joins the last to the first."""

    closed: bool = False


class BoxGeometry(Geometry):
    """Four corners in the order top left, top right, bottom left, bottom right."""

    @classmethod
    def from_corners(
        cls,
        point1: Sequence[float],
        point2: Sequence[float],
        *,
        coords_system: CoordinateSystem = "pixel",
        frame_index: int | None = None,
        **more: Any,
    ) -> Self:
        """A box on the image's axes from two opposite corners, in any order; patient boxes need their four corners."""
        if coords_system == "patient":
            raise Invalid("a box in patient coordinates needs its four corners: use from_coordinates", field="points")
        require_finite([point1, point2])
        left, right = sorted((point1[0], point2[0]))
        top, bottom = sorted((point1[1], point2[1]))
        corners = [(left, top), (right, top), (left, bottom), (right, bottom)]
        return cls.from_coordinates(corners, coords_system=coords_system, frame_index=frame_index, **more)

    @property
    def point1(self) -> Point3D:
        """Top left."""
        return self.points[0]

    @property
    def point2(self) -> Point3D:
        """Bottom right."""
        return self.points[-1]
