"""Training data: a project as a sequence of samples, by image, volume, slice or video frame.

Without torch the datasets are numpy sequences; :class:`TorchDataset` gives the same as tensors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fiducial.dataset.base import FiducialDataset, Sample, Skipped
from fiducial.dataset.image import FrameDataset, ImageDataset, VideoFrameDataset
from fiducial.dataset.item import ItemDataset
from fiducial.dataset.plane import SliceDataset
from fiducial.dataset.project import project_dataset, take_snapshot
from fiducial.dataset.snapshot import Snapshot, load_snapshot
from fiducial.dataset.split import Split, Subject, split_subjects
from fiducial.dataset.volume import VolumeDataset

if TYPE_CHECKING:
    from fiducial.dataset.torch_dataset import TorchDataset

__all__ = [
    "FiducialDataset",
    "FrameDataset",
    "ImageDataset",
    "ItemDataset",
    "Sample",
    "Skipped",
    "SliceDataset",
    "Snapshot",
    "Split",
    "Subject",
    "TorchDataset",
    "VideoFrameDataset",
    "VolumeDataset",
    "load_snapshot",
    "project_dataset",
    "split_subjects",
    "take_snapshot",
]


def __getattr__(name: str) -> Any:
    if name == "TorchDataset":  # torch is imported when it is asked for
        from fiducial.dataset.torch_dataset import TorchDataset

        return TorchDataset
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
