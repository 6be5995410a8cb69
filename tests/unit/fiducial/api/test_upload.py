"""Uploads: what is sent, together or alone, once, and what a failure leaves."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import httpx
import numpy as np
import pytest

from fiducial.api.client import Api
from fiducial.entities.resource import Resource
from fiducial.errors import Invalid, NotFound
from fiducial.exceptions import NetworkError, ValidationError
from tests.unit.fiducial.fake_server import UploadServer, api_with, refusal

SLICES = 4


def _dicom(path: Path, series: str, place: float | None, rows: int = 8) -> Path:
    """A tiny CT slice at ``place`` mm, or without a place."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    slice_ = Dataset()
    slice_.file_meta = FileMetaDataset()
    slice_.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    slice_.file_meta.MediaStorageSOPClassUID = slice_.SOPClassUID = CTImageStorage
    slice_.file_meta.MediaStorageSOPInstanceUID = slice_.SOPInstanceUID = generate_uid()
    slice_.SeriesInstanceUID, slice_.StudyInstanceUID = series, "1.2.3"
    slice_.Modality, slice_.PatientID = "CT", "p"
    slice_.Rows, slice_.Columns, slice_.SamplesPerPixel, slice_.PixelRepresentation = rows, 8, 1, 0
    slice_.BitsAllocated, slice_.BitsStored, slice_.HighBit = 16, 16, 15
    slice_.PhotometricInterpretation = "MONOCHROME2"
    if place is not None:
        slice_.ImagePositionPatient = [0, 0, place]
        slice_.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        slice_.PixelSpacing = [1, 1]
    slice_.PixelData = np.zeros((rows, 8), np.uint16).tobytes()
    slice_.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A series of 4 slices in two sub-folders, a still of the same series, two pictures, a hidden file."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    for n in range(SLICES):
        _dicom(tmp_path / "ab"[n % 2] / f"slice{n}", "1.2.3.4", float(n))
    _dicom(tmp_path / "still.dcm", "1.2.3.4", None)
    (tmp_path / "one.txt").write_bytes(b"one")
    (tmp_path / "two.txt").write_bytes(b"two")
    (tmp_path / ".hidden").write_bytes(b"x")
    return tmp_path


def _api(server: UploadServer) -> Api:
    return api_with(server, max_retries=0)


def test_a_series_is_one_item_and_all_else_is_alone(folder: Path) -> None:
    server = UploadServer()
    ids = _api(server).resources.upload_resources(folder)
    assert sorted(Counter(ids).values()) == [1, 1, 1, SLICES]
    assert sorted(len(item["files"]) for item in server.items.values()) == [1, 1, 1, SLICES]
    assert {item["state"] for item in server.items.values()} == {"single", "ready"}


def test_without_assembly_every_file_is_an_item(folder: Path) -> None:
    server = UploadServer()
    assert len(set(_api(server).resources.upload_resources(folder, assemble_dicoms=False))) == SLICES + 3


def test_calling_again_sends_nothing(folder: Path) -> None:
    server = UploadServer()
    api = _api(server)
    first = api.resources.upload_resources(folder)
    sent = server.sent
    assert api.resources.upload_resources(folder) == first
    assert server.sent == sent
    assert len(set(api.resources.upload_resources(folder, resume=False)) - set(first)) == 4


def test_equal_files_need_as_many_items(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "same.txt").write_bytes(b"same")
    server = UploadServer()
    api = _api(server)
    one = api.resources.upload_resource(tmp_path / "a" / "same.txt")
    three = api.resources.upload_resources(tmp_path)
    assert one in three
    assert len(set(three)) == server.sent == 3
    (tmp_path / "a" / "same.txt").rename(tmp_path / "other.txt")
    api.resources.upload_resource(tmp_path / "other.txt")
    assert server.sent == 4  # the same bytes under another name are another file


@pytest.mark.parametrize("breaks_at", range(1, SLICES + 4))
def test_a_broken_upload_is_resumed(folder: Path, breaks_at: int) -> None:
    """The connection breaks at the n-th file; the next call sends the rest, and no file twice."""

    def fail(count: int) -> httpx.Response | None:
        if count == breaks_at:
            raise httpx.ReadError("reset")
        return None

    server = UploadServer(fail)
    api = _api(server)
    with pytest.raises(NetworkError):
        api.resources.upload_resources(folder, connections=1)
    ids = api.resources.upload_resources(folder)
    assert server.sent == SLICES + 3
    assert len(server.items) == len(set(ids)) == 4
    assert all(item["state"] != "open" for item in server.items.values())


