"""Masks that come as files: read, and held against the item they are for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import numpy.typing as npt

from fiducial.errors import Conflict, Invalid, Unsupported
from fiducial_server.model.item import Item
from fiducial_server.model.label import LabelKind, Mark
from fiducial_server.services.label_checks import slice_count

if TYPE_CHECKING:
    from fiducial.geometry.nifti_mask import LabelMap

PNG, NIFTI = "image/png", "application/nifti"
_PNG_HEAD = b"\x89PNG\r\n\x1a\n"
AFFINE_TOLERANCE_MM = 1e-3
"""How far a corner of the mask's grid may lie from the item's."""
_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True, slots=True)
class ReadMask:
    """``runs`` is the mask's lossless form; ``kind`` says whether of a frame or of a volume."""

    kind: LabelKind
    runs: bytes
    mimetype: str


def read_mask(source: BinaryIO, item: Item, mark: Mark) -> ReadMask:
    """A PNG for one frame, or a NIfTI for the whole item (or, of one slice, for one frame); any value but 0 is set."""
    head = source.read(len(_PNG_HEAD))
    source.seek(0)
    if not head:
        raise Invalid("the mask file is empty", field="file")
    if head == _PNG_HEAD:
        return _read_png(source.read(), item, mark)
    return _read_nifti(source, item, mark)


def _read_png(png: bytes, item: Item, mark: Mark) -> ReadMask:
    from fiducial.geometry.png import mask_from_png

    if mark.frame_start is None and item.frame_count > 1:
        raise Invalid(
            f"a PNG is a mask of one frame, and this label is for all {item.frame_count} of {item.name!r}:"
            " give the frame, or send a NIfTI",
            field="file",
        )
    return ReadMask(LabelKind.MASK, mask_from_png(png, frame_size(item)).to_bytes(), PNG)


def _read_nifti(source: BinaryIO, item: Item, mark: Mark) -> ReadMask:
    from fiducial.geometry.mask import Mask
    from fiducial.geometry.nifti_mask import label_map_from_nifti
    from fiducial.geometry.volume_mask import VolumeMask

    found = label_map_from_nifti(source)
    slices: dict[int, Mask] = {}
    for volume in found.labels.values():
        for index, mask in volume.slices.items():
            slices[index] = slices[index].union(mask) if index in slices else mask
    volume = VolumeMask(found.shape, slices)
    if mark.frame_start is None:
        check_grid(found, item)
        return ReadMask(LabelKind.VOLUME_MASK, volume.to_bytes(), NIFTI)
    if volume.shape[0] != 1:
        raise Invalid(f"the NIfTI has {volume.shape[0]} slices, and this label is for one frame", field="file")
    volume.check_inside(*frame_size(item))
    return ReadMask(LabelKind.MASK, volume.slice(0).to_bytes(), NIFTI)


def frame_size(item: Item) -> tuple[int, int]:
    """(width, height) of the item's frames in pixels."""
    if item.width is None or item.height is None:
        raise Unsupported(f"{item.name!r} has no pixels to mask")
    return item.width, item.height


def check_grid(found: LabelMap, item: Item) -> str:
    """That a label map's grid is the item's; what that was judged by: ``affine``, or ``shape`` where one has no affine.

    Size must be equal. The affine must map the grid's corners to within :data:`AFFINE_TOLERANCE_MM`; an identity affine
    is what arrays without one are saved with, and says nothing.
    """
    width, height = frame_size(item)
    wanted = (slice_count(item), height, width)
    if found.shape != wanted:
        raise Invalid(
            f"the mask is {_size(found.shape)} voxels and {item.name!r} {_size(wanted)} (columns x rows x slices)",
            field="file",
            mask_shape=list(found.shape),
            item_shape=list(wanted),
        )
    own = item_affine_ras(item)
    if own is None or np.allclose(found.affine_ras, np.eye(4), rtol=0.0, atol=1e-9):
        return "shape"
    apart = _apart_mm(found.affine_ras, own, found.shape)
    if apart > AFFINE_TOLERANCE_MM:
        raise Invalid(
            f"the mask's grid lies up to {apart:.4g} mm away from that of {item.name!r}: its affine (RAS, mm) is"
            f" {_shown(found.affine_ras)}, and the image's {_shown(own)}",
            field="file",
            mask_affine=found.affine_ras.tolist(),
            item_affine=own.tolist(),
        )
    return "affine"


def item_affine_ras(item: Item) -> npt.NDArray[np.float64] | None:
    """(column, row, slice, 1) to RAS mm; the item keeps it as LPS."""
    if item.voxel_to_patient is None:
        return None
    return np.asarray(_TO_RAS @ np.asarray(item.voxel_to_patient, np.float64), np.float64)


def _apart_mm(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64], shape: tuple[int, int, int]) -> float:
    """The largest distance between corners of the two grids; affine maps differ most at a corner."""
    slices, rows, columns = (size - 1 for size in shape)
    corners = np.array([[x, y, z, 1.0] for x in (0, columns) for y in (0, rows) for z in (0, slices)])
    difference = corners @ (one - other)[:3].T
    return float(np.sqrt((difference**2).sum(axis=1)).max())


def _size(shape: Sequence[int]) -> str:
    return f"{shape[2]} x {shape[1]} x {shape[0]}"


def _shown(affine: npt.NDArray[np.float64]) -> str:
    return "[" + "; ".join(" ".join(f"{value:.6g}" for value in row) for row in affine[:3]) + "]"


def require_mask_label(kind: LabelKind) -> None:
    if kind not in (LabelKind.MASK, LabelKind.VOLUME_MASK):
        raise Conflict(f"only segmentations have a file, and this is a {kind}")
