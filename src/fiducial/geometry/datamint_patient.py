"""Datamint's points in mm: how its clients see labels of DICOM and NIfTI files.

The third system beside pixels and fractions only on this wire, and told by nothing but the file the label is on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fiducial.errors import Invalid
from fiducial.geometry.coordinate import number
from fiducial.geometry.transform import checked_affine, patient_to_pixel, pixel_to_patient

_VIEW = ("viewPlaneNormal", "viewUp")
_THREE = 3


def datamint_to_patient(geometry: Mapping[str, Any], voxel_to_patient: npt.ArrayLike) -> dict[str, Any]:
    """A geometry of ``[p_x, p_y, frame]`` points as mm in the system of the affine (LPS; RAS for NIfTI's client).

    ``viewPlaneNormal`` (along row x column) and ``viewUp`` (against the column direction) are added as unit vectors.
    """
    matrix = checked_affine(voxel_to_patient)
    normal = np.cross(matrix[:3, 0], matrix[:3, 1])
    view = {
        "viewPlaneNormal": (normal / np.linalg.norm(normal)).tolist(),
        "viewUp": (-matrix[:3, 1] / np.linalg.norm(matrix[:3, 1])).tolist(),
    }
    return {**geometry, "points": pixel_to_patient(geometry["points"], matrix).tolist(), **view}


def datamint_to_pixels(geometry: Mapping[str, Any], voxel_to_patient: npt.ArrayLike) -> tuple[dict[str, Any], float]:
    """Reverse of :func:`datamint_to_patient`: points ``[p_x, p_y, frame]``, and the largest distance to that frame, mm.

    All points are put on the frame nearest to their middle; points on different slices therefore show as a distance.
    """
    points = np.atleast_2d(np.asarray(_finite_triples(geometry), np.float64))
    matrix = checked_affine(voxel_to_patient)
    frame = int(patient_to_pixel(points.mean(axis=0), matrix).frame[0])
    on_slice = _on_slice(points, matrix, frame)
    placed = [[x, y, float(frame)] for x, y in on_slice[:, :2].tolist()]
    plain = {name: value for name, value in geometry.items() if name not in _VIEW}
    return {**plain, "points": placed}, float(np.abs(on_slice[:, 2]).max())


def _finite_triples(geometry: Mapping[str, Any]) -> list[list[float]]:
    raw = geometry.get("points")
    if not isinstance(raw, (list, tuple)) or not raw:
        raise Invalid("geometry has no points", field="geometry.points")
    for index, point in enumerate(raw):
        if not isinstance(point, (list, tuple)) or len(point) != _THREE:
            raise Invalid(f"geometry.points[{index}] is not three numbers in mm: {point!r}", field="geometry.points")
    return [[number(n, f"geometry.points[{i}][{axis}]") for axis, n in enumerate(p)] for i, p in enumerate(raw)]


def _on_slice(points: npt.NDArray[np.float64], matrix: npt.NDArray[np.float64], frame: int) -> npt.NDArray[np.float64]:
    """``[point, (p_x, p_y, distance in mm)]`` of the feet of perpendiculars on slice ``frame``."""
    normal = np.cross(matrix[:3, 0], matrix[:3, 1])
    axes = np.stack([matrix[:3, 0], matrix[:3, 1], normal / np.linalg.norm(normal)], axis=1)
    away = points - matrix[:3, 3] - frame * matrix[:3, 2]
    return np.asarray(np.linalg.solve(axes, away.T).T, np.float64)
