"""A measured angle."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, degrees
from typing import ClassVar

from fiducial.errors import Invalid
from fiducial.geometry.measurement import Measurement, Spacing, checked_spacing
from fiducial.geometry.vertices import VertexShape


@dataclass(frozen=True, slots=True)
class Angle(VertexShape):
    """Three points: the end of one arm, the corner, the end of the other arm."""

    kind: ClassVar[str] = "angle"
    least: ClassVar[int] = 3
    most: ClassVar[int | None] = 3

    def measure(self, spacing_yx_mm: Spacing | None) -> Measurement:
        """The angle at the corner, 0 to 180 degrees. Without spacing, pixels are taken to be square.

        An arm of length zero has no direction: Invalid.
        """
        row, column = checked_spacing(spacing_yx_mm)
        (ax, ay), (cx, cy), (bx, by) = self.vertices
        ux, uy, vx, vy = (ax - cx) * column, (ay - cy) * row, (bx - cx) * column, (by - cy) * row
        if (ux, uy) == (0.0, 0.0) or (vx, vy) == (0.0, 0.0):
            raise Invalid("angle.points: an arm has no length, so there is no angle", field="angle.points")
        # atan2 of cross and dot keeps its digits near 0 and 180 degrees, where the arc cosine loses them.
        return Measurement("angle", degrees(atan2(abs(ux * vy - uy * vx), ux * vx + uy * vy)), "deg")