def test_skip_goes_on_and_keeps_the_error(folder: Path) -> None:
    server = UploadServer(lambda count: refusal(400, "damaged") if count == 2 else None)
    results = _api(server).resources.upload_resources(folder, on_error="skip", connections=1)
    errors = [result for result in results if isinstance(result, Exception)]
    assert len(errors) == 1
    assert isinstance(errors[0], ValidationError)
    assert str(errors[0]).endswith("damaged")
    assert len([r for r in results if isinstance(r, str)]) == SLICES + 2


def test_a_series_of_refused_files_leaves_no_group(folder: Path) -> None:
    server = UploadServer(lambda _: refusal(400, "damaged"))
    results = _api(server).resources.upload_resources(folder, on_error="skip")
    assert all(isinstance(result, ValidationError) for result in results)
    assert server.items == {}


def test_what_was_there_hears_of_tags_publishing_and_project(folder: Path) -> None:
    seen: list[tuple[str, str, bytes]] = []
    server = UploadServer()

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append((request.method, request.url.path, request.read()))
        return server(request)

    api = _api(server)
    api.resources.upload_resources(folder)
    api = api_with(handle)
    project = "00000000-0000-4000-8000-00000000000a"
    ids = api.resources.upload_resources(folder, tags=["t"], publish=True, publish_to=project)
    writes = [(path, body) for method, path, body in seen if method != "GET" and path != "/resources/known"]
    assert {path for path, _ in writes} >= {"/resources/bulk-publish", f"/projects/{project}/resources"}
    assert sum(path.endswith("/tags") for path, _ in writes) == len(set(ids))


def test_upload_series_takes_one_series_only(folder: Path) -> None:
    server = UploadServer()
    api = _api(server)
    item_id = api.resources.upload_series([folder / "a", folder / "b", folder / "still.dcm"])
    assert len(server.items[item_id]["files"]) == SLICES + 1
    _dicom(folder / "a" / "other", "9.9", 0.0)
    with pytest.raises(Invalid, match=r"1\.2\.3\.4, 9\.9"):
        api.resources.upload_series(folder / "a")


def test_open_files_bytes_and_datasets(folder: Path) -> None:
    import pydicom

    server = UploadServer()
    with (folder / "one.txt").open("rb") as opened:
        dataset = pydicom.dcmread(folder / "still.dcm")
        ids = _api(server).resources.upload_resources([opened, b"bytes", dataset, folder / "*.txt"])
    names = [server.items[str(i)]["filename"] for i in ids]
    assert names == ["one.txt", "file", f"{dataset.SOPInstanceUID}.dcm", "one.txt", "two.txt"]


def test_what_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    server = UploadServer()
    resources = _api(server).resources
    (tmp_path / "x").write_bytes(b"x")
    with pytest.raises(FileNotFoundError, match="nothing"):
        resources.upload_resource(tmp_path / "nothing")
    with pytest.raises(NotFound, match="holds no file"):
        resources.upload_resources(tmp_path / "*.dcm")
    with pytest.raises(Invalid, match="metadata has 2 entries for 1 files"):
        resources.upload_resources(tmp_path, metadata=[None, None])
    with pytest.raises(Invalid, match="not JSON"):
        resources.upload_resources(tmp_path, metadata=["{broken"])
    assert server.requests == []


def test_mung_filename(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes(b"x")
    server = UploadServer()
    _api(server).resources.upload_resource(tmp_path / "x.txt", mung_filename="all")
    (item,) = server.items.values()
    assert item["filename"] == "_".join(tmp_path.parts[1:]) + "_x.txt"


def test_wait_until_ready() -> None:
    states = iter(["pending", "pending", "ready"])
    from tests.unit.fiducial.fake_server import resource_row

    row = resource_row()
    api = api_with(lambda _: httpx.Response(200, json=row | {"state": next(states)}))
    pauses: list[float] = []
    (found,) = api.resources.wait_until_ready(row["id"], pause=pauses.append)
    assert isinstance(found, Resource)
    assert len(pauses) == 2
