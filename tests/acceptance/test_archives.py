"""Datasets and projects as one ZIP: everything in it, at the same pixels, and what is not in it is told."""

from __future__ import annotations

import gzip
import io
import json
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from fiducial import Api
from fiducial_server.db.datasets import insert_dataset
from fiducial_server.db.engine import Database
from fiducial_server.model.dataset import Dataset
from fiducial_server.model.ids import new_id
from fiducial_server.services.access import Access
from tests.acceptance.support import api_of, database_of, got, send, sha256_of, when_ready
from tests.demo_data import DEMO_DATA
from tests.running import ADMIN_KEY, Running

NAMES = ("fundus.jpg", "ct_small.dcm", "mni152_t1.nii.gz")


@dataclass(frozen=True)
class Made:
    pid: str
    did: str
    ids: dict[str, str]
    """By the name of the demo file."""
    mask: Any
    """``[row, column]``, on the CT."""
    volume: Any
    """``[x, y, z]``, on the head."""


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


@pytest.fixture(scope="module")
def api(running: Running) -> Iterator[Api]:
    with api_of(running) as opened:
        yield opened


@pytest.fixture(scope="module")
def made(client: httpx.Client, api: Api, tmp_path_factory: pytest.TempPathFactory) -> Made:
    ids = {name: send(client, name, (DEMO_DATA / name).read_bytes()) for name in NAMES}
    ids["series"] = api.resources.upload_series(DEMO_DATA / "mr_series", resume=False)
    for item_id in ids.values():
        assert when_ready(client, item_id)["state"] == "ready"
    project = client.post("/projects", json={"name": uuid.uuid4().hex, "resource_ids": list(ids.values())}).json()
    mask = np.zeros((128, 128), bool)
    mask[10:30, 12:33] = mask[0, 0] = mask[-1, -1] = True
    (of_frame,) = api.annotations.upload_segmentations(
        ids["ct_small.dcm"], mask.astype(np.uint8), "spot", frame_index=0
    )
    client.patch(f"/annotations/{of_frame}/approve").raise_for_status()
    head: Any = nib.load(DEMO_DATA / "mni152_t1.nii.gz")
    volume = np.zeros(head.shape, np.uint8)
    volume[20:40, 30:50, 10:13] = volume[5, 6, 7] = 1
    path = tmp_path_factory.mktemp("labels") / "labels.nii.gz"
    nib.save(nib.Nifti1Image(volume, head.affine), path)
    api.annotations.upload_volume_segmentation(ids["mni152_t1.nii.gz"], path, {1: "lobe"})
    quality = {"type": "category", "identifier": "quality", "scope": "image", "value": "good"}
    client.post(f"/annotations/{ids['fundus.jpg']}/annotations", json=[quality]).raise_for_status()
    return Made(project["id"], project["dataset_id"], ids, mask, volume)


def zip_of(answer: httpx.Response) -> zipfile.ZipFile:
    assert answer.status_code == 200, answer.text[:500]
    assert answer.headers["content-type"] == "application/zip"
    found = zipfile.ZipFile(io.BytesIO(answer.content))
    assert found.testzip() is None
    names = found.namelist()
    assert len(set(names)) == len(names)
    assert not [name for name in names if name.startswith("/") or ".." in name.split("/") or "\\" in name]
    return found


def downloaded(client: httpx.Client, did: str, form: str) -> zipfile.ZipFile:
    token = got(client, f"/datasets/{did}/download/{form}")
    assert isinstance(token, str)
    return zip_of(httpx.get(f"{client.base_url}/datasets/download/{token}", timeout=120))  # no key


def manifest(archive: zipfile.ZipFile) -> dict[str, dict[str, Any]]:
    told = json.loads(archive.read("manifest.json"))
    assert [entry for entry in told["items"] if (entry["path"] is None) != bool(entry["reason"])] == []
    return {entry["id"]: entry for entry in told["items"]}


