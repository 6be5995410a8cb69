"""Training data over a real project: tensors on the labels' grid, without the network once it is there."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from fiducial import Api
from fiducial.errors import NotFound
from fiducial_server.app.sample import load_sample
from tests.acceptance.support import Gate, api_of, new_dicom
from tests.demo_data import DEMO_DATA
from tests.running import Running

torch = pytest.importorskip("torch")

FILES = r"/resources/[^/]+/file"
MASKS = r"/annotations/[^/]+/annotations/[^/]+/file"


@pytest.fixture(scope="module")
def gate() -> Gate:
    return Gate()


@pytest.fixture(scope="module")
def api(running: Running, gate: Gate) -> Iterator[Api]:
    with api_of(running, gate=gate) as opened:
        yield opened


@pytest.fixture(scope="module")
def project(api: Api) -> Any:
    """The sample of `fiducial demo`."""
    found = api.projects.get_by_id(load_sample(api))
    api.resources.wait_until_ready(found.fetch_resources())
    return found


@pytest.fixture(scope="module")
def root(project: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the project's data were fetched."""
    folder = tmp_path_factory.mktemp("training")
    project.as_torch_dataset(str(folder))
    return folder


@pytest.fixture
def offline(gate: Gate) -> Iterator[None]:
    """No request gets through."""
    gate.rule = lambda method, path: False
    yield
    gate.rule = lambda method, path: True


def by_name(dataset: Any) -> dict[str, Any]:
    return {(sample := dataset[n])["facts"]["name"]: sample for n in range(len(dataset))}


def tissue() -> Any:
    """The source of the sample's label map, in the file's axes (column, row, slice): 1 grey, 2 white."""
    grey: Any = nib.load(DEMO_DATA / "mni152_gm.nii.gz")
    white: Any = nib.load(DEMO_DATA / "mni152_wm.nii.gz")
    labels = np.zeros(grey.shape, np.uint8)
    labels[np.asarray(grey.dataobj) > 127] = 1
    labels[np.asarray(white.dataobj) > 127] = 2
    return labels


def test_every_item_is_a_tensor_of_modality_values(project: Any, root: Path) -> None:
    dataset = project.as_torch_dataset(str(root))
    samples = by_name(dataset)
    assert len(dataset) == len(project.fetch_resources()) == 6
    assert dataset.skipped == []
    for name, sample in samples.items():
        image, masks = sample["image"], sample["masks"]
        assert (image.dtype, masks.dtype) == (torch.float32, torch.uint8), name
        assert masks.shape == (len(dataset.class_names), *image.shape[1:]), name
        assert torch.isfinite(image).all()
    import pydicom

    ct = pydicom.dcmread(DEMO_DATA / "ct_small.dcm")
    expected = ct.pixel_array * float(ct.RescaleSlope) + float(ct.RescaleIntercept)
    np.testing.assert_array_equal(samples["ct_small.dcm"]["image"].numpy(), expected[None].astype(np.float32))
    assert samples["echo_cine.dcm"]["image"].shape == (3, 30, 240, 320)
    assert samples["echo_cine.mp4"]["image"].shape == (3, 30, 240, 320)


def test_the_head_and_its_masks_are_on_one_grid(project: Any, root: Path) -> None:
    dataset = project.as_torch_dataset(str(root))
    sample, source = by_name(dataset)["mni152_t1.nii.gz"], nib.load(DEMO_DATA / "mni152_t1.nii.gz")
    np.testing.assert_array_equal(sample["image"][0].numpy(), source.get_fdata().T.astype(np.float32))
    labels = tissue().T
    for name, value in (("grey matter", 1), ("white matter", 2)):
        mask = sample["masks"][dataset.class_names.index(name)].numpy()
        np.testing.assert_array_equal(mask, (labels == value).astype(np.uint8))
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ source.affine
    np.testing.assert_allclose(sample["facts"]["voxel_to_patient"], affine, rtol=0, atol=1e-6)
    assert dict(zip(dataset.label_names, sample["labels"].tolist(), strict=True))["sequence=T1-weighted"] == 1


def test_semantic_segmentation_has_one_class_per_voxel(project: Any, root: Path) -> None:
    dataset = project.as_torch_dataset(str(root), return_as_semantic_segmentation=True)
    sample, labels = by_name(dataset)["mni152_t1.nii.gz"], tissue().T
    expected = np.zeros(labels.shape, np.int64)
    for name, value in (("grey matter", 1), ("white matter", 2)):
        expected[labels == value] = dataset.class_names.index(name) + 1
    assert "masks" not in sample
    assert (sample["mask"].dtype, sample["facts"]["overlapping_pixels"]) == (torch.int64, 0)
    np.testing.assert_array_equal(sample["mask"].numpy(), expected)


