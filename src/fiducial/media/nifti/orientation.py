"""Where a NIfTI volume lies in the patient: sform if its code says so, else qform, else only the voxel sizes.

NIfTI is RAS+ (nifti1.h, "Orientation and location"); patient space here is LPS, so the x and y rows change sign and no
voxel is moved. Lengths are brought to mm by ``xyzt_units``.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fiducial.media.base import Affine, Finding, Severity, as_affine
from fiducial.media.nifti.header import NiftiHeader

Matrix = npt.NDArray[np.float64]

RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
DISAGREEMENT_VOXELS = 0.05
"""sform and qform are told apart when a corner of the volume moves by more than this part of the smallest voxel size.

A qform keeps three of four quaternion numbers as 32-bit floats, so equal geometry still differs a little.
"""
_UNIT_MM = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}


@dataclass(frozen=True, slots=True)
class Orientation:
    """``voxel_to_ras`` in mm (None when no affine can be used), where it came from, and what was odd about it."""

    voxel_to_ras: Affine | None
    origin: str
    """``sform``, ``qform``, ``pixdim`` or ``none``."""
    findings: tuple[Finding, ...]

    @property
    def voxel_to_patient(self) -> Affine | None:
        return None if self.voxel_to_ras is None else as_affine(RAS_TO_LPS @ np.asarray(self.voxel_to_ras))

    @property
    def spacing_zyx_mm(self) -> tuple[float, float, float] | None:
        if self.voxel_to_ras is None:
            return None
        x, y, z = np.linalg.norm(np.asarray(self.voxel_to_ras)[:3, :3], axis=0)
        return float(z), float(y), float(x)


def orient(header: NiftiHeader) -> Orientation:
    """The affine that counts, and findings for everything that made the choice less than certain."""
    findings = list(_unit_findings(header))
    candidates: dict[str, Matrix] = {}
    for name, code, matrix in (
        ("sform", header.sform_code, _sform(header)),
        ("qform", header.qform_code, _qform(header)),
    ):
        if code > 0:
            problem = _problem(matrix)
            if problem is None and matrix is not None:
                candidates[name] = matrix
            else:
                findings.append(_unusable(name, code, problem or "missing"))
    if "sform" in candidates and "qform" in candidates:
        findings += _disagreement(header, candidates["sform"], candidates["qform"])
    for name, matrix in candidates.items():
        return Orientation(_in_mm(header, matrix), name, tuple(findings))
    return _from_voxel_sizes(header, findings)


def _from_voxel_sizes(header: NiftiHeader, findings: list[Finding]) -> Orientation:
    sizes = _voxel_sizes(header)
    if sizes is None:
        findings.append(
            Finding(
                "no-geometry",
                Severity.ERROR,
                "The file has no usable affine and no usable voxel sizes: nothing can be measured or placed in 3-D.",
                {"pixdim": [n if math.isfinite(n) else str(n) for n in header.pixdim[1:4]]},
            )
        )
        return Orientation(None, "none", tuple(findings))
    findings.append(
        Finding(
            "no-orientation",
            Severity.WARNING,
            "Neither sform nor qform is set: axes are taken as right, anterior, superior from the first voxel "
            "(NIfTI-1 method 1). Left and right are not known to be so.",
            {"qform_code": header.qform_code, "sform_code": header.sform_code},
        )
    )
    return Orientation(_in_mm(header, np.diag([*sizes, 1.0])), "pixdim", tuple(findings))


def _sform(header: NiftiHeader) -> Matrix:
    return np.vstack([np.asarray(header.srow, dtype=np.float64), [0.0, 0.0, 0.0, 1.0]])


def _voxel_sizes(header: NiftiHeader) -> tuple[float, float, float] | None:
    """Sizes along x, y, z in the file's unit; an absent third (2-D) size is 1, as in the reference implementation."""
    sizes = [abs(n) for n in header.pixdim[1:4]]
    for n, voxels in enumerate(header.shape_xyzt[:3]):
        if sizes[n] == 0 and voxels == 1:
            sizes[n] = 1.0
    if not all(math.isfinite(s) and s > 0 for s in sizes):
        return None
    return sizes[0], sizes[1], sizes[2]


