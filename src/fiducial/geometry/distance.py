"""A measured length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fiducial.geometry.measurement import Measurement, Spacing, checked_spacing, distance_between
from fiducial.geometry.vertices import VertexShape


@dataclass(frozen=True, slots=True)
class Distance(VertexShape):
    """The straight line between two points, drawn to be measured."""

    kind: ClassVar[str] = "distance"
    least: ClassVar[int] = 2
    most: ClassVar[int | None] = 2

    def measure(self, spacing_yx_mm: Spacing | None) -> Measurement:
        """Length in mm, or in px when the image has no spacing."""
        value = distance_between(self.vertices[0], self.vertices[1], checked_spacing(spacing_yx_mm))
        return Measurement("length", value, "px" if spacing_yx_mm is None else "mm")
