"""Pixels, edges, fractions and patients: one function per step, each with its reverse, exact to 1e-9.

``p``       pixel index coordinates: an integer is a pixel's centre. What is stored.
``u``       edge coordinates: ``u = p + 0.5``; the image reaches from 0 to its width.
``f``       fractions of the image, as Encord writes: ``f = u / width``; lengths are ``w_f = w_p / width``.
patient     mm, LPS (+x left, +y posterior, +z head), DICOM PS3.3 C.7.6.2.1.1. NIfTI's RAS has x and y negated.

An *affine* is 4 x 4 and maps (column i, row j, slice k, 1) to mm; integer indices are voxel centres.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fiducial.errors import Invalid
from fiducial.geometry.base import Bounds

Floats = npt.NDArray[np.float64]

HALF = 0.5
_FLIP_XY = np.diag([-1.0, -1.0, 1.0, 1.0])
_FLAT = 1e-12
"""Determinant over the product of the axes' lengths below which three axes lie in one plane."""


class PatientPixels(NamedTuple):
    """Where patient points are in a stack of slices; every array has one entry per point.

    ``x`` and ``y`` are ``p`` on the slice ``frame`` that is nearest, at the foot of the perpendicular. ``frame`` is not
    limited to slices that exist. ``distance_mm`` is how far in front of (positive: along row x column) the slice the
    point really is.
    """

    x: Floats
    y: Floats
    frame: npt.NDArray[np.int64]
    distance_mm: Floats


def pixel_to_edge(p: npt.ArrayLike) -> Floats:
    """``p`` (integer = pixel centre) to ``u`` (integer = pixel edge, 0 = the image's own): half a pixel more."""
    return finite(p, "p") + HALF


def edge_to_pixel(u: npt.ArrayLike) -> Floats:
    """``u`` (integer = pixel edge, 0 = the image's own) to ``p`` (integer = pixel centre): half a pixel less."""
    return finite(u, "u") - HALF


def pixel_to_fraction(points: npt.ArrayLike, width: int, height: int) -> Floats:
    """``[..., (x, y)]`` in ``p`` to fractions of width and height."""
    return (finite(points, "points") + HALF) / _size(width, height)


def fraction_to_pixel(points: npt.ArrayLike, width: int, height: int) -> Floats:
    """``[..., (x, y)]`` in fractions to ``p``."""
    return finite(points, "points") * _size(width, height) - HALF


def length_to_fraction(lengths: npt.ArrayLike, width: int, height: int) -> Floats:
    """``[..., (along x, along y)]`` in pixels to fractions of width and height."""
    return finite(lengths, "lengths") / _size(width, height)


def fraction_to_length(lengths: npt.ArrayLike, width: int, height: int) -> Floats:
    """``[..., (along x, along y)]`` in fractions to pixels."""
    return finite(lengths, "lengths") * _size(width, height)


def box_to_fraction(box: Bounds, width: int, height: int) -> tuple[float, float, float, float]:
    """(x, y, w, h) in fractions, x and y the top left, of a box whose sides are in ``p``."""
    x, y = pixel_to_fraction((box.left, box.top), width, height).tolist()
    w, h = length_to_fraction((box.right - box.left, box.bottom - box.top), width, height).tolist()
    return x, y, w, h


def fraction_to_box(xywh: tuple[float, float, float, float], width: int, height: int) -> Bounds:
    """Reverse of :func:`box_to_fraction`."""
    left, top = fraction_to_pixel(xywh[:2], width, height).tolist()
    across, down = fraction_to_length(xywh[2:], width, height).tolist()
    return Bounds(left, top, left + across, top + down)


def pixel_to_patient(points: npt.ArrayLike, affine: npt.ArrayLike) -> Floats:
    """``[..., (p_x, p_y, frame)]`` to ``[..., (x, y, z)]`` in mm, in the patient system of the affine."""
    matrix = checked_affine(affine)
    return _triples(points, "points") @ matrix[:3, :3].T + matrix[:3, 3]


