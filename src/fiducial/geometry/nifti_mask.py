"""Volume masks as NIfTI files, and label maps as volume masks; both slice by slice, so memory stays that of a slice.

NIfTI's voxel axes are (x, y, z) with x varying fastest, so its stored order is our ``[slice, row, column]`` with
x = column, y = row, z = slice. Its world coordinates are RAS+ mm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from fiducial.errors import Damaged, Invalid, Unsupported
from fiducial.geometry.mask import Mask
from fiducial.geometry.volume_mask import VolumeMask

_GZIP = b"\x1f\x8b"
_MILLIMETRE, _SCANNER = 2, 1
_SHEAR_TOLERANCE_MM = 1e-4
_MOST_LABELS = 65536


@dataclass(frozen=True, slots=True)
class LabelMap:
    """What a NIfTI label map holds.

    ``labels``: one mask per value other than 0. ``shape`` is (slices, rows, columns). ``affine_ras`` maps
    (column, row, slice, 1) to RAS+ mm; from the sform when its code is positive, else the qform, else the voxel sizes.
    """

    labels: dict[int, VolumeMask]
    shape: tuple[int, int, int]
    affine_ras: npt.NDArray[np.float64]


def volume_mask_to_nifti(mask: VolumeMask, affine_ras: npt.ArrayLike) -> bytes:
    """A ``.nii.gz`` of 0 and 1 (uint8); the same mask and affine give the same bytes at any time.

    ``affine_ras`` is 4 x 4, (column, row, slice, 1) to RAS+ mm. It is written as the sform, and as the qform too unless
    it is sheared, which a qform cannot say.
    """
    from isal import igzip

    count, height, width = mask.shape
    blank = np.zeros(height * width, np.uint8)
    packed = BytesIO()
    with igzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as stream:
        stream.write(_header_bytes((width, height, count), affine_ras))
        for index in range(count):
            kept = mask.slices.get(index)
            stream.write((blank if kept is None else kept.to_array().view(np.uint8)).tobytes())
    return packed.getvalue()


def label_map_from_nifti(source: bytes | BinaryIO) -> LabelMap:
    """Split a ``.nii`` or ``.nii.gz`` label map into one binary mask per label.

    Values may be stored as floats only when each is a whole number (scaling by the header's slope included); others are
    Invalid, as is more than one volume. A file that is cut off is Damaged.
    """
    stream = _uncompressed(BytesIO(source) if isinstance(source, bytes) else source)
    header = _read_header(stream)
    width, height, count = _grid(header)
    found: dict[int, dict[int, Mask]] = {}
    for index, plane in enumerate(_planes(stream, header, count, height, width)):
        for label in np.unique(plane[plane != 0]).tolist():
            found.setdefault(label, {})[index] = Mask.from_array(plane == label)
        if len(found) > _MOST_LABELS:
            raise Invalid(
                f"the label map has over {_MOST_LABELS} values: it is an image, not a label map", field="file"
            )
    _read_end(stream)
    shape = (count, height, width)
    labels = {label: VolumeMask(shape, found[label]) for label in sorted(found)}
    return LabelMap(labels, shape, np.asarray(header.get_best_affine(), np.float64))


def _header_bytes(size_xyz: tuple[int, int, int], affine_ras: npt.ArrayLike) -> bytes:
    from nibabel.nifti1 import Nifti1Header
    from nibabel.nifti2 import Nifti2Header

    affine = np.asarray(affine_ras, np.float64)
    if affine.shape != (4, 4) or not np.isfinite(affine).all():
        raise Invalid("affine_ras is not 4 x 4 finite numbers", field="affine_ras")
    # NIfTI-1 keeps sizes in 16 bits.
    header: Any = Nifti1Header() if max(size_xyz) < 2**15 else Nifti2Header()
    header.set_data_dtype(np.uint8)
    header.set_data_shape(size_xyz)
    header.set_zooms(np.sqrt((affine[:3, :3] ** 2).sum(axis=0)))
    header["xyzt_units"] = _MILLIMETRE
    header.set_sform(affine, _SCANNER)
    header.set_qform(affine, _SCANNER, strip_shears=True)
    if not np.allclose(header.get_qform(), affine, rtol=1e-5, atol=_SHEAR_TOLERANCE_MM):
        header.set_qform(None, 0)
    header["vox_offset"] = header.single_vox_offset
    header["magic"] = header.single_magic
    return bytes(header.binaryblock) + b"\0" * (int(header.single_vox_offset) - len(header.binaryblock))


def _uncompressed(source: BinaryIO) -> BinaryIO:
    from isal import igzip

    source.seek(0)
    zipped = source.read(2) == _GZIP
    source.seek(0)
    return igzip.GzipFile(fileobj=source, mode="rb") if zipped else source


def _read_header(stream: BinaryIO) -> Any:
    from nibabel.nifti1 import Nifti1Header
    from nibabel.nifti2 import Nifti2Header

    start = _read(stream, 4, "header")
    size = {int.from_bytes(start, "little"), int.from_bytes(start, "big")}
    kind = Nifti1Header if 348 in size else Nifti2Header if 540 in size else None
    if kind is None:
        raise Invalid("the label map is not a NIfTI file", field="file")
    block = start + _read(stream, (348 if kind is Nifti1Header else 540) - 4, "header")
    try:
        header = kind(block)
    except Exception as error:  # nibabel has an error of its own for each field, none of them a common base
        raise Damaged(f"the NIfTI header cannot be read: {error}") from error
    if bytes(header["magic"])[:3] not in (b"n+1", b"n+2"):
        raise Unsupported("the label map is a pair of files (.hdr and .img): send it as one .nii")
    _read(stream, max(int(header["vox_offset"]) - len(block), 0), "header extensions")
    return header


def _grid(header: Any) -> tuple[int, int, int]:
    shape = [int(size) for size in header.get_data_shape()]
    if any(size < 1 for size in shape) or not shape:
        raise Damaged(f"the NIfTI header gives the size {shape}")
    if len(shape) > 3 and any(size != 1 for size in shape[3:]):
        raise Invalid(f"the label map has {len(shape)} axes of sizes {shape}, and three are wanted", field="file")
    width, height, count = [*shape[:3], 1, 1][:3]
    return width, height, count


def _planes(
    stream: BinaryIO, header: Any, count: int, height: int, width: int
) -> Iterator[npt.NDArray[np.int64] | npt.NDArray[Any]]:
    stored = header.get_data_dtype()
    if stored.kind not in "iuf":
        raise Unsupported(f"a label map of {stored} values is not read: save it as whole numbers")
    slope, intercept = header.get_slope_inter()
    for index in range(count):
        raw = _read(stream, height * width * stored.itemsize, f"slice {index}")
        plane = np.frombuffer(raw, stored).reshape(height, width)
        if slope not in (None, 1.0) or intercept not in (None, 0.0):
            plane = plane * np.float64(slope) + np.float64(intercept or 0.0)
        yield _whole_numbers(plane, index)


def _whole_numbers(plane: npt.NDArray[Any], index: int) -> npt.NDArray[Any]:
    if plane.dtype.kind != "f":
        return plane
    with np.errstate(invalid="ignore"):
        wrong = ~(np.abs(plane) < 2**53) | (plane != np.rint(plane))
    if bool(wrong.any()):
        row, column = (int(place[0]) for place in np.nonzero(wrong))
        value = float(plane[row, column])
        raise Invalid(
            f"the label map holds {value:.6g} at column {column}, row {row}, slice {index}: labels are whole numbers",
            field="file",
            voxel=[column, row, index],
        )
    return plane.astype(np.int64)


def _read_end(stream: BinaryIO) -> None:
    """Look past the voxels, which makes the gzip reader compare its checksum."""
    try:
        stream.read(1)
    except _reading_errors() as error:
        raise Damaged(f"the NIfTI file is cut off or damaged at its end: {error}") from error


def _read(stream: BinaryIO, size: int, what: str) -> bytes:
    try:
        content = stream.read(size)
    except _reading_errors() as error:
        raise Damaged(f"the NIfTI file is cut off or damaged in its {what}: {error}") from error
    if len(content) != size:
        raise Damaged(f"the NIfTI file is cut off in its {what}: {len(content)} of {size} bytes")
    return content


def _reading_errors() -> tuple[type[Exception], ...]:
    """What the gzip reader raises; isal's own error shares no base with zlib's."""
    from isal.isal_zlib import IsalError

    own: Any = IsalError  # its published type information calls it an instance
    return own, EOFError, OSError
