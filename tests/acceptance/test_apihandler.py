"""The older interface against a real server; what it does is looked at through our newer client and plain HTTP."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Generator, Iterator
from datetime import date, timedelta
from pathlib import Path
from types import GeneratorType
from typing import Any

import httpx
import nibabel as nib
import numpy as np
import PIL.Image
import pydicom
import pytest
from PIL import Image

from fiducial import Api, APIHandler
from fiducial.apihandler.base_api_handler import (
    DatamintException,
    InvalidSegmentationError,
    ResourceNotFoundError,
)
from fiducial.exceptions import AuthenticationError, EntityAlreadyExistsError, NetworkError
from tests.acceptance.places import dicom_affine
from tests.acceptance.support import api_of, got, new_dicom, new_video, sha256_of
from tests.demo_data import DEMO_DATA
from tests.running import ADMIN_EMAIL, Running

NOBODY = "00000000-0000-4000-8000-000000000000"
CT, CINE, NIFTI = DEMO_DATA / "ct_small.dcm", DEMO_DATA / "echo_cine.dcm", DEMO_DATA / "mni152_t1.nii.gz"
MR = [DEMO_DATA / "mr_series" / f"{n}.dcm" for n in (0, 1)]


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIDUCIAL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("FIDUCIAL_CONFIG", str(tmp_path / "fiducial.yaml"))


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


@pytest.fixture(scope="module")
def api(running: Running) -> Iterator[Api]:
    with api_of(running) as opened:
        yield opened


@pytest.fixture(scope="module")
def handler(running: Running) -> Iterator[APIHandler]:
    made = APIHandler(running.url + "/", running.key)
    yield made
    made.close()


@pytest.fixture
def name() -> str:
    """A name that nothing else has."""
    return f"Named {os.urandom(6).hex()}"


def picture(path: Path, width: int = 60, height: int = 40) -> str:
    """A grey picture that no other test has."""
    Image.fromarray(np.frombuffer(os.urandom(width * height), np.uint8).reshape(height, width)).save(path)
    return str(path)


@pytest.fixture
def picture_id(handler: APIHandler, tmp_path: Path) -> str:
    """A picture of 60 x 40 pixels."""
    (made,) = handler.upload_resources(picture(tmp_path / "picture.png"))
    return made


@pytest.fixture
def video_id(handler: APIHandler, tmp_path: Path) -> str:
    """A video of 12 frames of 96 x 64."""
    (tmp_path / "clip.mp4").write_bytes(new_video())
    (made,) = handler.upload_resources(str(tmp_path / "clip.mp4"))
    return made


@pytest.fixture
def project(handler: APIHandler, picture_id: str, name: str) -> dict[str, Any]:
    return handler.create_project(name, "what it is for", [picture_id])


def second_worklist(client: httpx.Client, project: dict[str, Any]) -> str:
    """A further worklist of the project: what says nothing goes to the main one."""
    body = {"name": "second", "project_id": project["id"], "resource_ids": []}
    return str(client.post("/annotationsets", json=body).raise_for_status().json()["id"])


def by_identifier(api: Api, resource_id: str) -> dict[str, Any]:
    """Our newer client's annotations by name; where one name has several, the last."""
    return {a.identifier: a for a in api.annotations.get_list(resource_id)}


# -- the way in -------------------------------------------------------------------------------------------------------


def test_wrong_key_and_wrong_address(running: Running) -> None:
    with pytest.raises(AuthenticationError) as told:
        APIHandler(running.url, "fid_nobody")
    assert isinstance(told.value, DatamintException)
    with pytest.raises(NetworkError):
        APIHandler("http://127.0.0.1:9", "key", max_retries=0)
    APIHandler("http://127.0.0.1:9", "key", check_connection=False)


