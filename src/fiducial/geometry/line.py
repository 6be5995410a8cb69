"""A straight line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fiducial.geometry.vertices import VertexShape


@dataclass(frozen=True, slots=True)
class Line(VertexShape):
    """A straight line between two points, without a measurement (see Distance)."""

    kind: ClassVar[str] = "line"
    least: ClassVar[int] = 2
    most: ClassVar[int | None] = 2
