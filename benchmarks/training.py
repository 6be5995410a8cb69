"""Samples a second from a dataset whose files are cached."""

from __future__ import annotations

import hashlib
import random
import shutil
import tempfile
import time
from pathlib import Path

from tests.demo_data import DEMO_DATA

from benchmarks.table import Measure
from fiducial.dataset import FiducialDataset, FrameDataset, SliceDataset, VolumeDataset
from fiducial.dataset.snapshot import ItemRecord, LabelRecord, Snapshot


def items_per_second(repeats: int) -> list[Measure]:
    """Samples in random order, one process, volume with two tissue masks and a cine."""
    root = Path(tempfile.mkdtemp(prefix="fiducial-bench-"))
    snapshot = _snapshot(root)
    sets: dict[str, FiducialDataset] = {
        "axial slices with 2 masks": SliceDataset(snapshot, "axial"),
        "sagittal slices with 2 masks": SliceDataset(snapshot, "sagittal"),
        "frames": FrameDataset(snapshot),
        "whole volumes (8.7 M voxels)": VolumeDataset(snapshot),
    }
    return [
        Measure(f"dataset from the cache, {name}", "samples/s", [_rate(data) for _ in range(repeats)])
        for name, data in sets.items()
    ]


def _rate(data: FiducialDataset) -> float:
    order = random.Random(0).choices(range(len(data)), k=min(200, 4 * len(data)))
    data[order[0]]
    start = time.perf_counter()
    for index in order:
        data[index]
    return len(order) / (time.perf_counter() - start)


def _snapshot(root: Path) -> Snapshot:
    import nibabel as nib
    import numpy as np

    labels = []
    for name in ("gm", "wm"):
        image = nib.load(DEMO_DATA / f"mni152_{name}.nii.gz")
        nib.save(
            nib.Nifti1Image((np.asarray(image.dataobj) > 127).astype(np.uint8), image.affine), root / f"{name}.nii.gz"
        )
        labels.append(LabelRecord(name, name, "segmentation", None, file=f"{name}.nii.gz"))
    items = []
    for name, frames, of_item in (("mni152_t1.nii.gz", 189, tuple(labels)), ("echo_cine.dcm", 30, ())):
        shutil.copy(DEMO_DATA / name, root / name)
        sha256 = hashlib.sha256((root / name).read_bytes()).hexdigest()
        items.append(ItemRecord(name, name, "", name, sha256, frames, labels=of_item))
    return Snapshot(root, "p", "bench", "", tuple(items))
