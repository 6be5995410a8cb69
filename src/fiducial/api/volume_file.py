"""A label map as a NIfTI file on its way."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fiducial.errors import Invalid


def nifti_of(given: Any, transpose: bool) -> tuple[str, io.BufferedIOBase | Any]:
    """File name and open content. An array has no place of its own: the identity says that it is on the resource's grid."""
    if isinstance(given, (str, Path)):
        path = Path(given)
        if not path.name.lower().endswith((".nii", ".nii.gz")):
            raise Invalid(f"{path.name} is not a NIfTI file (.nii, .nii.gz)", field="file_path")
        if transpose:
            raise Invalid("transpose_segmentation is for arrays: a NIfTI file says its own axes", field="file_path")
        return path.name, path.open("rb")
    import nibabel

    if isinstance(given, np.ndarray):
        if given.ndim != 3:
            raise Invalid(f"a volume has three axes, not {given.ndim}", field="file_path")
        array = np.swapaxes(given, 0, 1) if transpose else given
        stored = array.astype(np.uint8) if array.dtype == np.bool_ else _whole(array)
        given = nibabel.Nifti1Image(stored, np.eye(4))
    return "segmentation.nii", io.BytesIO(given.to_bytes())


def _whole(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The smallest of uint8, uint16 and int32 that holds the values: 64-bit label maps are read by few programs."""
    if array.size and not np.array_equal(array, np.round(array)):
        raise Invalid("a label map holds whole numbers; this one has fractions", field="file_path")
    low, high = (int(array.min()), int(array.max())) if array.size else (0, 0)
    for dtype in (np.uint8, np.uint16, np.int32):
        if np.iinfo(dtype).min <= low and high <= np.iinfo(dtype).max:
            return array.astype(dtype)
    raise Invalid(f"label values from {low} to {high} do not fit into 32 bits", field="file_path")
