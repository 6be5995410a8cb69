"""What the shapes that are nothing but a list of points have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from fiducial.geometry.base import Shape
from fiducial.geometry.coordinate import Position, check_keys, positions

_KEYS = frozenset({"points"})


@dataclass(frozen=True, slots=True)
class VertexShape(Shape):
    """A shape given by its points in order; how many there must be is the class's own fact."""

    least: ClassVar[int] = 1
    most: ClassVar[int | None] = None

    vertices: tuple[Position, ...]

    def __post_init__(self) -> None:
        checked = positions(self.vertices, f"{self.kind}.points", self.least, self.most)
        object.__setattr__(self, "vertices", checked)

    def points(self) -> tuple[Position, ...]:
        return self.vertices

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "points": [[x, y] for x, y in self.vertices]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        check_keys(data, cls.kind, _KEYS)
        return cls(data["points"])
