"""Training by picture."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from fiducial.dataset.base import FiducialDataset, Place, Sample, affine_of
from fiducial.dataset.channels import channels_first
from fiducial.dataset.masks import Layers, stack
from fiducial.media.base import Header


class FrameDataset(FiducialDataset):
    """One sample per frame of every item that has pixels: pictures, cines, videos, slices as they are stored.

    ``image`` ``[C, H, W]``, ``masks`` ``[class, H, W]``; ``facts["frame"]`` is the index that labels use.
    """

    def _places_of(self, header: Header) -> int | str:
        return header.frame_count or f"{header.format} without pixels"

    def _sample(self, place: Place, header: Header, frames: npt.NDArray[Any], layers: Layers) -> Sample:
        shown = range(place.index, place.index + 1)
        spacing = header.spacing_zyx_mm
        return {
            "image": channels_first(frames[place.index], spatial=2),
            "masks": stack(layers, shown, frames.shape[1], frames.shape[2])[:, 0],
            "frames": shown,
            "facts": {
                "frame": place.index,
                "voxel_to_patient": _frame_affine(header, place.index),
                "spacing_mm": None if spacing is None else spacing[1:],
            },
        }


class ImageDataset(FrameDataset):
    """One sample per item of exactly one frame."""

    def _places_of(self, header: Header) -> int | str:
        return 1 if header.frame_count == 1 else f"not a single image: {header.frame_count} frames"


class VideoFrameDataset(FrameDataset):
    """One sample per frame of videos and of multi-frame items that are not volumes."""

    def _places_of(self, header: Header) -> int | str:
        if header.is_volume or header.frame_count < 2:
            return (
                "a volume: use VolumeDataset or SliceDataset"
                if header.is_volume
                else "a single frame: use ImageDataset"
            )
        return header.frame_count


def _frame_affine(header: Header, frame: int) -> npt.NDArray[Any] | None:
    """The affine with its origin moved to this frame, so that (column, row, 0, 1) leads to patient space."""
    affine = affine_of(header)
    if affine is None:
        return None
    depth = frame % max(1, header.frame_count // header.time_points)
    affine[:3, 3] += depth * affine[:3, 2]
    return affine
