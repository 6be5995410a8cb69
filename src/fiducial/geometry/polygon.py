"""A polygon of one or more parts, each with holes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, ClassVar, Self

from fiducial.errors import Invalid
from fiducial.geometry.base import Bounds, Shape, bounds_of
from fiducial.geometry.coordinate import Position, check_keys, positions
from fiducial.geometry.mask import Mask
from fiducial.geometry.scanline import ring_toggles

Ring = tuple[Position, ...]
Part = tuple[Ring, ...]
"""The outer ring, then its holes."""

_KEYS = frozenset({"parts"})
LEAST_POINTS = 2
"""Three make an area, but a client may save a closed region of two, and it gets back what it saved."""


@dataclass(frozen=True, slots=True)
class Polygon(Shape):
    """Closed rings; the last point joins the first and need not be repeated (a repeated one is kept as written).

    Inside of a part is decided by even-odd over its rings, so the direction of a ring does not matter; the polygon is
    the union of its parts.
    """

    kind: ClassVar[str] = "polygon"

    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        parts = _listed(self.parts, "polygon.parts")
        object.__setattr__(self, "parts", tuple([_part(p, f"polygon.parts[{i}]") for i, p in enumerate(parts)]))

    @classmethod
    def of(cls, outer: Iterable[Position], *holes: Iterable[Position]) -> Self:
        """One part."""
        return cls(((tuple(outer), *(tuple(hole) for hole in holes)),))

    def points(self) -> tuple[Position, ...]:
        """All points, part by part, outer ring before holes."""
        return tuple([point for part in self.parts for ring in part for point in ring])

    def bounds(self) -> Bounds:
        if len(self.parts) == 1 and len(self.parts[0]) == 1:
            return bounds_of(self.parts[0][0])
        return bounds_of(self.points())

    def to_json(self) -> dict[str, Any]:
        parts = [[[[x, y] for x, y in ring] for ring in part] for part in self.parts]
        return {"kind": "polygon", "parts": parts}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        check_keys(data, "polygon", _KEYS)
        return cls(data["parts"])

    def rasterise(self, width: int, height: int) -> Mask:
        """The pixels whose centre is inside, by the rule of :mod:`fiducial.geometry.scanline`."""
        masks = (Mask.from_toggles(height, width, ring_toggles(part, width, height)) for part in self.parts)
        return reduce(Mask.union, masks)


def join_parts(polygons: Iterable[Polygon]) -> Polygon:
    """One polygon that has the parts of all, in order."""
    return Polygon(tuple(part for polygon in polygons for part in polygon.parts))


def _part(rings: object, field: str) -> Part:
    listed = _listed(rings, field)
    return tuple([positions(ring, f"{field}[{i}]", LEAST_POINTS) for i, ring in enumerate(listed)])


def _listed(value: object, field: str) -> list[object]:
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise Invalid(f"{field} is not a list: {value!r}", field=field)
    listed = list(value)
    if not listed:
        raise Invalid(f"{field} is empty", field=field)
    return listed
