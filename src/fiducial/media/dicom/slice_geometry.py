"""The plane of one slice in patient space (PS3.3 C.7.6.2.1.1): LPS, mm, positions are centres of the first voxel."""

from __future__ import annotations

from math import hypot

import numpy as np

from fiducial.media.base import Affine, Array, as_affine
from fiducial.media.dicom.functional_groups import Cosines, Vector

COSINE_TOLERANCE = 1e-3
"""How far row and column may be from unit length and from a right angle, and two orientations from being the same."""


def is_orthonormal(cosines: Cosines) -> bool:
    row, column = cosines[:3], cosines[3:]
    skew = abs(sum(a * b for a, b in zip(row, column, strict=True)))
    return max(abs(hypot(*row) - 1), abs(hypot(*column) - 1), skew) <= COSINE_TOLERANCE


def normal_of(cosines: Cosines) -> Array:
    """Unit vector row x column, float64 [3]."""
    a, b, c, d, e, f = cosines
    normal = (b * f - c * e, c * d - a * f, a * e - b * d)
    return np.array(normal, np.float64) / hypot(*normal)


def plane_affine(position: Vector, cosines: Cosines, pixel_spacing: tuple[float, float], step: Array) -> Affine:
    """(column i, row j, slice k, 1) -> patient mm. ``pixel_spacing`` is (between rows, columns): the first goes
    with j (PS3.3 10.7.1.3). ``step`` is the patient vector from one slice to the next, shear included.
    """
    matrix = np.eye(4)
    matrix[:3, 0] = np.array(cosines[:3]) * pixel_spacing[1]
    matrix[:3, 1] = np.array(cosines[3:]) * pixel_spacing[0]
    matrix[:3, 2] = step
    matrix[:3, 3] = position
    return as_affine(matrix)


def single_slice_affine(
    position: Vector | None, cosines: Cosines | None, pixel_spacing: tuple[float, float] | None, thickness: float | None
) -> Affine | None:
    """Affine of a slice alone; its third axis is the normal, as long as the slice is thick (else 1 mm).

    None when position, orientation or spacing are absent or impossible.
    """
    if position is None or cosines is None or pixel_spacing is None or not is_orthonormal(cosines):
        return None
    step = normal_of(cosines) * (thickness if thickness and thickness > 0 else 1.0)
    return plane_affine(position, cosines, pixel_spacing, step)