PATHS = {
    "jpg": {"fundus.jpg": "fundus.jpg", "ct_small.dcm": "ct_small.jpg", "mni152_t1.nii.gz": "mni152_t1"},
    "png": {"fundus.jpg": "fundus.png", "ct_small.dcm": "ct_small.png", "mni152_t1.nii.gz": "mni152_t1"},
    "tiff": {"fundus.jpg": "fundus.tif", "ct_small.dcm": "ct_small.tif", "mni152_t1.nii.gz": "mni152_t1"},
    "npy": {"fundus.jpg": "fundus.npy", "ct_small.dcm": "ct_small.npy", "mni152_t1.nii.gz": "mni152_t1.npy"},
    "dicom": {"fundus.jpg": None, "ct_small.dcm": "ct_small.dcm", "mni152_t1.nii.gz": None},
    "nifti": {"fundus.jpg": None, "ct_small.dcm": "ct_small.nii.gz", "mni152_t1.nii.gz": "mni152_t1.nii.gz"},
}


@pytest.mark.parametrize("form", PATHS)
def test_a_dataset_in_every_form(client: httpx.Client, made: Made, form: str) -> None:
    archive = downloaded(client, made.did, form)
    told, inside = manifest(archive), set(archive.namelist())
    assert set(told) == set(made.ids.values())
    for name, path in PATHS[form].items():
        entry = told[made.ids[name]]
        assert (entry["filename"], entry["sha256"]) == (name, sha256_of(DEMO_DATA / name))
        assert entry["path"] == (f"images/{path}" if path else None)
        files = [one for one in inside if path and (one == entry["path"] or one.startswith(f"{entry['path']}/"))]
        assert len(files) == entry["file_count"]
        assert entry["missing_frame_count"] == 0
    assert len(told[made.ids["series"]]["originals"]) == 2
    covered = sum(entry["file_count"] for entry in told.values())
    assert len([name for name in inside if name.startswith("images/")]) == covered
    if form == "dicom":
        assert "no DICOM, but jpeg" in told[made.ids["fundus.jpg"]]["reason"]
        assert archive.read("images/ct_small.dcm") == (DEMO_DATA / "ct_small.dcm").read_bytes()
        assert told[made.ids["series"]]["file_count"] == 2
    if form == "nifti":
        volume = nib.Nifti1Image.from_bytes(gzip.decompress(archive.read(told[made.ids["series"]]["path"])))
        assert volume.shape == (256, 256, 2)


def test_pictures_are_those_that_are_looked_at(client: httpx.Client, made: Made) -> None:
    archive = downloaded(client, made.did, "png")
    for index, name in ((0, "0000"), (1, "0001")):
        folder = manifest(archive)[made.ids["series"]]["path"]
        shown = client.get(f"/resources/{made.ids['series']}/frames/{index}").content
        both = [np.asarray(Image.open(io.BytesIO(b))) for b in (shown, archive.read(f"{folder}/{name}.png"))]
        np.testing.assert_array_equal(*both)


def test_labels_come_along(client: httpx.Client, made: Made) -> None:
    archive = downloaded(client, made.did, "png")
    of_item = {r["resource_id"]: r["annotations"] for r in json.loads(archive.read("annotations.json"))["resources"]}
    assert set(of_item) == set(made.ids.values())
    (quality,) = of_item[made.ids["fundus.jpg"]]
    assert (quality["identifier"], quality["text_value"], quality["file"]) == ("quality", "good", None)
    (spot,) = of_item[made.ids["ct_small.dcm"]]
    pixels = np.asarray(Image.open(io.BytesIO(archive.read(spot["file"]))))
    np.testing.assert_array_equal(pixels > 0, made.mask)
    (lobe,) = of_item[made.ids["mni152_t1.nii.gz"]]
    body = archive.read(lobe["file"])
    volume: Any = nib.Nifti1Image.from_bytes(gzip.decompress(body))
    np.testing.assert_array_equal(np.asarray(volume.dataobj), made.volume)
    assert {"spot": spot["annotation_type"], "lobe": lobe["scope"]} == {"spot": "segmentation", "lobe": "image"}


