"""Training by anatomical plane."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fiducial.dataset.base import FiducialDataset, Place, Sample, affine_of
from fiducial.dataset.channels import channels_first
from fiducial.dataset.masks import Layers, stack
from fiducial.dataset.snapshot import Snapshot
from fiducial.media.base import Axis, Header
from fiducial.media.slicing import COLUMN, ROW, SLICE, slice_count, slice_spacing_mm, voxel_axis


class SliceDataset(FiducialDataset):
    """One sample per slice of every volume, along ``axis``: ``image`` ``[C, H, W]``, ``masks`` ``[class, H, W]``.

    The voxel axis nearest to the plane's normal is indexed; the other two stay in stored order (rows before columns,
    slices
    before both), so nothing is flipped or resampled. ``facts["voxel_to_patient"]`` maps (column, row, 0, 1) of this
    plane to
    LPS mm.
    """

    def __init__(self, snapshot: Snapshot, axis: Axis | str = Axis.AXIAL, *, semantic: bool = False) -> None:
        self.axis = Axis(axis)
        super().__init__(snapshot, semantic=semantic)

    def _places_of(self, header: Header) -> int | str:
        if not header.is_volume:
            return f"not a volume: {header.format} with {header.frame_count} frame(s) that do not form one grid"
        return slice_count(header, self.axis)

    def _sample(self, place: Place, header: Header, frames: npt.NDArray[Any], layers: Layers) -> Sample:
        chosen, depth = voxel_axis(header, self.axis), header.frame_count // header.time_points
        per_time = slice_count(header, self.axis) // header.time_points
        time, index = divmod(place.index, per_time)
        shown = range(place.index, place.index + 1) if chosen == SLICE else range(time * depth, (time + 1) * depth)
        image = _cut(frames[shown.start : shown.stop], 0, chosen, index)
        masks = _cut(stack(layers, shown, frames.shape[1], frames.shape[2]), 1, chosen, index)
        return {
            "image": channels_first(image, spatial=2),
            "masks": np.ascontiguousarray(masks),
            "frames": shown,
            "facts": {
                "axis": self.axis.value,
                "index": index,
                "time_point": time,
                "voxel_to_patient": _plane_affine(header, chosen, index),
                "spacing_mm": slice_spacing_mm(header, self.axis),
            },
        }


def _cut(volume: npt.NDArray[Any], first: int, chosen: int, index: int) -> npt.NDArray[Any]:
    """One plane of ``[..., slice, row, column, ...]`` with its slice axis at ``first``; along slices it has one frame."""
    if chosen == SLICE:
        first_axis, place = first, 0
    else:
        first_axis, place = first + (1 if chosen == ROW else 2), index
    return volume[(slice(None),) * first_axis + (place,)]


def _plane_affine(header: Header, chosen: int, index: int) -> npt.NDArray[np.float64] | None:
    """The volume's affine in the order of the plane: its column axis, its row axis, then the indexed axis."""
    affine = affine_of(header)
    if affine is None:
        return None
    column, row = {SLICE: (COLUMN, ROW), ROW: (COLUMN, SLICE), COLUMN: (ROW, SLICE)}[chosen]
    out = np.eye(4)
    out[:3, 0], out[:3, 1], out[:3, 2] = affine[:3, column], affine[:3, row], affine[:3, chosen]
    out[:3, 3] = affine[:3, 3] + index * affine[:3, chosen]
    return out
