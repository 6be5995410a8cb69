"""What every shape can do.

All shapes are in pixel index coordinates ``p``: float64, x right, y down, an integer is a pixel's centre. The image of
``width`` x ``height`` pixels therefore reaches from -0.5 to ``width - 0.5`` and from -0.5 to ``height - 0.5``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Self

from fiducial.errors import Invalid
from fiducial.geometry.coordinate import Position

INSIDE_TOLERANCE = 1e-6
"""Pixels by which a coordinate may pass the image's edge and still count as on it: rounding, not a mistake."""


class Bounds(NamedTuple):
    """The smallest upright rectangle around a shape, in ``p``; left <= right, top <= bottom."""

    left: float
    top: float
    right: float
    bottom: float


class Shape(ABC):
    """A geometry on one frame (or, for a volume mask, on all slices). Frozen; equal when every number is equal."""

    __slots__ = ()

    kind: ClassVar[str]
    """The stored name of the shape, also the ``kind`` of its JSON."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """JSON-able facts with ``kind``; reading them back gives the same floats, bit for bit."""

    @classmethod
    @abstractmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The strict reverse of :meth:`to_json`; Invalid names the field that is missing, unknown or not a number."""

    @abstractmethod
    def points(self) -> tuple[Position, ...]:
        """The points a person sees or drags, in drawing order. Empty for masks."""

    def bounds(self) -> Bounds:
        return bounds_of(self.points())

    def check_inside(self, width: int, height: int, tolerance: float = INSIDE_TOLERANCE) -> None:
        """Raise Invalid, naming the coordinate, when any of the shape lies outside of the image.

        The image's own edges (-0.5 and ``width - 0.5``) are inside. ``tolerance`` is in pixels.
        """
        bounds = self.bounds()
        low = -0.5 - tolerance
        high = (width - 0.5 + tolerance, height - 0.5 + tolerance)
        if bounds.left >= low and bounds.top >= low and bounds.right <= high[0] and bounds.bottom <= high[1]:
            return
        name, value, axis = _first_outside(self, bounds, low, high)
        size = (width, height)[axis]
        raise Invalid(
            f"{self.kind}.{name} is {value:.10g}, outside of the image, which reaches from -0.5 to {size - 0.5:g}",
            field=f"{self.kind}.{name}",
            value=value,
            width=width,
            height=height,
        )


def bounds_of(points: tuple[Position, ...]) -> Bounds:
    """The bounds of one or more points."""
    xs = [x for x, _ in points]
    ys = [y for _, y in points]
    return Bounds(min(xs), min(ys), max(xs), max(ys))


def _first_outside(shape: Shape, bounds: Bounds, low: float, high: Position) -> tuple[str, float, int]:
    """(name, value, 0 for x or 1 for y) of the first coordinate that is out."""
    for index, point in enumerate(shape.points()):
        for axis, value in enumerate(point):
            if not low <= value <= high[axis]:
                return f"points[{index}].{'xy'[axis]}", value, axis
    # A curve can leave the image although the points that define it do not.
    for position, name in enumerate(Bounds._fields):
        if not low <= bounds[position] <= high[position % 2]:
            return name, bounds[position], position % 2
    raise AssertionError("called for a shape that is inside")
