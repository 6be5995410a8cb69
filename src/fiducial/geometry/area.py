"""A measured area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fiducial.geometry.measurement import Measurement, Spacing, checked_spacing, ring_area
from fiducial.geometry.vertices import VertexShape


@dataclass(frozen=True, slots=True)
class Area(VertexShape):
    """One closed ring without holes, drawn to be measured."""

    kind: ClassVar[str] = "area"
    least: ClassVar[int] = 2

    def measure(self, spacing_yx_mm: Spacing | None) -> Measurement:
        """Area in mm2, or in px2 when the image has no spacing."""
        row, column = checked_spacing(spacing_yx_mm)
        return Measurement("area", ring_area(self.vertices) * row * column, "px2" if spacing_yx_mm is None else "mm2")