def patient_to_voxel(points_mm: npt.ArrayLike, affine: npt.ArrayLike) -> Floats:
    """``[..., (x, y, z)]`` in mm to ``[..., (i, j, k)]``, where k need not be whole: reverse of pixel_to_patient."""
    matrix = checked_affine(affine)
    away = _triples(points_mm, "points_mm") - matrix[:3, 3]
    # Solving keeps digits that a product with the inverse would lose; it wants the unknowns as columns.
    voxels = np.linalg.solve(matrix[:3, :3], away.reshape(-1, 3).T).T
    return np.asarray(voxels, np.float64).reshape(away.shape)


def patient_to_pixel(points_mm: npt.ArrayLike, affine: npt.ArrayLike) -> PatientPixels:
    """``[point, (x, y, z)]`` in mm to pixels of the nearest slice.

    The foot of the perpendicular on a slice is not where the slice axis would lead when the stack is sheared (gantry
    tilt), so it is found in the slice's own plane.
    """
    matrix = checked_affine(affine)
    points = np.atleast_2d(_triples(points_mm, "points_mm"))
    frame = np.floor(patient_to_voxel(points, matrix)[:, 2] + HALF).astype(np.int64)
    across, down = matrix[:3, 0], matrix[:3, 1]
    cross = np.cross(across, down)
    normal = cross / np.linalg.norm(cross)
    away = points - matrix[:3, 3] - frame[:, None] * matrix[:3, 2]
    placed = np.linalg.solve(np.stack([across, down, normal], axis=1), away.T)
    return PatientPixels(placed[0], placed[1], frame, placed[2])


def lps_to_ras(points_mm: npt.ArrayLike) -> Floats:
    """Points in mm from DICOM's system to NIfTI's: x and y negated. Its own reverse."""
    return _triples(points_mm, "points_mm") * (-1.0, -1.0, 1.0)


ras_to_lps = lps_to_ras


def affine_lps_to_ras(affine: npt.ArrayLike) -> Floats:
    """A voxel-to-LPS affine as voxel-to-RAS: the x and y rows negated; no voxel moves. Its own reverse."""
    return _FLIP_XY @ checked_affine(affine)


affine_ras_to_lps = affine_lps_to_ras


def checked_affine(affine: npt.ArrayLike) -> Floats:
    """The affine as float64, 4 x 4; Invalid when it is not finite, not affine, or flattens space."""
    matrix = finite(affine, "affine")
    if matrix.shape != (4, 4) or not np.array_equal(matrix[3], (0.0, 0.0, 0.0, 1.0)):
        raise Invalid("affine is not 4 x 4 with a last row of 0, 0, 0, 1", field="affine")
    scale = float(np.prod(np.linalg.norm(matrix[:3, :3], axis=0)))
    if scale == 0.0 or abs(float(np.linalg.det(matrix[:3, :3]))) <= _FLAT * scale:
        raise Invalid("affine is singular: its three axes lie in one plane", field="affine")
    return matrix


def finite(values: npt.ArrayLike, field: str) -> Floats:
    """The values as a float64 array; Invalid names ``field`` when one is NaN, infinite or no number."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise Invalid(f"{field} has something that is not a number", field=field) from None
    wrong = np.argwhere(~np.isfinite(np.atleast_1d(array)))
    if len(wrong):
        place = [int(index) for index in wrong[0]] if array.ndim else ""
        value = np.atleast_1d(array)[tuple(wrong[0])]
        raise Invalid(f"{field}{place} is {value}, and must be finite", field=field)
    return array


def _triples(points: npt.ArrayLike, field: str) -> Floats:
    array = finite(points, field)
    if array.ndim < 1 or array.shape[-1] != 3:
        raise Invalid(f"{field} are not of three numbers each", field=field)
    return array


def _size(width: int, height: int) -> Floats:
    if width < 1 or height < 1:
        raise Invalid(f"the image is {width} x {height}, and must have a pixel", field="width, height")
    return np.array([width, height], np.float64)
