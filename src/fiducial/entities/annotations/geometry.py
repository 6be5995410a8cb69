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
        return [_point(p) for p in points]

    @classmethod
    def from_coordinates(
        cls,
        points: Iterable[Sequence[float]],
        *,
        coords_system: CoordinateSystem = "pixel",
        frame_index: int | None = None,
        **more: Any,
    ) -> Self:
        """Geometry from what a caller has: 2 numbers are a pixel, whose frame is ``frame_index``; patient points have 3."""
        listed = [tuple(p) for p in points]
        if coords_system == "patient" and any(len(p) != 3 for p in listed):
            raise Invalid("patient coordinates have three numbers (x, y, z in mm)", field="points")
        if coords_system == "pixel":
            listed = [(p[0], p[1], p[2] if len(p) == 3 and frame_index is None else frame_index or 0) for p in listed]
        return cls.model_validate({"points": listed, "coordinate_system": coords_system, **more})

    def to_dict(self) -> dict[str, Any]:
        """As it is sent."""
        return self.model_dump(mode="json", exclude_none=True)


def _point(point: Any) -> Point3D:
    values = [0.0 if v is None else float(v) for v in point]
    if len(values) not in {2, 3}:
        raise ValueError(f"a point has 2 or 3 coordinates, not {len(values)}")
    if not all(math.isfinite(v) for v in values):
        raise ValueError(f"a point's coordinates must be finite, not {values}")
    x, y, z = (*values, 0.0)[:3]
    return x, y, z


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
