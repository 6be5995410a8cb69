"""Whether slice positions are evenly spaced on one line, and what is wrong when they are not."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, degrees
from typing import Any

import numpy as np

from fiducial.media.base import Array, Finding, Severity
from fiducial.media.dicom.functional_groups import Cosines
from fiducial.media.dicom.slice_geometry import normal_of

OFF_GRID_TOLERANCE = 0.02
"""A slice may be off the regular grid by this part of the spacing ..."""
OFF_GRID_LEAST_MM = 0.01
"""... or by this much, which is how coarsely positions are written."""
MULTIPLE_TOLERANCE = 0.1
"""A gap that is a whole multiple of the usual one within this part of it has slices missing inside."""
TILT_DEGREES = 0.1
"""A line of slices this far from the normal is called tilted; smaller shears are in the affine all the same."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A line of slices: ``origin`` and ``step`` are patient vectors, ``spacing_mm`` the step along the normal; mm."""

    origin: Array
    step: Array
    spacing_mm: float
    findings: tuple[Finding, ...]


def fit_grid(positions: Array, orientation: Cosines) -> Grid:
    """``positions`` [slice, xyz] in mm, ascending along the normal; one alone has spacing 0."""
    normal = normal_of(orientation)
    if len(positions) < 2:
        return Grid(positions[0], normal, 0.0, ())
    distance = positions @ normal
    gaps = np.diff(distance)
    usual = float(np.median(gaps[gaps <= gaps.min() * (1 + MULTIPLE_TOLERANCE)]))
    step = (positions[-1] - positions[0]) / (len(positions) - 1)
    off = _off_grid(positions, step)
    limit = max(OFF_GRID_LEAST_MM, OFF_GRID_TOLERANCE * float(step @ normal))
    if off > limit:
        return Grid(positions[0], normal * usual, usual, (_irregular(distance, gaps, usual, off, limit),))
    spacing = float(step @ normal)
    tilt = _tilt(step, spacing, orientation)
    return Grid(positions[0], step, spacing, (tilt,) if tilt else ())


def _off_grid(positions: Array, step: Array) -> float:
    expected = positions[0] + np.arange(len(positions))[:, None] * step
    return float(np.linalg.norm(positions - expected, axis=1).max())


def _irregular(distance: Array, gaps: Array, usual: float, off: float, limit: float) -> Finding:
    ratio = gaps / usual
    whole = np.abs(ratio - np.round(ratio)) <= MULTIPLE_TOLERANCE
    wide = np.flatnonzero(np.round(ratio) > 1)
    evidence: dict[str, Any] = {"usual_gap_mm": usual, "off_grid_mm": off, "tolerance_mm": limit}
    if whole.all() and len(wide):
        where = [
            {
                "after_slice": int(k),
                "from_mm": float(distance[k]),
                "to_mm": float(distance[k + 1]),
                "missing": round(float(ratio[k])) - 1,
            }
            for k in wide[:64]
        ]
        missing = int(np.round(ratio[wide]).sum() - len(wide))
        message = f"{missing} slice(s) are missing: " + ", ".join(
            f"{w['missing']} between {w['from_mm']:.2f} and {w['to_mm']:.2f} mm" for w in where[:8]
        )
        return Finding("missing-slices", Severity.ERROR, message, {**evidence, "missing": missing, "where": where})
    evidence |= {"smallest_gap_mm": float(gaps.min()), "largest_gap_mm": float(gaps.max())}
    if np.allclose(gaps, usual, rtol=0.0, atol=limit):
        message = f"the slices are not on one straight line: off by up to {off:.3f} mm"
    else:
        message = f"the slices are {gaps.min():.3f} to {gaps.max():.3f} mm apart"
    return Finding("uneven-spacing", Severity.ERROR, message, evidence)


def _tilt(step: Array, spacing: float, orientation: Cosines) -> Finding | None:
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    shift = float(step @ row), float(step @ column)
    angle = degrees(atan2(float(np.hypot(*shift)), spacing))
    if angle < TILT_DEGREES:
        return None
    evidence = {
        "angle_degrees": angle,
        "spacing_along_normal_mm": spacing,
        "shift_along_row_mm": shift[0],
        "shift_along_column_mm": shift[1],
    }
    message = (
        f"the slices are shifted in their plane by {np.hypot(*shift):.4f} mm each ({angle:.2f} degrees, gantry tilt): "
        "the volume is sheared, and its affine says so"
    )
    return Finding("gantry-tilt", Severity.WARNING, message, evidence)
