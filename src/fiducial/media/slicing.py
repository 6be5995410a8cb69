"""Anatomical planes of a volume that lies at any angle: which voxel axis is indexed, and what the plane looks like."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

import numpy as np

from fiducial.errors import Unsupported
from fiducial.media.base import Affine, Array, Axis, Header

COLUMN, ROW, SLICE = 0, 1, 2
"""Voxel axes in the order of the affine's columns: i, j, k."""

_PATIENT_AXIS = {Axis.SAGITTAL: 0, Axis.CORONAL: 1, Axis.AXIAL: 2}
"""The plane's normal: x (left), y (posterior), z (head)."""


def voxel_axes(voxel_to_patient: Affine) -> Mapping[Axis, int]:
    """For each plane the voxel axis (:data:`COLUMN`, :data:`ROW` or :data:`SLICE`) closest to the plane's normal.

    The three are assigned together, each voxel axis once, so that the sum of the absolute direction cosines is largest;
    at exactly 45 degrees the assignment that keeps i = x, j = y, k = z wins.
    """
    matrix = np.asarray(voxel_to_patient, dtype=np.float64)[:3, :3]
    norms = np.linalg.norm(matrix, axis=0)
    cosines = np.abs(matrix / np.where(norms == 0, 1.0, norms))
    best = max(permutations(range(3)), key=lambda order: round(sum(cosines[p, order[p]] for p in range(3)), 9))
    return {axis: best[patient] for axis, patient in _PATIENT_AXIS.items()}


def voxel_axis(header: Header, axis: Axis) -> int:
    """The voxel axis that ``axis`` indexes in this volume; Unsupported when the item is not a volume."""
    if not header.is_volume or header.voxel_to_patient is None:
        raise Unsupported(
            f"a {axis.value} slice needs a volume with known orientation; this {header.format} item is not one: "
            "use frame(index)",
            axis=axis.value,
            format=header.format,
        )
    return voxel_axes(header.voxel_to_patient)[axis]


def slice_count(header: Header, axis: Axis) -> int:
    """How many slices :meth:`Reader.slice` has along ``axis``, over all time points."""
    chosen = voxel_axis(header, axis)
    per_time = {COLUMN: header.width, ROW: header.height, SLICE: header.frame_count // header.time_points}[chosen]
    return (per_time or 0) * header.time_points


def slice_spacing_mm(header: Header, axis: Axis) -> tuple[float, float] | None:
    """(between rows, between columns) of what :func:`plane` returns, mm; None where the file has no physical size."""
    if header.spacing_zyx_mm is None:
        return None
    z, y, x = header.spacing_zyx_mm
    rows_columns = {SLICE: (y, x), ROW: (z, x), COLUMN: (z, y)}[voxel_axis(header, axis)]
    return None if rows_columns[0] is None else (rows_columns[0], rows_columns[1])


def plane(volume_zyx: Array, chosen: int, index: int) -> Array:
    """One plane of ``[slice, row, column(, channel)]``: the other two axes in their stored order, nothing flipped.

    Fixed slice k: ``[row j, column i]`` (the frame itself). Fixed row j: ``[slice k, column i]``. Fixed column i:
    ``[slice k, row j]``. So a pixel of the plane is always a voxel index, whatever the patient's position.
    """
    taken: Array = np.take(volume_zyx, index, axis=2 - chosen)
    return taken
