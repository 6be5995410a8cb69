"""Our client and our command line against the real server: real images in, labels on, everything back as it was."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from fiducial import Api
from fiducial.entities import DICOMResource, ImageResource, NiftiResource, Resource, VideoResource
from fiducial.entities.annotations import VolumeSegmentation
from fiducial.exceptions import (
    AuthenticationError,
    EntityAlreadyExistsError,
    ItemNotFoundError,
    NetworkError,
    ValidationError,
)
from tests.shared_data import SHARED_DATA, needs_shared

pytest.importorskip("fiducial_server.app.server")

KEY = "fid_" + "acceptance".ljust(43, "x")
CT = SHARED_DATA / "ct-series" / "philips-ingenuity-head-phantom-1mm"
NIFTI = SHARED_DATA / "nifti" / "example_ct_sm.nii.gz"
LABELS = SHARED_DATA / "nifti" / "example_seg.nii.gz"
VIDEO = SHARED_DATA / "video" / "clarius-ocular-short.mp4"
PICTURE = SHARED_DATA / "images" / "retina.jpg"
NOBODY = "00000000-0000-4000-8000-000000000000"
START_S = 60.0


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of its own with an empty data folder."""
    folder = tmp_path_factory.mktemp("server")
    port = _free_port()
    environment = {**os.environ, "FIDUCIAL_ADMIN_API_KEY": KEY}
    command = [sys.executable, "-c", "from fiducial.cli import main; main()", "serve"]
    command += ["--data-dir", str(folder / "data"), "--port", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        _wait_until_ready(f"http://127.0.0.1:{port}", process, folder / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_ready(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Connections are refused until the server listens, so asking again is all the waiting there is."""
    give_up = time.monotonic() + START_S
    while time.monotonic() < give_up and process.poll() is None:
        try:
            if httpx.get(f"{address}/healthz").status_code == 200:
                return
        except httpx.TransportError:
            continue
    raise AssertionError(f"the server did not start: {log.read_text()}")


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIDUCIAL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("FIDUCIAL_CONFIG", str(tmp_path / "fiducial.yaml"))


@pytest.fixture
def api(url: str) -> Iterator[Api]:
    with Api(url, KEY) as api:
        yield api


@pytest.fixture
def picture(api: Api, tmp_path: Path) -> ImageResource:
    """A picture of 60 x 40 pixels that no other test has."""
    path = tmp_path / "picture.png"
    values = np.frombuffer(os.urandom(60 * 40), np.uint8).reshape(40, 60)
    Image.fromarray(values).save(path)
    resource = api.resources.create(path)
    assert isinstance(resource, ImageResource)
    return resource


def _upload(api: Api, path: Path, **more: Any) -> Resource:
    (resource,) = api.resources.wait_until_ready(api.resources.upload_resource(path, **more))
    return resource


def test_wrong_key_and_wrong_address(url: str) -> None:
    with pytest.raises(AuthenticationError):
        Api(url, "fid_nobody")
    with pytest.raises(NetworkError):
        Api(f"http://127.0.0.1:{_free_port()}", KEY, max_retries=0)


def test_projects(api: Api, picture: ImageResource) -> None:
    project = api.projects.create("Projects", "what it is for", [picture], require_review=True)
    assert (project.name, project.description, project.resource_count) == ("Projects", "what it is for", 1)
    assert project.require_review is True
    assert project.annotators[0]["email"]
    with pytest.raises(EntityAlreadyExistsError):
        api.projects.create("Projects")
    assert api.projects.create("Projects", exists_ok=True, return_entity=False) == project.id
    assert api.projects.patch(project, {"description": "new"}).description == "new"
    assert [r.id for r in project.fetch_resources()] == [picture.id]
    project.set_work_status(picture, "annotated")
    assert api.projects.get_by_id(project.id).annotated_resource_count == 1
    api.projects.remove_resources(picture, project)
    assert project.fetch_resources() == []
    api.projects.add_resources([picture.id, picture.id], "Projects")
    assert len(project.fetch_resources()) == 1
    api.projects.delete(project)
    assert project.id not in {p.id for p in api.projects.get_list()}
    assert project.id in {p.id for p in api.projects.get_deleted()}
    assert not api.projects.restore(project).archived
    with pytest.raises(ItemNotFoundError):
        api.projects.get_by_id(NOBODY)


def test_resources_by_every_filter(api: Api, tmp_path: Path) -> None:
    from datetime import date

    for n in range(3):
        Image.new("L", (8, 8), n).save(tmp_path / f"f{n}.png")
    common = {"channel": "filters", "tags": ["one", "two"], "modality": "XC", "publish": True}
    ids = api.resources.upload_resources(tmp_path / "*.png", metadata=[{"n": n} for n in range(3)], **common)
    api.projects.create("Filters", None, ids[:2])

    def found(**filters: Any) -> list[str]:
        return [r.id for r in api.resources.get_list(channel="filters", **filters)]

    assert found(order_field="filename") == ids
    assert found(order_field="filename", order_ascending=False) == ids[::-1]
    assert found(status="inbox") == []
    assert set(found(status="published", tags=["two"], modality="XC", mimetype="image/png")) == set(ids)
    assert found(tags=["three"]) == found(modality="CT") == found(from_date="2999-01-01") == []
    assert set(found(from_date=date(2020, 1, 1), to_date="2999-01-01")) == set(ids)
    assert set(found(project_name="Filters")) == set(ids[:2])
    assert found(filename="f1.png") == found(source_filepath=tmp_path / "f1.png") == ids[1:2]
    assert len(found(limit=2)) == 2
    assert api.resources.get_by_id(ids[1]).metadata["n"] == 1
    api.resources.add_tags(ids[0], ["three", "one"])
    assert set(api.resources.get_by_id(ids[0]).tags or ()) == {"one", "two", "three"}
    api.resources.set_tags(ids[1:], ["only"])
    assert api.resources.get_by_id(ids[2]).tags == ["only"]
    assert set(api.channels.get_by_name("filters").get_resource_ids()) == set(ids)
    api.resources.delete(ids[0])
    api.resources.bulk_delete(ids[1:])
    assert found() == []
    assert {r.id for r in api.resources.get_deleted(channel="filters")} == set(ids)
    assert api.resources.restore(ids[0]).deleted is False
    outcome = api.resources.bulk_restore([ids[0], ids[1], NOBODY])
    assert outcome["restored"] == [ids[1]]
    assert {row["reason"] for row in outcome["skipped"]} == {"not_deleted", "not_found"}
    unpublished = api.resources.upload_resource(tmp_path / "f0.png", resume=False)
    api.resources.publish_resources(unpublished)
    assert api.resources.get_by_id(unpublished).published


@needs_shared
def test_a_series_shuffled_is_one_volume(api: Api, tmp_path: Path) -> None:
    import pydicom

    files = sorted(CT.iterdir())
    shuffled = [files[(7 * n) % len(files)] for n in range(len(files))]
    ids = api.resources.upload_resources(shuffled, connections=4)
    assert len(set(ids)) == 1
    (series,) = api.resources.wait_until_ready(str(ids[0]))
    assert isinstance(series, DICOMResource)
    assert (series.modality, series.get_depth(), series.is_multiframe()) == ("CT", len(files), True)
    by_place = sorted((pydicom.dcmread(path) for path in files), key=lambda ds: float(ds.ImagePositionPatient[2]))
    for index in (0, 17, len(files) - 1):
        wanted = by_place[index].pixel_array * by_place[index].RescaleSlope + by_place[index].RescaleIntercept
        assert np.array_equal(series.get_slice("axial", index), wanted)
        assert np.array_equal(series.get_frame(index), wanted)
    assert series.get_slice("coronal", 5).shape == (len(files), 512)
    listed = api.resources.files(series)
    assert {row["sha256"] for row in listed} == {hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    place = api.resources.download_file(series, 3, tmp_path / "slice")
    assert hashlib.sha256(Path(str(place)).read_bytes()).hexdigest() == listed[3]["sha256"]
    assert api.resources.upload_resources(files) == [series.id] * len(files)
    assert series.fetch_file_data().NumberOfFrames == len(files)


@needs_shared
@pytest.mark.parametrize(
    ("path", "kind"),
    [(NIFTI, NiftiResource), (VIDEO, VideoResource), (PICTURE, ImageResource)],
    ids=lambda v: str(v)[-12:],
)
def test_files_come_back_as_they_were(api: Api, tmp_path: Path, path: Path, kind: type[Resource]) -> None:
    resource = _upload(api, path)
    assert isinstance(resource, kind)
    assert resource.fetch_file_data(auto_convert=False) == path.read_bytes()
    assert np.array_equal(resource.get_frame(0), Resource.from_local_file(path).get_frame(0))
    (saved,) = api.resources.download_multiple_resources([resource], str(tmp_path / "out"), add_extension=True)
    assert Path(saved).read_bytes() == path.read_bytes()
    assert Path(saved).name == resource.id + "".join(path.suffixes)
    assert api.resources.download_resource_frame(resource, 0).size[0] > 0
    assert api.resources.thumbnail(resource)
    assert api.resources.findings(resource) == getattr(resource, "findings", [])


def test_cache_hit_and_miss(api: Api, picture: ImageResource) -> None:
    api.projects.create("Cached", None, [picture]).cache_resources(progress_bar=False)
    assert picture.is_cached()
    assert picture.filepath_cached is not None
    picture.filepath_cached.write_bytes(b"damaged")
    again = api.resources.get_by_id(picture.id)
    assert np.array(again.fetch_file_data(use_cache=True)).shape == (40, 60)
    assert again.is_cached()


def test_every_kind_of_annotation(api: Api, picture: ImageResource) -> None:
    annotations = api.annotations
    made = [
        annotations.add_box_annotation((50, 30), (10, 5), picture, "box"),
        annotations.add_line_annotation((1.25, 2.5), (30, 20), picture, "line", frame_index=0),
        annotations.add_point_annotation((5, 6), picture, "point", value={"k": 1}),
        annotations.add_polyline_annotation([(1, 1), (20, 1), (20, 20)], picture, "open"),
        annotations.add_region_annotation([(1, 1), (20, 1), (20, 20)], picture, "closed"),
        annotations.add_geometry_annotation("angle", [(1, 1), (5, 5), (9, 1)], picture, "angle"),
        annotations.add_geometry_annotation("spline", [(1, 1), (5, 5), (9, 1)], picture, "spline"),
        annotations.add_geometry_annotation("distance", [(1, 1), (5, 5)], picture, "distance"),
        annotations.add_geometry_annotation("area", [(1, 1), (5, 1), (5, 5)], picture, "area"),
        annotations.add_geometry_annotation("circle", [(20, 20), (25, 20)], picture, "circle"),
        annotations.create_image_classification(picture, "category", "benign"),
        annotations.add_label_annotation(picture, "label"),
        annotations.add_text_annotation(picture, "text", "wörds"),
        annotations.create_numeric_annotation(picture, "integer", 3),
        annotations.create_numeric_annotation(picture, "float", 2.5, units="mm"),
    ]
    found = {a.identifier: a for a in picture.fetch_annotations()}
    assert [found[name].id for name in found] == made
    assert found["box"].shape.points == ((10, 5, 0), (50, 5, 0), (10, 30, 0), (50, 30, 0))
    assert found["line"].shape.points == ((1.25, 2.5, 0), (30, 20, 0))
    assert json.loads(found["point"].value) == {"k": 1}
    assert (found["open"].shape.closed, found["closed"].shape.closed) == (False, True)
    assert [found[n].value for n in ("category", "text", "integer", "float")] == ["benign", "wörds", 3, 2.5]
    assert found["float"].units == "mm"
    assert [str(found[n].type) for n in ("angle", "spline", "distance", "area", "circle")] == [
        "angle",
        "spline",
        "distance",
        "area",
        "circle",
    ]
    assert all(a.source == "imported" for a in found.values())
    assert [a.identifier for a in picture.fetch_annotations("category")] == ["category"]
    assert found["box"].resource.id == picture.id
    copies = annotations.create(picture, [found["box"], found["float"]])
    assert len(set(copies) | set(made)) == len(made) + 2
    annotations.patch(made[0], identifier="renamed")
    annotations.approve(made[0])
    renamed = annotations.get_by_id(made[0])
    assert (renamed.identifier, renamed.status, bool(renamed.approved_by)) == ("renamed", "published", True)
    annotations.delete(made[0])
    annotations.delete_batch(copies)
    assert {a.id for a in annotations.get_deleted(picture)} == {made[0], *copies}
    assert len(annotations.get_list([picture], group_by_resource=True)[0]) == len(made) - 1


def test_bad_labels_are_refused_whole(api: Api, picture: ImageResource) -> None:
    good = {"type": "label", "identifier": "good", "scope": "image"}
    outside = {"type": "point", "identifier": "p", "geometry": {"points": [[1000, 1000, 0]]}}
    for bad in (outside, {**good, "scope": "frame", "frame_index": 9}, {**good, "identifier": ""}):
        with pytest.raises(ValidationError):
            api.annotations.create(picture, [good, bad])
    with pytest.raises(ValidationError, match=r"4.*60|60.*4"):
        api.annotations.upload_segmentations(picture, np.ones((4, 4), np.uint8), "small")
    assert picture.fetch_annotations() == []


def test_masks_of_frames(api: Api, picture: ImageResource) -> None:
    labels = np.zeros((40, 60), np.uint8)
    labels[2:10, 3:30] = 1
    labels[20:40, 50:60] = 2
    ids = api.annotations.upload_segmentations(picture, labels, {1: "liver", 2: "tumour"})
    assert len(ids) == 2
    for annotation in picture.fetch_annotations("segmentation"):
        value = {"liver": 1, "tumour": 2}[annotation.identifier]
        mask = np.array(annotation.fetch_file_data(use_cache=True))
        assert np.array_equal(mask, np.where(labels == value, 255, 0))
        assert annotation.is_cached()
        annotation.invalidate_cache()
        assert not annotation.is_cached()


@needs_shared
def test_masks_of_volumes(api: Api, tmp_path: Path) -> None:
    import nibabel

    resource = _upload(api, NIFTI, resume=False)
    wanted = np.asarray(nibabel.load(LABELS).dataobj)
    values = [int(v) for v in np.unique(wanted) if v]
    ids = api.annotations.upload_volume_segmentation(resource, LABELS, {values[0]: "first"})
    assert len(ids) == len(values)
    found = resource.fetch_annotations("segmentation")
    assert {type(a) for a in found} == {VolumeSegmentation}
    names = {"first": values[0], **{str(v): v for v in values[1:]}}
    assert {a.identifier for a in found} == set(names)
    for annotation in found[:5]:
        mask = np.asarray(annotation.fetch_file_data().dataobj)
        assert np.array_equal(mask != 0, wanted == names[annotation.identifier])
    results = api.annotations.download_multiple_files(found[:3], tmp_path / "masks")
    assert all(row["success"] for row in results)
    cube = np.zeros(wanted.shape, bool)
    cube[1:4, 2:5, 3:6] = True
    (cube_id,) = api.annotations.upload_volume_segmentation(resource, cube, "cube")
    back = api.annotations.get_by_id(cube_id).fetch_file_data()
    assert np.array_equal(np.asarray(back.dataobj) != 0, cube)
    with pytest.raises(ValidationError):
        api.annotations.upload_volume_segmentation(resource, cube[:, :, :-1], "cut")


@needs_shared
def test_pixels_mean_pixels_on_dicom_too(api: Api) -> None:
    """A box written in pixels is shown in mm on DICOM, and lies on the voxels that were meant."""
    from fiducial.media import read_header

    path = sorted(CT.iterdir())[0]
    with path.open("rb") as source:
        affine = np.array(read_header(source).voxel_to_patient)
    resource = _upload(api, path, resume=False)
    api.annotations.add_box_annotation((10, 20), (30, 40), resource, "box", frame_index=0)
    (box,) = resource.fetch_annotations()
    corners = np.array([[10, 20, 0, 1], [30, 20, 0, 1], [10, 40, 0, 1], [30, 40, 0, 1]], float)
    assert np.allclose(np.array(box.shape.points), (corners @ affine.T)[:, :3], atol=1e-6)
    pixels = box.fetch_pixel_shape()
    assert np.allclose(np.array(pixels.points), corners[:, :3], atol=1e-9)
    assert pixels.coordinate_system == "pixel"


@needs_shared
def test_tracks_over_frames(api: Api) -> None:
    video = _upload(api, VIDEO, resume=False)
    api.annotations.add_label_annotation(video, "seen", frame_range=(3, 9))
    assert [a.frame_index for a in video.fetch_annotations("label")] == list(range(3, 9))
    wanted = {"x": [(0, 10), (20, 31)], "y": [(10, 20)]}
    api.annotations.set_frame_ranges(video, "position", "category", wanted)

    def track() -> dict[str, list[tuple[int, int]]]:
        rows = api.annotations.get_frame_ranges(video)
        return {row["value"]: row["frame_ranges"] for row in rows if row["identifier"] == "position"}

    assert track() == wanted
    api.annotations.set_frame_ranges(video, "position", "category", {})
    assert track() == {}


@needs_shared
@pytest.mark.parametrize("name", ["ct-half.dcm", "empty.dcm", "cut.nii.gz", "cxr-half.png", "cut.mp4", "badVR.dcm"])
def test_broken_files_are_refused_by_name_and_leave_nothing(api: Api, name: str) -> None:
    with pytest.raises(ValidationError, match=name):
        api.resources.upload_resource(SHARED_DATA / "broken" / name)
    assert api.resources.get_list(filename=name) == []


@needs_shared
def test_one_broken_slice_does_not_stop_a_series(api: Api, tmp_path: Path) -> None:
    for path in sorted(CT.iterdir())[:5]:
        content = path.read_bytes()
        (tmp_path / path.name).write_bytes(content if path.name != sorted(CT.iterdir())[2].name else content[:-100])
    results = api.resources.upload_resources(tmp_path, on_error="skip", resume=False)
    assert [isinstance(result, ValidationError) for result in results] == [False, False, True, False, False]
    (series,) = api.resources.wait_until_ready(str(results[0]))
    assert len(api.resources.files(series)) == 4
    assert "missing-slices" in {finding["code"] for finding in api.resources.findings(series)}


def test_users(api: Api) -> None:
    user = api.users.create("Ann.Other+x@example.org", password="correct horse battery", firstname="Ann")
    assert (user.email.lower(), user.firstname) == ("ann.other+x@example.org", "Ann")
    with pytest.raises(EntityAlreadyExistsError):
        api.users.create("Ann.Other+x@example.org")
    assert api.users.create("Ann.Other+x@example.org", exists_ok=True).email == user.email
    api.users.update_user(user.email, lastname="Other")
    assert api.users.get_by_email(user.email).lastname == "Other"
    assert user.email in {u.email for u in api.users.get_all()}


def _run(url: str, *arguments: object) -> tuple[int, str]:
    environment = {**os.environ, "FIDUCIAL_API_URL": url, "FIDUCIAL_API_KEY": KEY}
    command = [sys.executable, "-c", "from fiducial.cli import main; main()", *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout + done.stderr


def test_command_line(url: str, api: Api, tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for n in range(3):
        Image.new("L", (9, 9), 100 + n).save(tmp_path / "in" / "deep" / f"c{n}.png")
    assert _run(url, "project", "create", "Line")[0] == 0
    code, out = _run(url, "upload", tmp_path / "in", "-p", "Line", "--tag", "cli", "--publish", "--json")
    assert (code, json.loads(out)["items"]) == (0, 3)
    code, out = _run(url, "download", "Line", "-o", tmp_path / "out", "--no-annotations", "--json")
    assert (code, json.loads(out)["failed"]) == (0, 0)
    sent = {path.read_bytes() for path in (tmp_path / "in").rglob("*.png")}
    assert {path.read_bytes() for path in (tmp_path / "out").iterdir()} == sent
    assert json.loads(_run(url, "project", "show", "Line", "--json")[1])["resource_count"] == 3
    (tmp_path / "in" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    code, out = _run(url, "upload", tmp_path / "in")
    assert code == 1
    assert "broken.png" in out
    assert _run(url, "project", "show", "No such project")[0] == 1
    assert _run("http://127.0.0.1:1", "project", "list")[0] == 3
    assert _run(url, "--version")[0] == 0
    environment_key = _run(url, "project", "list", "--key", "fid_wrong")
    assert environment_key[0] == 4
