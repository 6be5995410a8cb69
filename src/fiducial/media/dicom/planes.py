"""Planes of a volume along the patient's axes, cut from frames without holding them all."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import numpy as np

from fiducial.errors import Unsupported
from fiducial.media.base import Affine, Array, Axis

_PATIENT_AXIS = {Axis.SAGITTAL: 0, Axis.CORONAL: 1, Axis.AXIAL: 2}


def voxel_axis(affine: Affine, axis: Axis) -> int:
    """Which voxel axis (0 column i, 1 row j, 2 slice k) an anatomical plane is indexed by.

    The three planes get the three axes so that together they are as close to the patient's as can be.
    """
    matrix = np.abs(np.array(affine)[:3, :3])
    matrix = matrix / np.linalg.norm(matrix, axis=0)
    best = max(permutations(range(3)), key=lambda p: sum(matrix[patient, p[patient]] for patient in range(3)))
    return best[_PATIENT_AXIS[axis]]


def cut(
    frame: Callable[[int], Array], affine: Affine | None, axis: Axis, index: int, *, shape: tuple[int, int, int]
) -> Array:
    """One plane of frames in ``shape`` (slices, rows, columns): [row, column], [slice, column] or [slice, row]."""
    if affine is None:
        raise Unsupported("the frames have no place in the patient, so they have no anatomical planes")
    along = voxel_axis(affine, axis)
    size = shape[2 - along]
    if not 0 <= index < size:
        raise IndexError(f"{axis} slice {index} of {size}")
    if along == 2:
        return frame(index)
    lines = [frame(k)[index] if along == 1 else frame(k)[:, index] for k in range(shape[0])]
    return np.stack(lines)
