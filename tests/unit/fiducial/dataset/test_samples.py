"""Samples of real images, compared with what nibabel and numpy read from the same files."""

from __future__ import annotations

import hashlib
import pickle
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt
import pytest

from fiducial.dataset import FrameDataset, ImageDataset, SliceDataset, VideoFrameDataset, VolumeDataset, load_snapshot
from fiducial.dataset.snapshot import ItemRecord, LabelRecord, Snapshot
from fiducial.errors import Damaged, Invalid, NotFound
from fiducial.geometry.mask import Mask
from fiducial.geometry.png import mask_to_png
from tests.demo_data import DEMO_DATA


def record(
    root: Path, name: str, kind: str, frames: int, labels: tuple[LabelRecord, ...] = (), **facts: str
) -> ItemRecord:
    shutil.copy(DEMO_DATA / name, root / name)
    sha256 = hashlib.sha256((root / name).read_bytes()).hexdigest()
    return ItemRecord(name.split(".", maxsplit=1)[0], name, kind, name, sha256, frames, labels=labels, **facts)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    root = tmp_path_factory.mktemp("dataset")
    white = nib.load(DEMO_DATA / "mni152_wm.nii.gz")
    binary = (np.asarray(white.dataobj) > 127).astype(np.uint8)
    nib.save(nib.Nifti1Image(binary, white.affine), root / "white.nii.gz")
    grey = (np.asarray(nib.load(DEMO_DATA / "mni152_gm.nii.gz").dataobj) > 100).astype(np.uint8)
    nib.save(nib.Nifti1Image(grey, white.affine), root / "grey.nii.gz")
    disc = np.zeros((1411, 1411), bool)
    disc[600:800, 900:1000] = True
    (root / "disc.png").write_bytes(mask_to_png(Mask.from_array(disc)))
    head = record(
        root,
        "mni152_t1.nii.gz",
        "nifti",
        189,
        (
            LabelRecord("1", "white matter", "segmentation", None, file="white.nii.gz"),
            LabelRecord("2", "grey matter", "segmentation", None, file="grey.nii.gz"),
            LabelRecord("3", "quality", "category", None, value="good"),
            LabelRecord("4", "ventricle", "label", 90),
        ),
        patient_id="atlas",
    )
    eye = record(
        root,
        "fundus.jpg",
        "image",
        1,
        (LabelRecord("5", "optic disc", "segmentation", 0, file="disc.png"),),
        patient_id="e",
    )
    cine = record(root, "echo_cine.dcm", "dicom", 30, (LabelRecord("6", "phase", "category", 7, value="systole"),))
    return Snapshot(root, "p", "Sample", "2026-01-01T00:00:00Z", (head, eye, cine))


def volume_zyx(name: str) -> npt.NDArray[np.float32]:
    return np.asarray(nib.load(DEMO_DATA / name).dataobj).transpose(2, 1, 0).astype(np.float32)


def test_volume_equals_nibabel(snapshot: Snapshot) -> None:
    data = VolumeDataset(snapshot)
    assert (len(data), data.class_names) == (1, ("grey matter", "optic disc", "white matter"))
    assert {s.item_id for s in data.skipped} == {"fundus", "echo_cine"}
    sample = data[0]
    assert sample["image"].shape == (1, 189, 233, 197)
    assert sample["image"].dtype == np.float32
    np.testing.assert_array_equal(sample["image"][0], volume_zyx("mni152_t1.nii.gz"))
    np.testing.assert_array_equal(sample["masks"][2], volume_zyx("mni152_wm.nii.gz") > 127)
    assert not sample["masks"][1].any()
    assert dict(zip(data.label_names, sample["labels"], strict=True)) == {
        "phase=systole": 0.0,
        "quality=good": 1.0,
        "ventricle": 1.0,
    }
    ras = nib.load(DEMO_DATA / "mni152_t1.nii.gz").affine
    np.testing.assert_allclose(np.diag([-1, -1, 1, 1]) @ sample["facts"]["voxel_to_patient"], ras, atol=1e-9)


