"""What a measuring shape measures."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

from fiducial.errors import Invalid
from fiducial.geometry.coordinate import Position, number

Spacing = tuple[float, float]
"""(between rows, between columns) in mm, the order of DICOM Pixel Spacing (PS3.3 10.7.1.3)."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """``unit`` is UCUM where the image has a physical size (``mm``, ``mm2``, ``deg``), else ``px`` or ``px2``."""

    name: str
    value: float
    unit: str


def checked_spacing(spacing_yx_mm: Spacing | None) -> Spacing:
    """The spacing, or (1, 1) when there is none; zero, negative or non-finite spacing raises Invalid."""
    if spacing_yx_mm is None:
        return 1.0, 1.0
    row, column = (number(value, "spacing_yx_mm") for value in spacing_yx_mm)
    if row <= 0.0 or column <= 0.0:
        raise Invalid(f"spacing_yx_mm is {spacing_yx_mm}, and must be positive", field="spacing_yx_mm")
    return row, column


def distance_between(start: Position, end: Position, spacing_yx: Spacing) -> float:
    """Length of the straight line, in the unit of the spacing."""
    return hypot((end[0] - start[0]) * spacing_yx[1], (end[1] - start[1]) * spacing_yx[0])


def ring_area(ring: tuple[Position, ...]) -> float:
    """Area inside a simple ring in px2 (shoelace formula), never negative."""
    # Taken from the first point so that far-away small rings do not lose digits.
    x0, y0 = ring[0]
    total = 0.0
    px, py = ring[-1][0] - x0, ring[-1][1] - y0
    for x, y in ring:
        qx, qy = x - x0, y - y0
        total += px * qy - qx * py
        px, py = qx, qy
    return abs(total) / 2.0