def test_workers_give_the_same_as_this_process(project: Any, root: Path, offline: None) -> None:
    from torch.utils.data import DataLoader

    dataset = project.as_torch_dataset(str(root), auto_update=False)
    loader = DataLoader(dataset, batch_size=2, num_workers=2, collate_fn=type(dataset).collate)
    images = [image for batch in loader for image in batch["image"]]
    assert len(images) == len(dataset)
    for number, image in enumerate(images):
        assert torch.equal(image, dataset[number]["image"]), number


def test_it_survives_pickling(project: Any, root: Path, offline: None) -> None:
    dataset = project.as_torch_dataset(str(root), auto_update=False)
    again = pickle.loads(pickle.dumps(dataset))
    assert torch.equal(again[0]["image"], dataset[0]["image"])


def test_without_updating_no_network_is_touched(project: Any, root: Path, gate: Gate, offline: None) -> None:
    before = len(gate.asked)
    assert len(by_name(project.as_torch_dataset(str(root), auto_update=False))) == 6
    assert len(gate.asked) == before


def test_without_updating_an_empty_folder_says_so(project: Any, tmp_path: Path, offline: None) -> None:
    with pytest.raises(NotFound, match="auto_update"):
        project.as_torch_dataset(str(tmp_path), auto_update=False)


def test_a_second_call_fetches_nothing_and_a_new_label_only_itself(
    project: Any, root: Path, gate: Gate, api: Api
) -> None:
    def fetched() -> tuple[int, int]:
        return gate.count("GET", FILES), gate.count("GET", MASKS)

    before = fetched()
    project.as_torch_dataset(str(root))
    assert fetched() == before
    (eye,) = [r for r in project.fetch_resources() if r.filename == "fundus.jpg"]
    mask = np.zeros((int(eye.metadata["height"]), int(eye.metadata["width"])), np.uint8)
    mask[10:20, 30:50] = 1
    (label_id,) = api.annotations.upload_segmentations(eye, mask, "drawn later", frame_index=0)
    try:
        dataset = project.as_torch_dataset(str(root))
        assert fetched() == (before[0], before[1] + 1)
        shown = by_name(dataset)["fundus.jpg"]["masks"][dataset.class_names.index("drawn later")]
        np.testing.assert_array_equal(shown.numpy(), mask)
    finally:
        api.annotations.delete(label_id)
    assert "drawn later" not in project.as_torch_dataset(str(root)).class_names


def test_loading_the_sample_again_adds_nothing(project: Any, api: Api) -> None:
    def there() -> set[str]:
        resources = project.fetch_resources()
        return {r.id for r in resources} | {a.id for a in api.annotations.get_list(resource=resources)}

    before = there()
    assert load_sample(api) == project.id
    assert there() == before


def test_nobody_is_on_both_sides_of_a_split(api: Api, tmp_path: Path) -> None:
    for number in range(15):  # five patients, three images each
        changes = {"PatientID": f"patient {number % 5}", "StudyInstanceUID": None, "SeriesInstanceUID": None}
        (tmp_path / f"{number}.dcm").write_bytes(new_dicom(DEMO_DATA / "ct_small.dcm", **changes))
    ids = api.resources.upload_resources(sorted(tmp_path.glob("*.dcm")), assemble_dicoms=False)
    project = api.projects.create("fifteen images of five patients", "", resource_ids=[str(i) for i in ids])
    dataset = project.as_torch_dataset(str(tmp_path / "training"))
    parts = dataset.split(by="patient", seed=3, fractions={"train": 0.6, "val": 0.2, "test": 0.2})
    people = {name: {p[n]["facts"]["patient_id"] for n in range(len(p))} for name, p in parts.items()}
    assert {name: len(part) for name, part in parts.items()} == {"train": 9, "val": 3, "test": 3}
    assert people["train"] | people["val"] | people["test"] == {f"patient {n}" for n in range(5)}
    assert sum(len(found) for found in people.values()) == 5
    again = project.as_torch_dataset(str(tmp_path / "training"), auto_update=False).split(
        by="patient", seed=3, fractions={"train": 0.6, "val": 0.2, "test": 0.2}
    )
    assert {name: {p[n]["facts"]["item_id"] for n in range(len(p))} for name, p in again.items()} == {
        name: {p[n]["facts"]["item_id"] for n in range(len(p))} for name, p in parts.items()
    }
