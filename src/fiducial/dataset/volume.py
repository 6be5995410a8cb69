"""Training by volume."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from fiducial.dataset.base import FiducialDataset, Place, Sample, affine_of
from fiducial.dataset.channels import channels_first
from fiducial.dataset.masks import Layers, stack
from fiducial.media.base import Header


class VolumeDataset(FiducialDataset):
    """One sample per volume, or per time point of a 4-D item: ``image`` ``[C, D, H, W]``, ``masks`` ``[class, D, H,
    W]``.

    D is the slice axis, in the order of the affine's third column.
    """

    def _places_of(self, header: Header) -> int | str:
        if not header.is_volume:
            return f"not a volume: {header.format} with {header.frame_count} frame(s) that do not form one grid"
        return header.time_points

    def _sample(self, place: Place, header: Header, frames: npt.NDArray[Any], layers: Layers) -> Sample:
        depth = header.frame_count // header.time_points
        shown = range(place.index * depth, (place.index + 1) * depth)
        return {
            "image": channels_first(frames[shown.start : shown.stop], spatial=3),
            "masks": stack(layers, shown, frames.shape[1], frames.shape[2]),
            "frames": shown,
            "facts": {
                "time_point": place.index,
                "voxel_to_patient": affine_of(header),
                "spacing_mm": header.spacing_zyx_mm,
            },
        }
