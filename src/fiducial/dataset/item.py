"""Training by item, each in its natural shape."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from fiducial.dataset.base import FiducialDataset, Place, Sample, affine_of
from fiducial.dataset.channels import channels_first
from fiducial.dataset.masks import Layers, stack
from fiducial.media.base import Header


class ItemDataset(FiducialDataset):
    """One sample per item: pictures ``[C, H, W]``; volumes, cines and videos ``[C, D, H, W]`` with every frame in D.

    ``masks`` are ``[class, H, W]`` or ``[class, D, H, W]``. Of a 4-D item D holds the slices of every time point, time slowest.
    """

    def _places_of(self, header: Header) -> int | str:
        return 1 if header.frame_count else f"{header.format} without pixels"

    def _sample(self, place: Place, header: Header, frames: npt.NDArray[Any], layers: Layers) -> Sample:
        shown = range(header.frame_count)
        masks = stack(layers, shown, frames.shape[1], frames.shape[2])
        single = header.frame_count == 1
        spacing = header.spacing_zyx_mm
        return {
            "image": channels_first(frames[0] if single else frames, spatial=2 if single else 3),
            "masks": masks[:, 0] if single else masks,
            "frames": shown,
            "facts": {
                "voxel_to_patient": affine_of(header),
                "spacing_mm": None if spacing is None else spacing[1:] if single else spacing,
                "is_volume": header.is_volume,
                "time_points": header.time_points,
            },
        }