def test_address_and_key_from_the_environment(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FIDUCIAL_API_URL", raising=False)
    monkeypatch.delenv("FIDUCIAL_API_KEY", raising=False)
    monkeypatch.setenv("DATAMINT_API_URL", running.url + "/")
    monkeypatch.setenv("DATAMINT_API_KEY", running.key)
    handler = APIHandler()
    assert handler.get_users()
    handler.close()


# -- uploads ----------------------------------------------------------------------------------------------------------


def test_upload_says_what_is_said_of_files(
    handler: APIHandler, api: Api, tmp_path: Path, project: dict[str, Any], name: str
) -> None:
    path = picture(tmp_path / "one.png")
    with Path(path).open("rb") as opened, pytest.warns(DeprecationWarning, match="labels"):
        ids = handler.upload_resources(
            [path, opened], labels=["old"], tags=["new", "old"], channel=name, modality="XC", publish_to=project["name"]
        )
    assert len(set(ids)) == 2
    for resource_id in ids:
        found = api.resources.get_by_id(resource_id)
        assert (found.tags, found.upload_channel, found.modality, found.status) == (
            ["new", "old"],
            name,
            "XC",
            "published",
        )
        assert (found.filename, found.mimetype) == ("one.png", "image/png")
        assert found.fetch_file_data(auto_convert=False) == Path(path).read_bytes()
    in_project = {r.id for r in api.projects.get_by_id(project["id"]).fetch_resources()}
    assert set(ids) <= in_project
    (by_id,) = handler.upload_resources(path, publish_to=project["id"])
    assert by_id not in ids  # every call makes new resources
    assert by_id in {r.id for r in api.projects.get_by_id(project["id"]).fetch_resources()}
    assert api.resources.get_by_id(handler.upload_resources(path)[0]).status == "inbox"
    assert api.resources.get_by_id(handler.upload_resources(path, publish=True)[0]).status == "published"


def test_upload_to_a_project_that_is_not_there_sends_nothing(handler: APIHandler, tmp_path: Path, name: str) -> None:
    with pytest.raises(ResourceNotFoundError, match=name):
        handler.upload_resources(picture(tmp_path / "a.png"), channel=name, publish_to=name)
    assert list(handler.get_resources(channel=name)) == []


def test_folders_in_front_of_names(
    handler: APIHandler, api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site" / "patient").mkdir(parents=True)
    picture(tmp_path / "site" / "patient" / "a.png")
    monkeypatch.chdir(tmp_path)
    for levels, wanted in (("all", "site_patient_a.png"), ([2], "patient_a.png"), (None, "a.png")):
        (made,) = handler.upload_resources("site", mung_filename=levels)  # type: ignore[arg-type]
        assert api.resources.get_by_id(made).filename == wanted


def test_mimetype_as_given(handler: APIHandler, api: Api, tmp_path: Path) -> None:
    (made,) = handler.upload_resources(picture(tmp_path / "a.png"), mimetype="image/png")
    assert api.resources.get_by_id(made).mimetype == "image/png"


def test_slices_become_one_resource_or_stay_alone(handler: APIHandler, api: Api) -> None:
    together = handler.upload_resources([str(path) for path in MR])
    assert len(together) == 2
    assert len(set(together)) == 1
    (series,) = api.resources.wait_until_ready(together[0])
    assert series.metadata["frame_count"] == 2
    alone = handler.upload_resources([str(path) for path in MR], assemble_dicoms=False)
    assert len(set(alone)) == 2
    assert [api.resources.get_by_id(one).metadata["frame_count"] for one in alone] == [1, 1]


def test_what_cannot_be_uploaded_is_raised_or_skipped(
    handler: APIHandler, tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    good, cut = picture(tmp_path / "good.png"), tmp_path / "cut.dcm"
    cut.write_bytes(CT.read_bytes()[:3000])
    files = [good, str(cut), str(tmp_path / "gone.png")]
    with pytest.raises(FileNotFoundError, match="gone"):
        handler.upload_resources(files, channel=name)
    with pytest.raises(DatamintException, match="cut"):
        handler.upload_resources(files[:2], channel=name)
    before = set(handler.get_resources(channel=name, return_ids_only=True))
    ids = handler.upload_resources(files, channel=name, on_error="skip")
    assert {one["id"] for one in handler.get_resources(channel=name)} - before == set(ids)  # type: ignore[operator]
    assert len(ids) == 1
    assert "cut.dcm was not uploaded" in caplog.text
    assert "gone.png was not uploaded" in caplog.text
    with pytest.raises(ValueError, match="on_error"):
        handler.upload_resources(good, on_error="ignore")  # type: ignore[arg-type]


def test_anonymised_before_it_leaves(handler: APIHandler, api: Api, tmp_path: Path) -> None:
    path = tmp_path / "named.dcm"
    path.write_bytes(new_dicom(CT, PatientName="Doe^Jane", PatientID="4711", StudyDescription="Head of Jane Doe"))
    (made,) = handler.upload_resources(str(path), anonymize=True)
    sent = api.resources.get_by_id(made).fetch_file_data(auto_convert=False)
    assert b"Jane" not in sent
    assert b"4711" not in sent
    assert np.array_equal(pydicom.dcmread(io.BytesIO(sent)).pixel_array, pydicom.dcmread(path).pixel_array)
    (kept,) = handler.upload_resources(str(path), anonymize=True, anonymize_retain_codes=[(0x0010, 0x0020)])
    found = handler.download_resource_file(kept)
    assert found.PatientID == "4711"
    assert "Jane" not in str(found.get("PatientName", ""))


def test_one_resource_with_what_is_said_beside_it(handler: APIHandler, api: Api, tmp_path: Path) -> None:
    made = handler.upload_resource(pydicom.dcmread(CT), tags=["t"], metadata={"site": 3})
    found = api.resources.get_by_id(made)
    assert (found.tags, found.metadata["site"]) == (["t"], 3)
    with pytest.raises(FileNotFoundError):
        handler.upload_resource(str(tmp_path))
    (tmp_path / "broken.dcm").write_bytes(CT.read_bytes()[:3000])
    assert handler.upload_resource(str(tmp_path / "broken.dcm"), on_error="skip") == ""


def test_masks_with_the_files(handler: APIHandler, api: Api, tmp_path: Path) -> None:
    mask = np.zeros((40, 60), np.uint8)
    mask[3:5, 10:20], mask[30:33, 1:4] = 1, 2
    Image.fromarray(mask).save(tmp_path / "mask.png")
    np.save(tmp_path / "turned.npy", mask.T)
    files = [picture(tmp_path / f"{n}.png") for n in range(3)]
    ids = handler.upload_resources(
        files,
        segmentation_files=[
            {"files": [str(tmp_path / "mask.png")], "names": {1: "one", 2: "two"}},
            [str(tmp_path / "mask.png")],
            None,  # type: ignore[list-item]
        ],
    )
    first = by_identifier(api, ids[0])
    assert set(first) == {"one", "two"}
    assert np.array_equal(np.array(first["one"].fetch_file_data()) > 0, mask == 1)
    assert set(by_identifier(api, ids[1])) == {"1", "2"}
    assert by_identifier(api, ids[2]) == {}
    (turned,) = handler.upload_resources(
        files[0],
        segmentation_files=[{"files": [str(tmp_path / "turned.npy")], "names": ["both"]}],
        transpose_segmentation=True,
    )
    found = by_identifier(api, turned)
    assert np.array_equal(np.array(found["both_2"].fetch_file_data()) > 0, mask == 2)


def test_a_mask_that_does_not_fit_is_raised_or_skipped(
    handler: APIHandler, api: Api, tmp_path: Path, name: str
) -> None:
    file = picture(tmp_path / "a.png")
    np.save(tmp_path / "small.npy", np.ones((3, 3), np.uint8))
    with pytest.raises(InvalidSegmentationError, match="3 x 3"):
        handler.upload_resources(file, segmentation_files=[[str(tmp_path / "small.npy")]])
    (made,) = handler.upload_resources(file, segmentation_files=[[str(tmp_path / "small.npy")]], on_error="skip")
    assert by_identifier(api, made) == {}
    with pytest.raises(ValueError, match="2 entries for 1 files"):
        handler.upload_resources(file, channel=name, segmentation_files=[["a"], ["b"]])
    assert list(handler.get_resources(channel=name)) == []


def test_masks_of_slices_go_to_their_frames(handler: APIHandler, api: Api) -> None:
    """Whatever the order of the files: a slice's mask is on the frame that the slice became."""
    by_place = sorted(MR, key=lambda path: float(pydicom.dcmread(path).ImagePositionPatient[2]))
    for files in (by_place, by_place[::-1]):
        masks = []
        for file in files:
            mask = np.zeros((256, 256), np.uint8)
            mask[5 : 7 + by_place.index(file), 5:9] = 1
            masks.append({"files": [mask], "names": f"slice {by_place.index(file)}"})
        ids = handler.upload_resources([str(f) for f in files], segmentation_files=masks)  # type: ignore[arg-type]
        found = by_identifier(api, ids[0])
        assert {name: a.frame_index for name, a in found.items()} == {"slice 0": 0, "slice 1": 1}
        assert [int((np.array(found[f"slice {n}"].fetch_file_data()) > 0).sum()) for n in (0, 1)] == [8, 12]


# -- resources --------------------------------------------------------------------------------------------------------


def test_resources_by_every_filter(handler: APIHandler, tmp_path: Path, name: str) -> None:
    files = [picture(tmp_path / f"f{n}.png") for n in range(3)]
    ids = handler.upload_resources(files, channel=name, tags=["a", "b"], modality="XC")
    project = handler.create_project(name, "", ids[:2])
    handler.publish_resources(ids[0])
    today = date.today()

    def found(**more: Any) -> list[Any]:
        rows = handler.get_resources(channel=name, return_ids_only=True, **more)
        assert isinstance(rows, Generator)
        return list(rows)

    assert set(found()) == set(ids)
    assert found(order_field="filename") == ids
    assert found(order_field="filename", order_ascending=False) == ids[::-1]
    assert found(status="published") == ids[:1]
    assert set(found(status="inbox")) == set(found(status="new")) == set(ids[1:])
    assert set(found(tags=["b", "x"], modality="XC", mimetype="image/png")) == set(ids)
    assert found(tags=["x"]) == found(modality="CT") == found(mimetype="video/mp4") == []
    with pytest.warns(DeprecationWarning, match="labels"):
        assert set(found(labels=["a"])) == set(ids)
    assert set(found(from_date=today - timedelta(2), to_date=today + timedelta(2))) == set(ids)
    assert found(from_date=today + timedelta(2)) == found(to_date=today - timedelta(2)) == []
    assert set(found(project_id=project["id"])) == set(found(project_name=name)) == set(ids[:2])
    assert found(filename="f1.png") == ids[1:2]
    row = next(handler.get_resources(channel=name, filename="f1.png"))
    assert (row["id"], row["filename"], row["tags"]) == (ids[1], "f1.png", ["a", "b"])
    for missing in ({"project_id": NOBODY}, {"project_name": "no such project"}):
        with pytest.raises(ResourceNotFoundError, match="project"):
            found(**missing)
    handler.delete_resources(ids[2])
    assert found(status="archived") == ids[2:]


def test_resources_by_ids(handler: APIHandler, client: httpx.Client, picture_id: str, video_id: str) -> None:
    assert handler.get_resources_by_ids(picture_id) == got(client, f"/resources/{picture_id}")
    both = handler.get_resources_by_ids([video_id, picture_id])
    assert [row["id"] for row in both] == [video_id, picture_id]  # type: ignore[index, call-overload]
    for missing in (NOBODY, "not an id"):
        with pytest.raises(ResourceNotFoundError) as told:
            handler.get_resources_by_ids([picture_id, missing])
        assert (told.value.resource_type, told.value.params) == ("resource", {"resource_id": missing})


def test_resources_of_a_project_the_deprecated_way(
    handler: APIHandler, picture_id: str, project: dict[str, Any]
) -> None:
    with pytest.warns(DeprecationWarning, match="get_resources"):
        rows = handler.get_resources_by_project(project["id"])
    assert [row["id"] for row in rows] == [picture_id]
    with pytest.warns(DeprecationWarning, match="get_resources"), pytest.raises(ResourceNotFoundError):
        handler.get_resources_by_project(NOBODY)


def test_publish(
    handler: APIHandler, api: Api, picture_id: str, video_id: str, project: dict[str, Any], name: str
) -> None:
    handler.publish_resources(picture_id)
    handler.publish_resources([picture_id, video_id], project["name"])
    assert api.resources.get_by_id(picture_id).published
    assert {r.id for r in api.projects.get_by_id(project["id"]).fetch_resources()} == {picture_id, video_id}
    assert api.resources.get_by_id(video_id).published_by == ADMIN_EMAIL
    with pytest.raises(ResourceNotFoundError, match=NOBODY):
        handler.publish_resources(NOBODY)
    with pytest.raises(ResourceNotFoundError, match="no such project"):
        handler.publish_resources(picture_id, "no such project")


def test_publish_is_refused_whole(handler: APIHandler, api: Api, picture_id: str) -> None:
    with pytest.raises(ResourceNotFoundError):
        handler.publish_resources([picture_id, NOBODY])
    with pytest.raises(ResourceNotFoundError):
        handler.publish_resources(picture_id, "no such project")
    assert not api.resources.get_by_id(picture_id).published


def test_delete(handler: APIHandler, api: Api, picture_id: str, video_id: str) -> None:
    with pytest.raises(ResourceNotFoundError):
        handler.delete_resources([picture_id, NOBODY])
    assert not api.resources.get_by_id(picture_id).deleted
    with pytest.raises(ResourceNotFoundError):
        handler.delete_resources("not an id")
    handler.delete_resources(picture_id)
    handler.delete_resources([video_id])
    assert all(api.resources.get_by_id(one).deleted for one in (picture_id, video_id))


def test_tags_and_channels(handler: APIHandler, api: Api, tmp_path: Path, name: str) -> None:
    ids = handler.upload_resources([picture(tmp_path / "a.png"), picture(tmp_path / "b.png")], channel=name)
    handler.set_resource_tags(ids[0], ["x", "y"])
    assert api.resources.get_by_id(ids[0]).tags == ["x", "y"]
    with pytest.raises(ResourceNotFoundError):
        handler.set_resource_tags(NOBODY, ["x"])
    rows = handler.get_channels()
    assert isinstance(rows, GeneratorType)
    (channel,) = [row for row in rows if row["channel_name"] == name]
    assert {one["resource_id"] for one in channel["resource_data"]} == set(ids)
    assert set(api.channels.get_by_name(name).get_resource_ids()) == set(ids)


# -- downloads --------------------------------------------------------------------------------------------------------


def test_dicom(handler: APIHandler, tmp_path: Path) -> None:
    (made,) = handler.upload_resources(str(CT))
    assert handler.download_resource_file(made, auto_convert=False) == CT.read_bytes()
    found, place = handler.download_resource_file(made, str(tmp_path / "saved"), add_extension=True)
    assert isinstance(found, pydicom.Dataset)
    assert place == str(tmp_path / "saved.dcm")
    assert Path(place).read_bytes() == CT.read_bytes()
    assert np.array_equal(found.pixel_array, pydicom.dcmread(CT).pixel_array)
    assert handler.download_resource_file(made, place, add_extension=True)[1] == place
    assert not (tmp_path / "saved").exists()


def test_picture(handler: APIHandler, picture_id: str, tmp_path: Path) -> None:
    found = handler.download_resource_file(picture_id)
    assert isinstance(found, PIL.Image.Image)
    assert np.array_equal(np.array(found), np.array(Image.open(tmp_path / "picture.png")))
    content = handler.download_resource_file(picture_id, str(tmp_path / "same.png"), auto_convert=False)
    assert content == (tmp_path / "same.png").read_bytes() == (tmp_path / "picture.png").read_bytes()


def test_nifti(handler: APIHandler, tmp_path: Path) -> None:
    (made,) = handler.upload_resources(str(NIFTI))
    found, place = handler.download_resource_file(made, str(tmp_path / "head"), add_extension=True)
    assert isinstance(found, nib.filebasedimages.FileBasedImage)
    assert place == str(tmp_path / "head.nii.gz")
    assert sha256_of(Path(place)) == sha256_of(NIFTI)
    assert np.array_equal(found.dataobj, nib.load(NIFTI).dataobj)  # type: ignore[attr-defined]


@pytest.mark.parametrize("saved", [False, True], ids=["from the cache", "from the saved file"])
def test_video(handler: APIHandler, api: Api, video_id: str, tmp_path: Path, saved: bool) -> None:
    place = str(tmp_path / "saved.mp4") if saved else None
    capture = handler.download_resource_file(video_id, place)
    assert capture.isOpened()
    assert [capture.get(n) for n in (3, 4, 7)] == [96, 64, 12]
    resource = api.resources.get_by_id(video_id)
    for number in range(12):
        there, frame = capture.read()
        assert there
        assert np.array_equal(frame[:, :, ::-1], resource.get_frame(number))
    assert capture.read()[0] is False
    capture.release()
    if saved:
        assert (tmp_path / "saved.mp4").read_bytes() == (tmp_path / "clip.mp4").read_bytes()


def test_what_cannot_be_downloaded(handler: APIHandler, picture_id: str, tmp_path: Path) -> None:
    for missing in (NOBODY, "not an id"):
        with pytest.raises(ResourceNotFoundError):
            handler.download_resource_file(missing, str(tmp_path / "never"))
        with pytest.raises(ResourceNotFoundError):
            handler.download_resource_frame(missing, 0)
    assert not (tmp_path / "never").exists()
    with pytest.raises(ValueError, match="save_path"):
        handler.download_resource_file(picture_id, add_extension=True)
    for wrong in (-1, 1):
        with pytest.raises(ValueError, match="frame"):
            handler.download_resource_frame(picture_id, wrong)


def test_frames(handler: APIHandler, picture_id: str, video_id: str, tmp_path: Path) -> None:
    found = handler.download_resource_frame(picture_id, 0)
    assert isinstance(found, PIL.Image.Image)
    assert np.array_equal(np.array(found.convert("L")), np.array(Image.open(tmp_path / "picture.png")))
    first, later = (np.array(handler.download_resource_frame(video_id, n).convert("L"), int) for n in (0, 9))
    assert first.shape == (64, 96)
    assert later.mean() - first.mean() > 100  # the video brightens by 20 a frame


# -- values on resources and frames -----------------------------------------------------------------------------------


def test_labels_and_categories(handler: APIHandler, api: Api, video_id: str) -> None:
    handler.add_annotations(video_id, "plain")
    handler.add_annotations(video_id, "of a frame", 3, "yes", imported_from="a script")
    handler.add_annotations(video_id, "of frames", (2, 5), "some", model_id="some model")
    handler.add_image_category_annotation(video_id, "whole", "good", imported_from="elsewhere")
    handler.add_frame_category_annotation(video_id, 7, "at", "seven")
    handler.add_frame_category_annotation(video_id, (8, 8), "one long", "eight")
    found: dict[str, list[Any]] = {}
    for one in api.annotations.get_list(video_id):
        found.setdefault(one.identifier, []).append(one)
    told = {
        name: sorted((str(a.annotation_type), a.scope, a.frame_index, a.value) for a in those)
        for name, those in found.items()
    }
    assert told == {
        "plain": [("label", "image", None, None)],
        "of a frame": [("category", "frame", 3, "yes")],
        "of frames": [("category", "frame", n, "some") for n in (2, 3, 4, 5)],
        "whole": [("category", "image", None, "good")],
        "at": [("category", "frame", 7, "seven")],
        "one long": [("category", "frame", 8, "eight")],
    }
    assert (found["of a frame"][0].imported_from, found["whole"][0].imported_from) == ("a script", "elsewhere")
    assert {(a.is_model, a.model_id) for a in found["of frames"]} == {(True, "some model")}


def test_who_is_credited_and_where_it_belongs(
    handler: APIHandler, api: Api, client: httpx.Client, picture_id: str, project: dict[str, Any]
) -> None:
    second = second_worklist(client, project)
    email = f"{os.urandom(4).hex()}@example.org"
    handler.create_user(email)
    handler.add_annotations(picture_id, "by id", project=project["id"], author_email=email)
    handler.add_image_category_annotation(picture_id, "by name", "x", project=project["name"], author_email=email)
    handler.add_frame_category_annotation(picture_id, 0, "by worklist", "x", second, "a script", email)
    handler.add_image_category_annotation(picture_id, "whole", "x", worklist_id=second)
    handler.add_annotations(picture_id, "said nothing")
    found = by_identifier(api, picture_id)
    assert {n: a.annotation_worklist_id for n, a in found.items()} == {
        "by id": project["worklist_id"], "by name": project["worklist_id"], "by worklist": second, "whole": second,
        "said nothing": project["worklist_id"],
    }  # fmt: skip
    assert found["by worklist"].imported_from == "a script"
    assert [found[n].import_author for n in ("by id", "by name", "by worklist", "said nothing")] == [email] * 3 + [None]


def test_values_that_cannot_be(handler: APIHandler, api: Api, video_id: str, project: dict[str, Any]) -> None:
    both = {"project": project["id"], "worklist_id": project["worklist_id"]}
    for frames in ((5, 2), (-1, 2), (1, 2, 3), -1, True, "3"):
        with pytest.raises(ValueError, match="frame_index"):
            handler.add_annotations(video_id, "x", frames)  # type: ignore[arg-type]
    for beyond in (12, (3, 12)):
        with pytest.raises(ValueError, match="12"):
            handler.add_annotations(video_id, "x", beyond)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="exclude"):
        handler.add_annotations(video_id, "x", **both)
    with pytest.raises(ValueError, match="exclude"):
        handler.add_image_category_annotation(video_id, "x", "y", **both)
    with pytest.raises(ValueError, match="value"):
        handler.add_image_category_annotation(video_id, "x", None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="frame_index"):
        handler.add_frame_category_annotation(video_id, None, "x", "y")  # type: ignore[arg-type]
    with pytest.raises(ResourceNotFoundError, match="project"):
        handler.add_annotations(video_id, "x", project="no such project")
    with pytest.raises(ResourceNotFoundError):
        handler.add_annotations(video_id, "x", worklist_id=NOBODY)
    for missing in (NOBODY, "not an id"):
        with pytest.raises(ResourceNotFoundError, match="resource"):
            handler.add_annotations(missing, "x")
    assert by_identifier(api, video_id) == {}


# -- lines ------------------------------------------------------------------------------------------------------------

POINTS = (10.0, 20.5), (100.25, 90.0)


def pixels_of(annotation: Any, affine: Any) -> Any:
    """Points in mm as (column, row, frame) by an affine of the test's own."""
    mm = np.array([[*point, 1.0] for point in annotation.shape.points])
    return (mm @ np.linalg.inv(affine).T)[:, :3]


@pytest.mark.parametrize("how", ["pixels alone", "dataset", "dataset without pixels", "path", "patient"])
def test_lines_on_a_slice_are_at_their_pixels(handler: APIHandler, api: Api, how: str) -> None:
    (made,) = handler.upload_resources(str(CT))
    affine = dicom_affine(pydicom.dcmread(CT))
    more: dict[str, Any] = {
        "dataset": {"dicom_metadata": pydicom.dcmread(CT)},
        "dataset without pixels": {"dicom_metadata": pydicom.dcmread(CT, stop_before_pixels=True)},
        "path": {"dicom_metadata": str(CT)},
    }.get(how, {})
    points: Any = POINTS
    if how == "patient":
        points = [tuple((affine @ [x, y, 0, 1])[:3]) for x, y in POINTS]
        more = {"coords_system": "patient"}
    for index in (None, 0):
        (line,) = handler.add_line_annotation(*points, made, f"line {index}", index, **more)
        found = api.annotations.get_by_id(line)
        assert (str(found.annotation_type), found.identifier) == ("line", f"line {index}")
        assert (found.scope, found.frame_index) == (("image", None) if index is None else ("frame", 0))
        np.testing.assert_allclose(pixels_of(found, affine), [[*p, 0] for p in POINTS], rtol=0, atol=1e-6)
    if how == "patient":
        assert found.shape.points == tuple(points)  # as they were given, to the last digit


def test_lines_on_a_series_go_to_the_slice_that_the_metadata_is_of(handler: APIHandler, api: Api) -> None:
    by_place = sorted(MR, key=lambda path: float(pydicom.dcmread(path).ImagePositionPatient[2]))
    made = handler.upload_resources([str(path) for path in MR])[0]
    affine = dicom_affine(*(pydicom.dcmread(path) for path in by_place))
    for frame, path in enumerate(by_place):
        slice_alone = pydicom.dcmread(path)
        lines = [
            handler.add_line_annotation(*POINTS, made, "by its slice", dicom_metadata=slice_alone),
            handler.add_line_annotation(*POINTS, made, "by its slice and index", frame, dicom_metadata=slice_alone),
            handler.add_line_annotation(*POINTS, made, "by its index", frame),
            handler.add_line_annotation(
                *POINTS, made, "of the whole series", frame, dicom_metadata=handler.download_resource_file(made)
            ),
        ]
        for (line,) in lines:
            wanted = [[*p, frame] for p in POINTS]
            np.testing.assert_allclose(pixels_of(api.annotations.get_by_id(line), affine), wanted, rtol=0, atol=1e-6)


def test_lines_on_pictures_and_videos(handler: APIHandler, api: Api, video_id: str, project: dict[str, Any]) -> None:
    email = f"{os.urandom(4).hex()}@example.org"
    handler.create_user(email)
    handler.publish_resources(video_id, project["id"])
    (line,) = handler.add_line_annotation(
        (3, 4), [40.5, 50], video_id, "all said", 5, project=project["name"], imported_from="s", author_email=email,
        model_id="m",
    )  # fmt: skip
    (other,) = handler.add_line_annotation((3, 4), (40, 50), video_id, "less", worklist_id=project["worklist_id"])
    found, second = api.annotations.get_by_id(line), api.annotations.get_by_id(other)
    assert found.shape.points == ((3, 4, 5), (40.5, 50, 5))
    assert (found.frame_index, found.annotation_worklist_id) == (5, project["worklist_id"])
    assert (found.imported_from, found.import_author, found.model_id, found.is_model) == ("s", email, "m", True)
    assert second.shape.points == ((3, 4, 0), (40, 50, 0))
    assert second.annotation_worklist_id == project["worklist_id"]


def test_lines_that_cannot_be(handler: APIHandler, api: Api, picture_id: str) -> None:
    def refused(reason: str, *points: Any, **more: Any) -> None:
        with pytest.raises(ValueError, match=reason):
            handler.add_line_annotation(*points, picture_id, "x", **more)

    refused("point2 must have 2 numbers", (1, 2), (1, 2, 3))
    refused("point1 must have 3 numbers", (1, 2), (1, 2, 3), coords_system="patient")
    refused("coords_system", (1, 2), (3, 4), coords_system="world")
    refused("frame_index is -1", (1, 2), (3, 4), frame_index=-1)
    refused("frame", (1, 2), (3, 4), frame_index=1)
    refused("finite", (1, float("nan")), (3, 4))
    refused("number", (1, "a"), (3, 4))
    refused("exclude", (1, 2), (3, 4), project="p", worklist_id=NOBODY)
    refused("ImagePositionPatient", (1, 2), (3, 4), dicom_metadata=str(CINE), frame_index=3)
    refused("frame_index must say which", (1, 2), (3, 4), dicom_metadata=str(CINE))
    with pytest.raises(FileNotFoundError):
        handler.add_line_annotation((1, 2), (3, 4), picture_id, "x", dicom_metadata="gone.dcm")
    with pytest.raises(ResourceNotFoundError):
        handler.add_line_annotation((1, 2), (3, 4), NOBODY, "x")
    assert by_identifier(api, picture_id) == {}


# -- masks ------------------------------------------------------------------------------------------------------------


def test_masks_of_pictures(
    handler: APIHandler, api: Api, picture_id: str, project: dict[str, Any], tmp_path: Path
) -> None:
    email = f"{os.urandom(4).hex()}@example.org"
    handler.create_user(email)
    mask = np.zeros((40, 60), np.uint8)
    mask[3:5, 10:20], mask[30:33, 1:4] = 1, 200
    Image.fromarray(mask).save(tmp_path / "m.png")
    made = handler.upload_segmentations(
        picture_id, str(tmp_path / "m.png"), {1: "femur", 200: "tibia"}, imported_from="s", author_email=email,
        worklist_id=project["worklist_id"], model_id="m",
    )  # fmt: skip
    assert isinstance(made, str)
    assert made == made.ids[0]  # type: ignore[attr-defined]
    found = {one.id: one for one in api.annotations.get_list(picture_id)}
    assert list(made.ids) == [one.id for one in found.values()]  # type: ignore[attr-defined]
    assert {one.identifier for one in found.values()} == {"femur", "tibia"}
    assert np.array_equal(np.array(found[made].fetch_file_data()) > 0, mask == 1)
    one = found[made]
    assert (one.imported_from, one.import_author, one.model_id, one.annotation_worklist_id) == (
        "s", email, "m", project["worklist_id"],
    )  # fmt: skip
    assert handler.upload_segmentations(picture_id, np.zeros((40, 60))) == ""


def test_masks_of_frames(handler: APIHandler, api: Api, video_id: str) -> None:
    stack = np.zeros((64, 96, 3), np.int64)
    stack[1:3, 5:9, 0], stack[10, 20:30, 2] = 1, 1
    made: Any = handler.upload_segmentations(video_id, stack, "m", [4, 7, 9])
    found = {a.frame_index: a for a in api.annotations.get_list(video_id)}
    assert sorted(found) == [4, 9]
    assert {a.identifier for a in found.values()} == {"m"}
    assert np.array_equal(np.array(found[9].fetch_file_data()) > 0, stack[..., 2] == 1)
    assert set(made.ids) == {a.id for a in found.values()}
    handler.upload_segmentations(video_id, stack, "kept", discard_empty_segmentations=False)
    kept = {a.frame_index: a for a in api.annotations.get_list(video_id) if a.identifier == "kept"}
    assert sorted(kept) == [0, 1, 2]
    assert not np.array(kept[1].fetch_file_data()).any()
    turned: Any = handler.upload_segmentations(
        video_id, np.swapaxes(stack, 0, 1), "turned", transpose_segmentation=True
    )
    first = api.annotations.get_by_id(turned.ids[0])
    assert np.array_equal(np.array(first.fetch_file_data()) > 0, stack[..., 0] == 1)
    handler.upload_segmentations(video_id, stack[..., 0], "single", 11)
    assert by_identifier(api, video_id)["single"].frame_index == 11


def test_masks_of_volumes(handler: APIHandler, api: Api, tmp_path: Path) -> None:
    email = f"{os.urandom(4).hex()}@example.org"
    handler.create_user(email)
    (head,) = handler.upload_resources(str(NIFTI))
    image: Any = nib.load(NIFTI)
    labels = np.zeros(image.shape, np.uint8)
    labels[10:14, 20:25, 30:33], labels[40:42, 50, 60] = 1, 7
    nib.save(nib.Nifti1Image(labels, image.affine), tmp_path / "two.nii.gz")  # type: ignore[attr-defined]
    nib.save(nib.Nifti1Image((labels == 7) * np.uint8(255), image.affine), tmp_path / "one.nii")  # type: ignore[attr-defined]
    two: Any = handler.upload_segmentations(
        head, str(tmp_path / "two.nii.gz"), {1: "liver", 7: "tumour"}, author_email=email
    )
    assert len(two.ids) == 2
    handler.upload_segmentations(head, str(tmp_path / "one.nii"), "alone")
    handler.upload_segmentations(head, str(tmp_path / "two.nii.gz"), "part")
    found = by_identifier(api, head)
    assert set(found) == {"liver", "tumour", "alone", "part_1", "part_7"}
    assert found["liver"].import_author == email
    for name, value in {"liver": 1, "tumour": 7, "alone": 7, "part_1": 1}.items():
        assert np.array_equal(np.asarray(found[name].fetch_file_data().dataobj) > 0, labels == value), name
    with pytest.raises(InvalidSegmentationError, match="frame_index"):
        handler.upload_segmentations(head, str(tmp_path / "two.nii.gz"), frame_index=3)


def test_masks_that_cannot_be(handler: APIHandler, api: Api, video_id: str, tmp_path: Path) -> None:
    good = np.ones((64, 96), np.uint8)
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "text.nii").write_text("no volume")
    (tmp_path / "text.npy").write_text("no array")
    wrong: list[tuple[Any, dict[str, Any]]] = [
        (np.ones((3, 3), np.uint8), {}),
        (np.ones((64, 96, 2), np.uint8), {"frame_index": [1]}),
        (np.ones((64, 96, 2), np.uint8), {"frame_index": [1, 1]}),
        (good * 0.5, {}),
        (good, {"frame_index": 12}),
        (good.astype(str), {}),
        (np.ones((2, 2, 2, 2, 2)), {}),
        (str(tmp_path / "text.png"), {}),
        (str(tmp_path / "text.nii"), {"name": "n"}),
        (str(tmp_path / "text.npy"), {}),
        (3, {}),
    ]
    for given, more in wrong:
        with pytest.raises(InvalidSegmentationError) as told:
            handler.upload_segmentations(video_id, given, **more)
        assert isinstance(told.value, ValueError)
    for gone in ("gone.png", "gone.nii.gz", "gone.npy"):
        with pytest.raises(FileNotFoundError):
            handler.upload_segmentations(video_id, str(tmp_path / gone), "n")
    for missing in (NOBODY, "not an id"):
        with pytest.raises(ResourceNotFoundError) as told:
            handler.upload_segmentations(missing, good)
        assert not isinstance(told.value, ValueError)
    assert by_identifier(api, video_id) == {}


def test_files_of_masks(handler: APIHandler, picture_id: str, tmp_path: Path) -> None:
    mask = np.zeros((40, 60), np.uint8)
    mask[3:5, 10:20] = 1
    made = handler.upload_segmentations(picture_id, mask, "m")
    content = handler.download_segmentation_file(made, tmp_path / "mask.png")
    assert (tmp_path / "mask.png").read_bytes() == content
    assert np.array_equal(np.array(Image.open(io.BytesIO(content))) > 0, mask > 0)
    assert handler.download_segmentation_file(handler.get_annotation_by_id(made), None) == content
    with pytest.warns(DeprecationWarning, match="download_segmentation_file"):
        assert handler.get_segmentation_file(picture_id, made) == content
    with pytest.raises(ResourceNotFoundError):
        handler.download_segmentation_file(NOBODY)
    (label,) = handler.add_annotations(picture_id, "no mask")
    with pytest.raises(DatamintException):
        handler.download_segmentation_file(label)


# -- annotations that are there ---------------------------------------------------------------------------------------


def test_annotations_by_every_filter(
    handler: APIHandler, client: httpx.Client, picture_id: str, project: dict[str, Any]
) -> None:
    second = second_worklist(client, project)
    (label,) = handler.add_annotations(picture_id, "l", worklist_id=second)
    (category,) = handler.add_annotations(picture_id, "c", value="v")
    (line,) = handler.add_line_annotation((1, 2), (3, 4), picture_id, "line")
    everything, today = {label, category, line}, date.today()

    def found(**more: Any) -> set[str]:
        rows = handler.get_annotations(picture_id, **more)
        assert isinstance(rows, GeneratorType)
        return {row["id"] for row in rows}

    assert found() == found(annotator_email=ADMIN_EMAIL) == found(load_ai_segmentations=True) == everything
    assert found(annotation_type="line") == {line}
    assert found(annotation_type="category", status="new") == {category}
    assert found(status="published") == found(annotator_email="nobody@example.org") == set()
    assert found(date_from=today - timedelta(2), date_to=today + timedelta(2)) == everything
    assert found(date_from=today + timedelta(2)) == found(date_to=today - timedelta(2)) == set()
    assert found(worklist_id=second) == {label}
    assert label in {row["id"] for row in handler.get_annotations(dataset_id=project["dataset_id"])}
    row = next(handler.get_annotations(picture_id, "line"))
    assert row == got(client, f"/annotations/{line}") == handler.get_annotation_by_id(line)
    with pytest.warns(DeprecationWarning, match="get_annotations"):
        rows = handler.get_resource_annotations(
            picture_id, "line", ADMIN_EMAIL, today - timedelta(2), today + timedelta(2)
        )
    assert isinstance(rows, GeneratorType)
    assert [row["id"] for row in rows] == [line]
    with pytest.raises(ResourceNotFoundError):
        handler.get_annotations("not an id")
    with pytest.raises(ResourceNotFoundError):
        handler.get_annotation_by_id(NOBODY)
    with pytest.raises(ValueError, match="annotation_type"):
        list(handler.get_annotations(picture_id, "no such type"))


def test_delete_an_annotation(handler: APIHandler, api: Api, picture_id: str) -> None:
    (first,), (second,) = handler.add_annotations(picture_id, "a"), handler.add_annotations(picture_id, "b")
    handler.delete_annotation(first)
    assert set(by_identifier(api, picture_id)) == {"b"}
    handler.delete_annotation(handler.get_annotation_by_id(second))
    assert by_identifier(api, picture_id) == {}
    for wrong in (NOBODY, "not an id"):
        with pytest.raises(ResourceNotFoundError):
            handler.delete_annotation(wrong)
    with pytest.raises(ValueError, match="no id"):
        handler.delete_annotation({})


def test_status_of_the_work(handler: APIHandler, api: Api, picture_id: str, project: dict[str, Any]) -> None:
    handler.set_annotation_status(project["id"], picture_id, "annotated")
    (row,) = api.projects.get_annotation_statuses(project["id"])
    assert (row["resource_id"], row["status"]) == (picture_id, "annotated")
    with pytest.raises(ValueError, match="status"):
        handler.set_annotation_status(project["id"], picture_id, "finished")  # type: ignore[arg-type]
    with pytest.raises(ResourceNotFoundError):
        handler.set_annotation_status(project["id"], NOBODY, "closed")
    with pytest.raises(ResourceNotFoundError):
        handler.set_annotation_status(NOBODY, picture_id, "closed")


# -- projects, datasets, users ----------------------------------------------------------------------------------------


def test_projects(handler: APIHandler, api: Api, client: httpx.Client, picture_id: str, name: str) -> None:
    made = handler.create_project(name, "described", [picture_id], is_active_learning=True)
    assert isinstance(made, dict)
    assert made == handler.get_project_by_id(made["id"]) == got(client, f"/projects/{made['id']}")
    assert (made["name"], made["description"], made["is_active_learning"]) == (name, "described", True)
    assert [r.id for r in api.projects.get_by_id(made["id"]).fetch_resources()] == [picture_id]
    assert handler.get_project_by_name(name)["id"] == made["id"]
    listed = handler.get_projects()
    assert isinstance(listed, list)
    assert made["id"] in {row["id"] for row in listed}
    with pytest.raises(EntityAlreadyExistsError) as taken:
        handler.create_project(name, "", [])
    assert isinstance(taken.value, DatamintException)
    handler.delete_project(made["id"])
    assert api.projects.get_by_id(made["id"]).archived
    assert made["id"] not in {row["id"] for row in handler.get_projects()}
    with pytest.raises(ResourceNotFoundError) as told:
        handler.get_project_by_name(name)
    assert (told.value.resource_type, told.value.params) == ("project", {"project_name": name})


def test_projects_that_are_not_there(handler: APIHandler, name: str) -> None:
    for missing in (NOBODY, "not an id"):
        with pytest.raises(ResourceNotFoundError):
            handler.get_project_by_id(missing)
        with pytest.raises(ResourceNotFoundError):
            handler.delete_project(missing)
        with pytest.raises(ResourceNotFoundError, match="resource"):
            handler.create_project(name, "", [missing])
    with pytest.raises(ResourceNotFoundError):
        handler.get_project_by_name(name)


def test_datasets(handler: APIHandler, client: httpx.Client, project: dict[str, Any], picture_id: str) -> None:
    rows = handler.get_datasets()
    assert isinstance(rows, list)
    (row,) = [row for row in rows if row["id"] == project["dataset_id"]]
    assert row == got(client, f"/datasets/{project['dataset_id']}")
    assert row["resource_ids"] == [picture_id]


def test_a_project_as_an_archive(
    handler: APIHandler, api: Api, project: dict[str, Any], picture_id: str, tmp_path: Path
) -> None:
    other = handler.upload_resources(picture(tmp_path / "plain.png"), publish_to=project["id"])[0]
    mask = np.zeros((40, 60), np.uint8)
    mask[3:5, 10:20] = 1
    handler.upload_segmentations(picture_id, mask, "m", worklist_id=project["worklist_id"])
    handler.add_annotations(picture_id, "l", project=project["id"])
    for asked, wanted in (({"include_unannotated": True}, {picture_id, other}), ({}, {picture_id})):
        place = tmp_path / "project.zip"
        handler.download_project(project["id"], str(place), all_annotations=True, **asked)
        with zipfile.ZipFile(place) as archive:
            assert archive.testzip() is None
            told = json.loads(archive.read("dataset.json"))
            rows = {row["id"]: row for row in told["resources"]}
            assert set(rows) == wanted
            for resource_id, row in rows.items():
                content = api.resources.get_by_id(resource_id).fetch_file_data(auto_convert=False)
                assert archive.read(row["file"]) == content
            labels = {one.get("identifier", one.get("name")): one for one in rows[picture_id]["annotations"]}
            assert set(labels) == {"m", "l"}
            kept = np.array(Image.open(io.BytesIO(archive.read(labels["m"]["file"]))))
            assert np.array_equal(kept > 0, mask > 0)
    for missing in (NOBODY, "not an id"):
        with pytest.raises(ResourceNotFoundError):
            handler.download_project(missing, str(tmp_path / "never.zip"))
    assert not (tmp_path / "never.zip").exists()


def test_users(handler: APIHandler, api: Api, running: Running) -> None:
    email = f"{os.urandom(4).hex()}@example.org"
    made = handler.create_user(email, "a long password 1", "Ann", "Example", ["member"])
    assert isinstance(made, dict)
    found = api.users.get_by_email(email)
    assert (found.firstname, found.lastname, found.roles) == ("Ann", "Example", ["member"])
    assert email in {row["email"] for row in handler.get_users()}
    with pytest.raises(EntityAlreadyExistsError):
        handler.create_user(email)
    with pytest.raises(ValueError, match="e-mail"):
        handler.create_user("no address")


# -- worklists --------------------------------------------------------------------------------------------------------


def test_worklists(
    handler: APIHandler, client: httpx.Client, project: dict[str, Any], picture_id: str, name: str
) -> None:
    worklist_id = project["worklist_id"]
    rows = handler.get_annotation_worklist()
    assert isinstance(rows, GeneratorType)
    assert worklist_id in {row["id"] for row in rows}
    found = handler.get_annotation_worklist_by_id(worklist_id)
    assert found == got(client, f"/annotationsets/{worklist_id}")
    assert found["resource_ids"] == [picture_id]
    handler.update_annotation_worklist(worklist_id, ["on frames"], ["on images"], status="active", name=name)
    changed = got(client, f"/annotationsets/{worklist_id}")
    assert (changed["name"], changed["status"]) == (name, "active")
    assert {(one["identifier"], one["scope"], one["type"]) for one in changed["annotations"]} == {
        ("on frames", "frame", "label"), ("on images", "image", "label"),
    }  # fmt: skip
    assert worklist_id in {row["id"] for row in handler.get_annotation_worklist("active")}
    assert worklist_id not in {row["id"] for row in handler.get_annotation_worklist("completed")}
    spec = {"type": "category", "identifier": "kind", "scope": "image", "required": True, "values": ["a", "b"]}
    handler.update_annotation_worklist(worklist_id, annotations=[spec])
    (only,) = got(client, f"/annotationsets/{worklist_id}")["annotations"]
    assert {key: only[key] for key in spec} == spec
    for missing in (NOBODY, "not an id"):
        with pytest.raises(ResourceNotFoundError):
            handler.get_annotation_worklist_by_id(missing)
        with pytest.raises(ResourceNotFoundError):
            handler.update_annotation_worklist(missing, name=name)


# -- experiments ------------------------------------------------------------------------------------------------------


def test_experiments(
    handler: APIHandler, client: httpx.Client, project: dict[str, Any], name: str, tmp_path: Path
) -> None:
    made = handler.create_experiment(project["dataset_id"], name, "first try", {"python": "3.11"})
    found = got(client, f"/experiments/{made}")
    assert (found["name"], found["description"], found["environment"]) == (name, "first try", {"python": "3.11"})
    assert handler.get_experiment_by_id(made) == found
    assert made in {row["id"] for row in handler.get_experiments()}
    by_name = handler.get_experiment_by_name(name, project)
    assert by_name is not None
    assert by_name["id"] == made
    assert handler.get_experiment_by_name("another", project) is None
    handler.log_entry(made, {"epoch": 1, "loss": 0.5})
    handler.log_entry(made, {"epoch": 2, "loss": 0.25})
    logged = handler.get_experiment_logs(made)
    assert logged == got(client, f"/experiments/{made}/log")
    assert [json.dumps(row).count("0.25") for row in logged] == [0, 1]
    handler.log_summary(made, {"dice": 0.9})
    assert got(client, f"/experiments/{made}")["result_summary"] == {"dice": 0.9}
    handler.update_experiment(made, description="second try", result_summary={"dice": 0.95})
    handler.update_experiment(made)
    found = got(client, f"/experiments/{made}")
    assert (found["name"], found["description"], found["result_summary"]) == (name, "second try", {"dice": 0.95})


def test_models_of_experiments(
    handler: APIHandler, client: httpx.Client, project: dict[str, Any], tmp_path: Path
) -> None:
    made = handler.create_experiment(project["dataset_id"], "with models", "", {})
    (tmp_path / "weights.bin").write_bytes(b"weights")
    ids = [
        handler.log_model(made, str(tmp_path / "weights.bin"), {"layers": 3, "kind": "unet"})["id"],
        handler.log_model(made, io.BytesIO(b"in memory"))["id"],
    ]
    rows = {row["id"]: row for row in got(client, f"/experiments/{made}/models")}
    assert set(rows) == set(ids)
    assert "unet" in json.dumps(rows[ids[0]])
    contents = [client.get(f"/experiments/{made}/models/{one}").content for one in ids]
    assert contents == [b"weights", b"in memory"]
    torch = pytest.importorskip("torch")
    layer = torch.nn.Linear(2, 1)
    kept = handler.log_model(made, layer)["id"]
    content = client.get(f"/experiments/{made}/models/{kept}").content
    again = torch.load(io.BytesIO(content), weights_only=False)
    assert torch.equal(again.weight, layer.weight)


def test_experiments_that_cannot_be(handler: APIHandler, project: dict[str, Any], tmp_path: Path) -> None:
    made = handler.create_experiment(project["dataset_id"], "one", "", {})
    for missing in (NOBODY, "not an id"):
        for call in (handler.get_experiment_by_id, handler.get_experiment_logs):
            with pytest.raises(ResourceNotFoundError):
                call(missing)
        with pytest.raises(ResourceNotFoundError):
            handler.create_experiment(missing, "x", "", {})
        with pytest.raises(ResourceNotFoundError):
            handler.get_experiment_by_name("x", {"id": missing})
    with pytest.raises(ValueError, match="project"):
        handler.get_experiment_by_name("x", {"name": "no id"})
    with pytest.raises(ValueError, match="entry"):
        handler.log_entry(made, [1])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="model"):
        handler.log_model(made, 3)
    with pytest.raises(FileNotFoundError):
        handler.log_model(made, str(tmp_path / "gone"))
