"""A point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from fiducial.geometry.base import Shape
from fiducial.geometry.coordinate import Position, check_keys, number

_KEYS = frozenset({"x", "y"})


@dataclass(frozen=True, slots=True)
class Point(Shape):
    """One place on the image."""

    kind: ClassVar[str] = "point"

    x: float
    y: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "x", number(self.x, "point.x"))
        object.__setattr__(self, "y", number(self.y, "point.y"))

    def points(self) -> tuple[Position, ...]:
        return ((self.x, self.y),)

    def to_json(self) -> dict[str, Any]:
        return {"kind": "point", "x": self.x, "y": self.y}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        check_keys(data, "point", _KEYS)
        return cls(data["x"], data["y"])
