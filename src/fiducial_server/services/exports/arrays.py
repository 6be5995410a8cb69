"""All frames of an item as one array file, written frame by frame."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

import numpy as np
import numpy.typing as npt

from fiducial.errors import Damaged, TooLarge, Unsupported
from fiducial.media.base import Array, Header, Reader
from fiducial_server.services.exports.waiting_file import Pipe

LARGEST_ARRAY = 8 << 30
"""Bytes of one array; an item of more (a long video) is to be taken as pictures."""
_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
_MILLIMETRE, _SCANNER = 2, 1
_SHEAR_TOLERANCE_MM = 1e-4


def write_npy(reader: Reader, target: Pipe) -> None:
    """``[frame, row, column]`` float32 modality values, or ``[frame, row, column, 3]`` uint8 for colour; NPY 1.0.

    Unsupported when the frames differ in size or kind, TooLarge over :data:`LARGEST_ARRAY`.
    """
    frames = _frames(reader)
    first = next(frames)
    header = {
        "descr": np.lib.format.dtype_to_descr(first.dtype),
        "fortran_order": False,
        "shape": (reader.header.frame_count, *first.shape),
    }
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, header)
    target.write(head.getvalue())
    target.write(first.tobytes())
    for frame in frames:
        target.write(frame.tobytes())


def write_nifti(reader: Reader, target: Pipe) -> None:
    """A ``.nii.gz`` of the modality values, float32, ``[x, y, z(, t)]`` as NIfTI stores them, nothing flipped.

    The affine is the item's own, turned from DICOM's LPS to NIfTI's RAS (correctness: only the x and y rows change sign).
    Unsupported when the item has no place in mm, is not one grid, or is colour.
    """
    from isal import igzip

    header = reader.header
    head = _nifti_head(header, _affine_ras(header))
    with igzip.GzipFile(filename="", mode="wb", fileobj=cast(BinaryIO, target), mtime=0) as packed:
        packed.write(head)
        for frame in _frames(reader):
            if frame.ndim != 2:
                raise Unsupported("it is in colour, and a NIfTI of colours is read by few: take png, tiff or npy")
            packed.write(frame.astype("<f4", copy=False).tobytes())


def _frames(reader: Reader) -> Iterator[Array]:
    """All of them, of one shape and dtype."""
    count, first = reader.header.frame_count, reader.frame(0)
    if first.nbytes * count > LARGEST_ARRAY:
        raise TooLarge(
            f"its {count} frames are {first.nbytes * count} bytes as one array, over the {LARGEST_ARRAY} that one may "
            "have: take png or tiff"
        )
    yield np.ascontiguousarray(first)
    for index in range(1, count):
        frame = reader.frame(index)
        if (frame.shape, frame.dtype) != (first.shape, first.dtype):
            raise Unsupported(
                f"frame {index} is {frame.shape} {frame.dtype} and the first {first.shape} {first.dtype}, so they make "
                "no one array: take png or tiff"
            )
        yield np.ascontiguousarray(frame)


def _affine_ras(header: Header) -> npt.NDArray[np.float64]:
    if header.voxel_to_patient is None or not (header.is_volume or header.frame_count == 1):
        raise Unsupported("it is not one grid with a place in mm, which a NIfTI has to state: take png, tiff or npy")
    return np.asarray(_TO_RAS @ np.asarray(header.voxel_to_patient, np.float64), np.float64)


def _nifti_head(header: Header, affine: npt.NDArray[np.float64]) -> bytes:
    from nibabel.nifti1 import Nifti1Header
    from nibabel.nifti2 import Nifti2Header

    if header.width is None or header.height is None:
        raise Damaged("the size of its frames is unknown")
    slices = header.frame_count // header.time_points
    shape = (header.width, header.height, slices, *([header.time_points] if header.time_points > 1 else []))
    head: Any = Nifti1Header() if max(shape) < 2**15 else Nifti2Header()  # NIfTI-1 keeps sizes in 16 bits
    head.set_data_dtype(np.dtype("<f4"))
    head.set_data_shape(shape)
    spacing = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
    head.set_zooms([*spacing, *([1.0] if len(shape) == 4 else [])])
    head["xyzt_units"] = _MILLIMETRE
    head.set_sform(affine, _SCANNER)
    head.set_qform(affine, _SCANNER, strip_shears=True)
    if not np.allclose(head.get_qform(), affine, rtol=1e-5, atol=_SHEAR_TOLERANCE_MM):
        head.set_qform(None, 0)  # a qform cannot say a shear: the sform alone does
    head["vox_offset"] = head.single_vox_offset
    head["magic"] = head.single_magic
    return bytes(head.binaryblock) + b"\0" * (int(head.single_vox_offset) - len(head.binaryblock))