def test_a_mask_that_has_no_file_yet_is_told(client: httpx.Client) -> None:
    rid = send(client, "fundus.jpg", (DEMO_DATA / "fundus.jpg").read_bytes())
    project = client.post("/projects", json={"name": uuid.uuid4().hex, "resource_ids": [rid]}).json()
    item = {"type": "segmentation", "identifier": "empty", "scope": "frame", "frame_index": 0}
    client.post(f"/annotations/{rid}/annotations", json=[item]).raise_for_status()
    (told,) = json.loads(downloaded(client, project["dataset_id"], "jpg").read("annotations.json"))["resources"]
    assert told["annotations"][0]["file"] is None
    assert "has none" in told["annotations"][0]["file_missing"]


def test_an_empty_dataset(client: httpx.Client) -> None:
    project = client.post("/projects", json={"name": uuid.uuid4().hex}).json()
    archive = downloaded(client, project["dataset_id"], "npy")
    assert set(archive.namelist()) == {"annotations.json", "manifest.json"}
    assert manifest(archive) == {}


def test_bad_requests_for_a_dataset(client: httpx.Client, made: Made) -> None:
    wrong = client.get(f"/datasets/{made.did}/download/gif")
    assert (wrong.status_code, "one of jpg, png" in wrong.json()["message"]) == (400, True)
    unknown = client.get(f"/datasets/{uuid.uuid4()}/download/png")
    assert (unknown.status_code, " not found" in unknown.json()["message"]) == (404, True)


# -- projects ---------------------------------------------------------------------------------------------------------


def project_zip(client: httpx.Client, pid: str, **params: str) -> tuple[dict[str, Any], zipfile.ZipFile]:
    archive = zip_of(client.get(f"/projects/{pid}/annotated_dataset", params=params))
    return json.loads(archive.read("dataset.json")), archive


def test_a_whole_project(client: httpx.Client, made: Made) -> None:
    told, archive = project_zip(client, made.pid, all_annotations="True", include_unannotated="True")
    dataset = got(client, f"/datasets/{made.did}")
    assert (told["updated_at"], told["id"], told["all_annotations"]) == (dataset["updated_at"], made.did, True)
    by_id = {entry["id"]: entry for entry in told["resources"]}
    assert set(by_id) == set(made.ids.values())
    assert told["skipped"] == []
    for name in NAMES:
        entry = by_id[made.ids[name]]
        assert entry["file"] == f"images/{name}"
        assert archive.read(entry["file"]) == (DEMO_DATA / name).read_bytes()
        assert {k: v for k, v in entry.items() if k not in {"file", "annotations"}} == got(
            client, f"/resources/{made.ids[name]}"
        )
    series = by_id[made.ids["series"]]
    assert series["file"].endswith(".dcm")
    assert archive.read(series["file"]) == client.get(f"/resources/{made.ids['series']}/file").content
    (spot,) = by_id[made.ids["ct_small.dcm"]]["annotations"]
    assert (spot["scope"], spot["frame_index"]) == ("frame", 0)
    np.testing.assert_array_equal(mask_png(archive, spot["file"]), made.mask.astype(np.uint8) * 255)
    planes = by_id[made.ids["mni152_t1.nii.gz"]]["annotations"]
    assert [plane["frame_index"] for plane in planes] == [7, 10, 11, 12]
    assert len({plane["id"] for plane in planes}) == 4
    assert len({plane["volume_annotation_id"] for plane in planes}) == 1
    for plane in planes:
        wanted = made.volume[:, :, plane["frame_index"]].T * 255
        np.testing.assert_array_equal(mask_png(archive, plane["file"]), wanted)
    (quality,) = by_id[made.ids["fundus.jpg"]]["annotations"]
    assert (quality["annotation_type"], quality["text_value"], quality["file"]) == ("category", "good", None)


def mask_png(archive: zipfile.ZipFile, path: str) -> Any:
    """As older clients read it: a grey PNG."""
    shown = Image.open(io.BytesIO(archive.read(path)))
    assert shown.mode == "L"
    return np.asarray(shown)


