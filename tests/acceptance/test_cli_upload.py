"""``fiducial upload`` against a real server: anonymised, with masks by file name, with facts; looked at over HTTP."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image

from fiducial.cli import exits
from tests.acceptance.command_line import Run, command_line
from tests.acceptance.support import got, new_dicom, new_video
from tests.demo_data import DEMO_DATA
from tests.running import Running

ROWS, COLUMNS = 20, 30


@pytest.fixture(autouse=True)
def _own_configuration(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIDUCIAL_CONFIG", str(tmp_path_factory.mktemp("configuration") / "fiducial.yaml"))
    monkeypatch.setenv("FIDUCIAL_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


@pytest.fixture
def run(running: Running, capsys: pytest.CaptureFixture[str]) -> Run:
    return command_line(capsys, running.url, running.key)


def picture(path: Path, seed: int) -> Path:
    """Noise of its own, so that no other test has uploaded it."""
    pixels = np.random.default_rng([seed, *uuid.uuid4().bytes]).integers(0, 255, (ROWS, COLUMNS), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, "PNG")
    return path


def mask(path: Path, **values: tuple[int, int]) -> Path:
    """A label picture; ``v3=(1, 4)`` puts value 3 into rows 1 to 3."""
    pixels = np.zeros((ROWS, COLUMNS), np.uint8)
    for name, (start, end) in values.items():
        pixels[start:end, 2:9] = int(name[1:])
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, "PNG")
    return path


def segmentations(client: httpx.Client, resource_id: str) -> list[dict[str, Any]]:
    body = {"resource_ids": [resource_id], "annotation_type": "segmentation"}
    found: list[dict[str, Any]] = client.post("/annotations/search", json=body).json()["data"]
    return found


def pixels_of(client: httpx.Client, row: dict[str, Any]) -> Any:
    answer = client.get(f"/annotations/{row['resource_id']}/annotations/{row['id']}/file")
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(answer.content)))


def test_a_folder_with_masks_names_and_facts(run: Run, client: httpx.Client, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for n in range(2):
        picture(folder / f"p{n}.png", n)
        mask(folder / f"p{n}_seg.png", v1=(1, 4), **({"v3": (6, 9)} if n else {}))
    (folder / "p0.json").write_text('{"site": "A"}')
    (tmp_path / "names.csv").write_text("value,name\n1,liver\n3,tumour\n")
    project = client.post("/projects", json={"name": f"cli {uuid.uuid4()}"}).json()["id"]
    asked = [
        "upload", folder, "--project", project, "--tag", "t1", "--tag", "t2", "--channel", "cli", "--publish",
        "--modality", "XC", "--segmentations", "{stem}_seg.png", "--names", tmp_path / "names.csv",
        "--metadata", "{stem}.json",
    ]  # fmt: skip
    ran = run(*asked, "--json")
    assert (ran.code, ran.err) == (0, ""), ran
    ids = {Path(row["path"]).name: row["id"] for row in ran.told["files"]}
    assert list(ids) == ["p0.png", "p1.png"]  # masks and facts are no images
    shown = got(client, f"/resources/{ids['p0.png']}")
    assert (shown["modality"], shown["status"], shown["upload_channel"]) == ("XC", "published", "cli")
    assert sorted(shown["tags"]) == ["t1", "t2"]
    assert shown["user_info"]["site"] == "A" if "user_info" in shown else shown["metadata"]["site"] == "A"
    assert {one["id"] for one in got(client, f"/projects/{project}/resources")} == set(ids.values())
    assert [row["identifier"] for row in segmentations(client, ids["p0.png"])] == ["liver"]
    rows = {row["identifier"]: row for row in segmentations(client, ids["p1.png"])}
    assert set(rows) == {"liver", "tumour"}
    wanted = np.zeros((ROWS, COLUMNS), np.uint8)
    wanted[6:9, 2:9] = 255
    assert np.array_equal(pixels_of(client, rows["tumour"]), wanted)

    again = run(*asked)
    assert again.out == "2 files as 2 items, 0 mask files as 0 segmentations, 2 were there\n"
    assert len(segmentations(client, ids["p1.png"])) == 2
    mask(folder / "p0_seg.png", v3=(0, 2))
    assert run(*asked).out == "2 files as 2 items, 1 mask files as 1 segmentations, 1 were there\n"
    assert {row["identifier"] for row in segmentations(client, ids["p0.png"])} == {"liver", "tumour"}


def test_masks_of_frames_and_volumes(run: Run, client: httpx.Client, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "v.mp4").write_bytes(new_video(4, COLUMNS + COLUMNS % 2, ROWS))
    for frame in (0, 3):
        mask(folder / "masks" / f"v_{frame}.png", v1=(frame, frame + 2))
    image = nibabel.load(DEMO_DATA / "mni152_t1.nii.gz")
    voxels = np.asanyarray(image.dataobj).copy()
    voxels[0, 0, 0] = uuid.uuid4().int % 200
    nibabel.Nifti1Image(voxels, image.affine).to_filename(folder / "brain.nii.gz")
    labels = np.zeros(image.shape[:3], np.uint8)
    labels[10:20, 10:20, 10:12], labels[30:40, 30:40, 30:32] = 1, 7
    nibabel.Nifti1Image(labels, image.affine).to_filename(folder / "brain_seg.nii.gz")
    (tmp_path / "n.json").write_text('{"1": "hippocampus"}')

    ran = run("upload", folder / "v.mp4", "--segmentations", "masks/{stem}_{frame}.png", "--json")
    assert ran.code == 0, ran
    (video,) = ran.told["files"]
    rows = segmentations(client, video["id"])
    assert sorted((row["identifier"], row["frame_index"]) for row in rows) == [("1", 0), ("1", 3)]

    ran = run(
        "upload",
        folder / "brain.nii.gz",
        "--segmentations",
        "{stem}_seg.nii.gz",
        "--names",
        tmp_path / "n.json",
        "--json",
    )
    assert ran.code == 0, ran
    (brain,) = ran.told["files"]
    rows = segmentations(client, brain["id"])
    assert {(row["identifier"], row["scope"]) for row in rows} == {("hippocampus", "image"), ("7", "image")}
    content = client.get(f"/annotations/{brain['id']}/annotations/{rows[0]['id']}/file").content
    value = 1 if rows[0]["identifier"] == "hippocampus" else 7
    assert np.array_equal(
        np.asanyarray(nibabel.Nifti1Image.from_bytes(_unzipped(content)).dataobj) != 0, labels == value
    )


def _unzipped(content: bytes) -> bytes:
    import gzip

    return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content


def test_a_mask_of_a_slice_finds_its_frame(run: Run, client: httpx.Client, tmp_path: Path) -> None:
    """The server orders slices by place; the mask of the file that is sent first is not of frame 0."""
    from pydicom.uid import generate_uid

    folder, uid = tmp_path / "series", generate_uid()
    folder.mkdir()
    for name, place in (("a", 20.0), ("b", 0.0), ("c", 10.0)):
        content = new_dicom(
            DEMO_DATA / "ct_small.dcm", SeriesInstanceUID=uid, ImagePositionPatient=[0, 0, place],
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        )  # fmt: skip
        (folder / f"{name}.dcm").write_bytes(content)
    pixels = np.zeros((128, 128), np.uint8)
    pixels[5:9, 5:9] = 1
    Image.fromarray(pixels).save(folder / "a_seg.png")
    ran = run("upload", folder, "--anonymize", "--segmentations", "{stem}_seg.png", "--json")
    assert ran.code == 0, ran
    (item,) = {row["id"] for row in ran.told["files"]}
    (row,) = segmentations(client, item)
    assert row["frame_index"] == 2
    assert np.array_equal(pixels_of(client, row), pixels * 255)


def test_anonymised_with_what_is_retained(run: Run, client: httpx.Client, tmp_path: Path) -> None:
    source = new_dicom(DEMO_DATA / "ct_small.dcm", PatientName="Okonkwo^Adaeze", PatientSex="F", PatientAge="050Y")
    (tmp_path / "a.dcm").write_bytes(source)
    asked = ["upload", tmp_path / "a.dcm", "--anonymize", "--retain", "0010,0040", "--mung-filename", "1", "--json"]
    ran = run(*asked)
    assert ran.code == 0, ran
    item = ran.told["files"][0]["id"]
    content = client.get(f"/resources/{item}/file").content
    kept, before = pydicom.dcmread(io.BytesIO(content)), pydicom.dcmread(io.BytesIO(source))
    assert b"Okonkwo" not in content
    assert (kept.PatientSex, kept.get("PatientAge")) == ("F", None)
    assert kept.PatientIdentityRemoved == "YES"
    assert kept.PixelData == before.PixelData
    shown = got(client, f"/resources/{item}")
    assert shown["filename"] == f"{tmp_path.parts[1]}_a.dcm"
    assert shown["patient_id"].startswith("ANON")
    assert shown["instance_uid"] != before.SOPInstanceUID
    assert run(*asked).told["files"][0]["id"] == item  # the same bytes again: nothing new


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--retain", "0010,0040"], "--anonymize"),
        (["--anonymize", "--retain", "PatientSex"], "0010,0040"),
        (["--mung-filename", "0"], "numbers from 1"),
        (["--mung-filename", "some"], "numbers from 1"),
        (["--names", "names.json"], "--segmentations"),
        (["--segmentations", "mask.png"], "fits every file"),
        (["--segmentations", "{stem}_m.png"], "fits no file"),
        (["--metadata", "{name}.json"], "fits no file"),
        (["--metadata", "broken.json"], "not JSON"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_sent(
    run: Run, client: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    name = f"{uuid.uuid4()}.png"
    picture(tmp_path / name, 1)
    (tmp_path / "broken.json").write_text("{")
    ran = run("upload", name, *options)
    assert ran.code in {exits.USAGE, exits.FAILED}
    assert reason in ran.err
    assert ran.err.startswith("error: ")
    assert got(client, "/resources", status="", filename=name)["data"][0]["resources"] == []


def test_a_mask_that_does_not_fit_is_told_and_the_others_go_on(run: Run, client: httpx.Client, tmp_path: Path) -> None:
    for n in range(2):
        picture(tmp_path / f"p{n}.png", n)
    mask(tmp_path / "p0_seg.png", v1=(0, 3))
    Image.fromarray(np.ones((5, 5), np.uint8)).save(tmp_path / "p1_seg.png")
    ran = run("upload", tmp_path, "--segmentations", "{stem}_seg.png")
    assert ran.code == exits.FAILED
    assert ran.out == "2 files as 2 items, 1 mask files as 1 segmentations, 1 failed\n"
    assert f"failed: {tmp_path / 'p1_seg.png'}: " in ran.err
    assert "5 x 5" in ran.err
    ran = run("upload", tmp_path, "--segmentations", "{stem}_seg.png", "--json")
    broken = next(row for row in ran.told["masks"] if row["error"])
    assert segmentations(client, broken["resource_id"]) == []
    (tmp_path / "v.mp4").write_bytes(new_video(3, COLUMNS, ROWS))
    mask(tmp_path / "v_one.png", v1=(0, 3))
    ran = run("upload", tmp_path / "v.mp4", "--segmentations", "{stem}_one.png")
    assert ran.code == exits.FAILED
    assert "which of the 3 frames" in ran.err


def test_one_object_of_facts_for_all(run: Run, client: httpx.Client, tmp_path: Path) -> None:
    picture(tmp_path / "in" / "p.png", 5)
    (tmp_path / "facts.json").write_text(json.dumps({"scanner": "x1"}))
    ran = run("upload", tmp_path / "in", "--metadata", tmp_path / "facts.json", "--json")
    assert ran.code == 0, ran
    assert "x1" in json.dumps(got(client, f"/resources/{ran.told['files'][0]['id']}"))