@pytest.mark.parametrize(
    ("axis", "numpy_axis", "count"), [("axial", 0, 189), ("coronal", 1, 233), ("sagittal", 2, 197)]
)
def test_slices_lie_where_they_say(snapshot: Snapshot, axis: str, numpy_axis: int, count: int) -> None:
    data = SliceDataset(snapshot, axis)
    assert len(data) == count
    index = count // 3
    sample = data[index]
    np.testing.assert_array_equal(sample["image"][0], volume_zyx("mni152_t1.nii.gz").take(index, axis=numpy_axis))
    np.testing.assert_array_equal(sample["masks"][2], volume_zyx("mni152_wm.nii.gz").take(index, axis=numpy_axis) > 127)
    row, column = 50, 60
    voxel = np.insert(np.array([column, row]), 2 - numpy_axis, index)  # (i, j, k) of that pixel
    volume_affine = VolumeDataset(snapshot)[0]["facts"]["voxel_to_patient"]
    np.testing.assert_allclose(
        sample["facts"]["voxel_to_patient"] @ [column, row, 0, 1], volume_affine @ [*voxel, 1], atol=1e-9
    )


def test_frame_labels_show_on_their_frame_only(snapshot: Snapshot) -> None:
    data = SliceDataset(snapshot, "axial")
    ventricle = data.label_names.index("ventricle")
    assert data[90]["labels"][ventricle] == 1
    assert data[91]["labels"][ventricle] == 0


def test_semantic_counts_overlap(snapshot: Snapshot) -> None:
    sample = VolumeDataset(snapshot, semantic=True)[0]
    white, grey = volume_zyx("mni152_wm.nii.gz") > 127, volume_zyx("mni152_gm.nii.gz") > 100
    assert sample["mask"].dtype == np.int64
    np.testing.assert_array_equal(sample["mask"] == 3, white)
    np.testing.assert_array_equal(sample["mask"] == 1, grey & ~white)
    assert sample["facts"]["overlapping_pixels"] == int((white & grey).sum()) > 0


def test_pictures_and_frames(snapshot: Snapshot) -> None:
    eye = ImageDataset(snapshot)[0]
    assert eye["image"].shape == (3, 1411, 1411)
    assert eye["masks"].shape == (3, 1411, 1411)
    assert eye["masks"][1].sum() == 200 * 100
    cine = VideoFrameDataset(snapshot)
    assert len(cine) == 30
    assert cine[7]["image"].shape == (3, 240, 320)
    assert cine[7]["labels"].sum() == 1
    assert cine[8]["labels"].sum() == 0
    assert len(FrameDataset(snapshot)) == 189 + 1 + 30


def test_split_keeps_classes_and_separates(snapshot: Snapshot) -> None:
    parts = FrameDataset(snapshot).split(seed=0, fractions={"train": 0.67, "test": 0.33})
    ids = {
        name: {sample["facts"]["item_id"] for sample in (part[0], part[len(part) - 1])} for name, part in parts.items()
    }
    assert not ids["train"] & ids["test"]
    assert sum(len(part) for part in parts.values()) == 220
    assert parts["train"].class_names == parts["test"].class_names


def test_saved_snapshot_is_the_same(snapshot: Snapshot) -> None:
    snapshot.save()
    assert load_snapshot(snapshot.root) == snapshot
    (snapshot.root / "snapshot.json").write_text("{")
    with pytest.raises(Damaged, match="auto_update"):
        load_snapshot(snapshot.root)
    with pytest.raises(NotFound):
        load_snapshot(snapshot.root / "elsewhere")


def test_pickles_without_its_memory_maps(snapshot: Snapshot) -> None:
    data = SliceDataset(snapshot, "axial")
    before = data[3]["image"]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(data))[3]["image"], before)


def test_mask_of_another_size_is_refused(snapshot: Snapshot, tmp_path: Path) -> None:
    (tmp_path / "small.png").write_bytes(mask_to_png(Mask.empty(10, 20)))
    eye = record(tmp_path, "fundus.jpg", "image", 1, (LabelRecord("x", "y", "segmentation", 0, file="small.png"),))
    with pytest.raises(Invalid, match="20 x 10"):
        ImageDataset(Snapshot(tmp_path, "p", "n", "t", (eye,)))[0]


def test_tensors_in_a_loader_with_workers(snapshot: Snapshot) -> None:
    torch = pytest.importorskip("torch")
    from fiducial.dataset import TorchDataset

    data = TorchDataset(SliceDataset(snapshot, "axial", semantic=True))
    loader = torch.utils.data.DataLoader(data, batch_size=16, num_workers=2, collate_fn=TorchDataset.collate)
    seen = 0
    for batch in loader:
        assert batch["image"].dtype == torch.float32
        assert batch["image"].shape[1:] == (1, 233, 197)
        assert batch["mask"].shape[1:] == (233, 197)
        seen += len(batch["facts"])
    assert seen == 189