def test_only_what_is_finished(client: httpx.Client, made: Made) -> None:
    told, archive = project_zip(client, made.pid, all_annotations="False")
    (entry,) = told["resources"]
    assert [one["identifier"] for one in entry["annotations"]] == ["spot"]  # approved
    assert len(archive.namelist()) == 3
    told, _ = project_zip(client, made.pid, all_annotations="False", include_unannotated="True")
    assert len(told["resources"]) == 4
    status = f"/projects/{made.pid}/resources/{made.ids['fundus.jpg']}/status"
    client.post(status, json={"status": "closed"}).raise_for_status()
    told, _ = project_zip(client, made.pid)
    found = {one["identifier"] for entry in told["resources"] for one in entry["annotations"]}
    assert found == {"spot", "quality"}


def test_what_cannot_be_in_a_project_zip_is_told(client: httpx.Client, api: Api) -> None:
    rid = send(client, "fundus.jpg", (DEMO_DATA / "fundus.jpg").read_bytes())
    group = client.post("/resources/groups", json={"filename": "pictures"}).json()["id"]
    for n in range(2):
        out = io.BytesIO()
        Image.fromarray(np.full((6, 8), 50 * n, np.uint8)).save(out, "PNG")
        picture = {"resource": (f"{n}.png", out.getvalue())}
        client.post(f"/resources/groups/{group}/files", files=picture).raise_for_status()
    client.post(f"/resources/groups/{group}/close").raise_for_status()
    when_ready(client, group)
    pid = client.post("/projects", json={"name": uuid.uuid4().hex, "resource_ids": [rid, group]}).json()["id"]
    item = {"type": "segmentation", "identifier": "empty", "scope": "frame", "frame_index": 0}
    (aid,) = client.post(f"/annotations/{rid}/annotations", json=[item]).json()
    told, _ = project_zip(client, pid, all_annotations="True", include_unannotated="True")
    assert [entry["id"] for entry in told["resources"]] == [rid]
    assert told["resources"][0]["annotations"] == []
    skipped = {one.get("resource_id") or one["annotation_id"]: one["reason"] for one in told["skipped"]}
    assert set(skipped) == {aid, group}
    assert "no single file" in skipped[group]
    assert "no mask" in skipped[aid]


def test_bad_requests_for_a_project(client: httpx.Client, made: Made) -> None:
    wrong = client.get(f"/projects/{made.pid}/annotated_dataset", params={"all_annotations": "perhaps"})
    assert (wrong.status_code, "all_annotations" in wrong.json()["message"]) == (400, True)
    unknown = client.get(f"/projects/{uuid.uuid4()}/annotated_dataset")
    assert (unknown.status_code, " not found" in unknown.json()["message"]) == (404, True)


# -- deleting ---------------------------------------------------------------------------------------------------------


def test_a_project_keeps_its_dataset(client: httpx.Client, made: Made) -> None:
    refused = client.delete(f"/datasets/{made.did}")
    assert (refused.status_code, "archive the project" in refused.json()["message"]) == (409, True)
    assert got(client, f"/datasets/{made.did}")["id"] == made.did
    pid = client.post("/projects", json={"name": uuid.uuid4().hex}).json()["id"]
    did = got(client, f"/projects/{pid}")["dataset_id"]
    client.delete(f"/projects/{pid}").raise_for_status()
    assert client.delete(f"/datasets/{did}").status_code == 409


def test_a_dataset_of_no_project_is_deleted_softly(running: Running, client: httpx.Client) -> None:
    did, database = new_id(), Database(database_of(running))
    actor = Access(database).authenticate(ADMIN_KEY)
    loose = Dataset(did, "loose", 1, actor.email, 1)
    database.transact(actor.organization_id, lambda scope: insert_dataset(scope, loose))
    database.close()
    rid = send(client, "fundus.jpg", (DEMO_DATA / "fundus.jpg").read_bytes())
    client.post(f"/datasets/{did}/resources", json={"resource_ids_to_add": [rid]}).raise_for_status()
    token = got(client, f"/datasets/{did}/download/jpg")
    answer = client.delete(f"/datasets/{did}")
    assert (answer.status_code, answer.json()) == (200, {})
    assert client.get(f"/datasets/{did}").status_code == 404
    assert client.delete(f"/datasets/{did}").status_code == 404
    assert did not in [one["id"] for one in got(client, "/datasets")["data"]]
    assert client.get(f"/datasets/download/{token}").status_code == 404
    assert got(client, f"/resources/{rid}")["deleted"] is False