def _qform(header: NiftiHeader) -> Matrix | None:
    """The rotation of the unit quaternion (a, b, c, d), the voxel sizes and the offset; nifti1.h, method 2."""
    sizes = _voxel_sizes(header)
    b, c, d = header.quatern_bcd
    square = b * b + c * c + d * d
    if sizes is None or not math.isfinite(square) or square > 1 + 1e-5:
        return None
    a = math.sqrt(max(0.0, 1.0 - square))
    if 1.0 - square < 1e-7:  # a is lost in the 32-bit rounding of the others: a half turn, normalised
        a, norm = 0.0, math.sqrt(square)
        b, c, d = b / norm, c / norm, d / norm
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    handed = -1.0 if header.pixdim[0] < 0 else 1.0
    matrix = np.eye(4)
    matrix[:3, :3] = rotation * np.array([sizes[0], sizes[1], sizes[2] * handed])
    matrix[:3, 3] = header.qoffset_xyz
    return matrix


def _problem(matrix: Matrix | None) -> str | None:
    if matrix is None:
        return "its quaternion or the voxel sizes are not possible"
    if not np.isfinite(matrix).all():
        return "it holds NaN or infinity"
    norms = np.linalg.norm(matrix[:3, :3], axis=0)
    if (norms == 0).any() or abs(np.linalg.det(matrix[:3, :3] / norms)) < 1e-6:
        return "its axes do not span space"
    return None


def _unusable(name: str, code: int, problem: str) -> Finding:
    kind = "non-finite-affine" if "NaN" in problem else "unusable-affine"
    return Finding(
        kind,
        Severity.WARNING,
        f"{name} (code {code}) cannot be used: {problem}. The next source of geometry was taken instead.",
        {"source": name, "code": code},
    )


def _unit_findings(header: NiftiHeader) -> tuple[Finding, ...]:
    unit = header.xyzt_units & 0x07
    if unit == 2:  # NIFTI_UNITS_MM
        return ()
    if _UNIT_MM.get(unit) in (None, 1.0):
        text = f"The unit of length is not stated (xyzt_units {header.xyzt_units}); mm is taken."
        return (Finding("unknown-units", Severity.INFO, text, {"xyzt_units": header.xyzt_units}),)
    text = f"Lengths are stored in {'metres' if unit == 1 else 'micrometres'} and were converted to mm."
    return (Finding("converted-units", Severity.INFO, text, {"xyzt_units": header.xyzt_units}),)


def _in_mm(header: NiftiHeader, matrix: Matrix) -> Affine:
    scaled = matrix.copy()
    scaled[:3] *= _UNIT_MM.get(header.xyzt_units & 0x07, 1.0)
    return as_affine(scaled)


def _disagreement(header: NiftiHeader, sform: Matrix, qform: Matrix) -> list[Finding]:
    x, y, z, _ = header.shape_xyzt
    corners = np.array([(*c, 1.0) for c in itertools.product((0, x - 1), (0, y - 1), (0, z - 1))])
    apart = float(np.linalg.norm((corners @ (sform - qform).T)[:, :3], axis=1).max())
    smallest = float(np.linalg.norm(sform[:3, :3], axis=0).min())
    if apart <= DISAGREEMENT_VOXELS * smallest:
        return []
    return [
        Finding(
            "sform-qform-disagree",
            Severity.WARNING,
            f"sform and qform place the volume up to {apart:.3f} apart; sform (code {header.sform_code}) is used. "
            "Programs that prefer qform will see it elsewhere.",
            {"largest_distance": apart, "qform_code": header.qform_code, "sform_code": header.sform_code},
        )
    ]
