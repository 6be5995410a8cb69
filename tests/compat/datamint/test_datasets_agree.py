"""Training data of one project through the published client's dataset classes and through ours: the same arrays and masks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from fiducial import Api
from fiducial.dataset import project_dataset
from fiducial.entities import Project
from tests.acceptance.support import when_ready
from tests.compat.datamint.published import TODAYS, Client, context
from tests.demo_data import DEMO_DATA
from tests.running import Running

pytestmark = TODAYS.needed


@dataclass(frozen=True)
class Pair:
    """A dataset class of theirs, what builds the same of ours, and the samples to compare."""

    kind: str
    project: str
    by: str
    indices: Sequence[int]
    theirs: Mapping[str, Any] = field(default_factory=dict)
    ours: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return " ".join((self.kind, self.project, *self.theirs.values()))


def _sliced(project: str, axis: str, indices: Sequence[int]) -> Pair:
    return Pair("SlicedVolumeDataset", project, "slice", indices, {"slice_axis": axis}, {"axis": axis})


PAIRS = [
    Pair("ImageDataset", "pictures", "image", [0, 1]),
    Pair("VolumeDataset", "head", "volume", [0]),
    Pair("VolumeDataset", "noise", "volume", [0]),
    *(_sliced("head", axis, [70, 90]) for axis in ("axial", "coronal", "sagittal")),
    *(_sliced("noise", axis, [0, 2]) for axis in ("axial", "coronal", "sagittal")),
]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with TODAYS.started(tmp_path_factory.mktemp("home")) as started:
        yield started


@pytest.fixture(scope="module")
def projects(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Project]]:
    """Pictures with masks per colour, a real head with tissue classes, and noise without any symmetry."""
    folder = tmp_path_factory.mktemp("files")
    with Api(running.url, running.key) as api:
        made = {
            "pictures": _pictures(api, folder),
            "head": [_head(api, folder)],
            "noise": [_noise(api, folder)],
        }
        with running.client() as http:
            for resource_id in (one for ids in made.values() for one in ids):
                when_ready(http, resource_id)
        named = {name: f"{name} {folder.parent.name} {folder.name}" for name in made}
        yield {name: api.projects.create(named[name], "", resource_ids=ids) for name, ids in made.items()}


def _pictures(api: Api, folder: Path) -> list[str]:
    from PIL import Image

    random, ids = np.random.default_rng(1), []
    for number in range(2):
        path = folder / f"{number}.png"
        Image.fromarray(random.integers(0, 256, (40, 60, 3), np.uint8)).save(path)
        resource_id = str(api.resources.upload_resource(str(path), resume=False))
        mask = np.zeros((40, 60, 1), np.uint8)
        mask[5:20, 30:50] = 1
        mask[22:30, 3 + number : 9] = 2
        api.annotations.upload_segmentations(resource_id, mask, name={1: "cup", 2: "disc"})
        ids.append(resource_id)
    return ids


def _head(api: Api, folder: Path) -> str:
    resource_id = str(api.resources.upload_resource(str(DEMO_DATA / "mni152_t1.nii.gz"), resume=False))
    for name in ("gm", "wm"):
        image: Any = nib.load(DEMO_DATA / f"mni152_{name}.nii.gz")
        path = folder / f"{name}.nii.gz"
        nib.save(nib.Nifti1Image((np.asarray(image.dataobj) > 127).astype(np.uint8), image.affine), path)
        api.annotations.upload_volume_segmentation(resource_id, str(path), name={1: name})
    return resource_id


def _noise(api: Api, folder: Path) -> str:
    random, affine = np.random.default_rng(2), np.diag([-1.0, 1.0, 2.0, 1.0])
    path, labels = folder / "noise.nii.gz", folder / "labels.nii.gz"
    nib.save(nib.Nifti1Image(random.integers(-1000, 1000, (7, 5, 3)).astype(np.int16), affine), path)
    nib.save(nib.Nifti1Image(random.integers(0, 3, (7, 5, 3)).astype(np.uint8), affine), labels)
    resource_id = str(api.resources.upload_resource(str(path), resume=False))
    api.annotations.upload_volume_segmentation(resource_id, str(labels), name={1: "one", 2: "two"})
    return resource_id


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_the_same_arrays_and_masks(
    pair: Pair, client: Client, projects: dict[str, Project], running: Running, tmp_path: Path
) -> None:
    project = projects[pair.project]
    wanted = {"kind": pair.kind, "project": project.name, "options": dict(pair.theirs), "indices": list(pair.indices)}
    told = client.run("samples", "keep", context("samples", running, tmp_path, told=wanted))
    data = project_dataset(project, root_dir=tmp_path / "ours", by=pair.by, **pair.ours)
    assert len(data) == told["length"]
    for index, kept in zip(pair.indices, told["samples"], strict=True):
        theirs, ours = np.load(kept["file"]), data[index]
        assert ours["facts"]["item_id"] == kept["resource"]
        np.testing.assert_allclose(np.squeeze(ours["image"]), np.squeeze(theirs["image"]), rtol=0, atol=1e-4)
        classes = data.dataset.class_names if hasattr(data, "dataset") else data.class_names
        for name, mask in zip(kept["names"], theirs["masks"], strict=True):
            found = np.squeeze(np.asarray(ours["masks"][classes.index(name)]))
            np.testing.assert_array_equal(found > 0, np.squeeze(mask) > 0, err_msg=f"{pair} {index} {name}")
            assert mask.any(), name
