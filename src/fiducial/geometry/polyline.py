"""An open line through points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fiducial.geometry.vertices import VertexShape


@dataclass(frozen=True, slots=True)
class Polyline(VertexShape):
    """Straight pieces through the points in order, not closed. One point alone is kept: clients can write it."""

    kind: ClassVar[str] = "polyline"
    least: ClassVar[int] = 1
    most: ClassVar[int | None] = None
