"""Series: files in any order, over several connections, become one item in the order of their geometry."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

from fiducial.exceptions import NetworkError
from fiducial.media.base import Axis, Stage
from fiducial.media.registry import open_media
from tests.acceptance.support import (
    CT_SERIES,
    MR_SERIES,
    Gate,
    api_of,
    as_dicom_bytes,
    got,
    own_findings,
    sha256_of,
    when_ready,
)
from tests.demo_data import DEMO_DATA
from tests.running import Running
from tests.shared_data import SHARED_DATA, needs_shared

BROKEN = SHARED_DATA / "broken"
FILES_OF_A_GROUP = r"/resources/groups/[^/]+/files"


@dataclass
class Sent:
    """A series, as it was sent and as the server has it."""

    files: list[Path]
    item: dict[str, Any]


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


def sent(running: Running, client: httpx.Client, folder: Path) -> Sent:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    shuffled = random.Random(7).sample(files, len(files))
    with api_of(running) as api:
        item_id = api.resources.upload_series(shuffled, connections=4)
    return Sent(files, when_ready(client, item_id))


@pytest.fixture(scope="module", params=[CT_SERIES, MR_SERIES], ids=["ct", "mr"])
def series(running: Running, client: httpx.Client, request: pytest.FixtureRequest) -> Sent:
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the shared real test data is not at {SHARED_DATA}")
    return sent(running, client, request.param)


def by_position(files: list[Path]) -> list[Path]:
    """An order of our own making: along the normal of the first slice."""

    def along(path: Path) -> float:
        dataset = pydicom.dcmread(path, stop_before_pixels=True)
        return float(np.dot(normal, dataset.ImagePositionPatient))

    first = pydicom.dcmread(files[0], stop_before_pixels=True).ImageOrientationPatient
    normal = np.cross(first[:3], first[3:])
    return sorted(files, key=along)


@pytest.fixture(scope="module")
def volume(series: Sent) -> Any:
    """What another program makes of the same files."""
    import SimpleITK

    return SimpleITK.ReadImage([str(path) for path in by_position(series.files)])


def itk_affine(volume: Any) -> Any:
    """(column, row, slice, 1) to LPS mm."""
    affine = np.eye(4)
    affine[:3, :3] = np.array(volume.GetDirection()).reshape(3, 3) * np.array(volume.GetSpacing())
    affine[:3, 3] = volume.GetOrigin()
    return affine


def test_one_item(client: httpx.Client, series: Sent) -> None:
    item, first = series.item, pydicom.dcmread(series.files[0], stop_before_pixels=True)
    assert (item["state"], item["state_reason"], item["kind"]) == ("ready", None, "dicom_series")
    assert (item["file_count"], item["metadata"]["frame_count"]) == (len(series.files), len(series.files))
    assert (item["metadata"]["height"], item["metadata"]["width"]) == (first.Rows, first.Columns)
    assert (item["series_uid"], item["study_uid"]) == (first.SeriesInstanceUID, first.StudyInstanceUID)
    assert (item["modality"], item["patient_id"], item["is_volume"]) == (first.Modality, first.PatientID, True)
    assert {code for code, f in own_findings(item["findings"]).items() if f["severity"] == "error"} == set()
    listed = got(client, "/resources", status="", filename=item["filename"])["data"][0]["resources"]
    assert [entry["id"] for entry in listed] == [item["id"]]


def test_files_are_in_the_order_of_their_geometry_byte_for_byte(client: httpx.Client, series: Sent) -> None:
    expected = by_position(series.files)
    told = got(client, f"/resources/{series.item['id']}/files")
    assert [entry["index"] for entry in told] == list(range(len(expected)))
    assert [(e["filename"], e["sha256"]) for e in told] == [(path.name, sha256_of(path)) for path in expected]
    for index, path in enumerate(expected):
        assert client.get(f"/resources/{series.item['id']}/files/{index}").content == path.read_bytes()
    assert client.get(f"/resources/{series.item['id']}/files/{len(expected)}").status_code == 404


def test_the_volume_is_where_another_program_has_it(client: httpx.Client, series: Sent, volume: Any) -> None:
    body = client.get(f"/resources/{series.item['id']}/file").raise_for_status().content
    with open_media(io.BytesIO(body)) as reader:
        assert reader.header.is_volume
        affine = np.array(reader.header.voxel_to_patient)
        values = reader.array(Stage.MODALITY)
    corners = np.array([[i, j, k, 1] for i in (0, 1) for j in (0, 1) for k in (0, 1)], float)
    corners[:, :3] *= np.array(volume.GetSize()) - 1
    np.testing.assert_allclose(corners @ affine.T, corners @ itk_affine(volume).T, rtol=0, atol=1e-6)
    import SimpleITK

    np.testing.assert_array_equal(values, SimpleITK.GetArrayFromImage(volume))


def test_the_file_is_one_multi_frame_dicom_and_always_the_same(
    running: Running, series: Sent, volume: Any, tmp_path: Path
) -> None:
    import SimpleITK

    address, bodies = f"/resources/{series.item['id']}/file", []
    for _ in range(3):
        with running.client() as client:
            bodies.append(client.get(address).raise_for_status().content)
    assert len({sha256_of(body) for body in bodies}) == 1
    dataset = pydicom.dcmread(io.BytesIO(bodies[0]))
    assert int(dataset.NumberOfFrames) == len(series.files)
    assert dataset.PatientID == series.item["patient_id"]
    path = tmp_path / "multi.dcm"
    path.write_bytes(bodies[0])
    np.testing.assert_array_equal(  # an independent reader of enhanced DICOM
        SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path))), SimpleITK.GetArrayFromImage(volume)
    )


def test_frames_and_slices_are_shown(client: httpx.Client, series: Sent, volume: Any) -> None:
    from PIL import Image

    body = client.get(f"/resources/{series.item['id']}/file").content
    middle = len(series.files) // 2
    with open_media(io.BytesIO(body)) as reader:
        frame = client.get(f"/resources/{series.item['id']}/frames/{middle}").raise_for_status().content
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(frame))), reader.frame(middle, Stage.DISPLAY))
        for axis in Axis:
            plane = client.get(f"/resources/{series.item['id']}/slices/{axis}/40").raise_for_status().content
            np.testing.assert_array_equal(
                np.asarray(Image.open(io.BytesIO(plane))), reader.slice(axis, 40, Stage.DISPLAY)
            )


def steps(files: list[Path]) -> Any:
    """From each slice to the next, LPS mm."""
    positions = [pydicom.dcmread(path, stop_before_pixels=True).ImagePositionPatient for path in by_position(files)]
    return np.diff(np.array(positions, float), axis=0)


def originals_are_there(client: httpx.Client, there: Sent) -> None:
    for index, path in enumerate(by_position(there.files)):
        assert client.get(f"/resources/{there.item['id']}/files/{index}").content == path.read_bytes()


@needs_shared
def test_a_tilted_series_says_by_how_much_and_keeps_its_shear(running: Running, client: httpx.Client) -> None:
    there = sent(running, client, BROKEN / "series-gantry-tilt")
    told = own_findings(there.item["findings"])["gantry-tilt"]
    first = pydicom.dcmread(there.files[0], stop_before_pixels=True)
    step = steps(there.files).mean(axis=0)
    row, column = np.array(first.ImageOrientationPatient[:3]), np.array(first.ImageOrientationPatient[3:])
    assert told["severity"] == "warning"
    along = abs(np.dot(np.cross(row, column), step))
    assert told["evidence"]["angle_degrees"] == pytest.approx(
        np.degrees(np.arccos(along / np.linalg.norm(step))), abs=1e-6
    )
    assert told["evidence"]["spacing_along_normal_mm"] == pytest.approx(along, abs=1e-6)
    assert told["evidence"]["shift_along_row_mm"] == pytest.approx(np.dot(row, step), abs=1e-6)
    assert told["evidence"]["shift_along_column_mm"] == pytest.approx(np.dot(column, step), abs=1e-6)
    with open_media(io.BytesIO(client.get(f"/resources/{there.item['id']}/file").content)) as reader:
        assert reader.header.is_volume
        np.testing.assert_allclose(np.array(reader.header.voxel_to_patient)[:3, 2], step, rtol=0, atol=1e-6)
    originals_are_there(client, there)


@needs_shared
def test_a_series_with_a_missing_slice_says_where_and_is_no_volume(running: Running, client: httpx.Client) -> None:
    there = sent(running, client, BROKEN / "series-missing-slice")
    told = own_findings(there.item["findings"])["missing-slices"]
    gaps = np.linalg.norm(steps(there.files), axis=1)
    assert (there.item["state"], there.item["is_volume"], told["severity"]) == ("ready", False, "error")
    assert (told["evidence"]["missing"], told["evidence"]["usual_gap_mm"]) == (
        1,
        pytest.approx(np.median(gaps), abs=1e-4),
    )
    (hole,) = told["evidence"]["where"]
    assert hole["after_slice"] == int(np.argmax(gaps))
    assert hole["to_mm"] - hole["from_mm"] == pytest.approx(gaps.max(), abs=1e-6)
    refused = client.get(f"/resources/{there.item['id']}/slices/sagittal/40")
    assert (refused.status_code, bool(refused.json()["message"])) == (422, True)
    originals_are_there(client, there)


# -- groups that are not finished -------------------------------------------------------------------------------------


def slices(folder: Path, count: int) -> list[Path]:
    """A series of the project's own: one MR slice moved along its normal, under new UIDs."""
    dataset = pydicom.dcmread(DEMO_DATA / "mr_small.dcm")
    dataset.SeriesInstanceUID, z = generate_uid(), dataset.ImagePositionPatient[2]
    paths = []
    for number in range(count):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.ImagePositionPatient[2] = z + 2 * number
        paths.append(folder / f"{count - number:03}.dcm")
        paths[-1].write_bytes(as_dicom_bytes(dataset))
    return paths


def test_a_group_closed_empty_is_refused(client: httpx.Client) -> None:
    group = client.post("/resources/groups", json={"filename": "nothing.dcm"}).raise_for_status().json()["id"]
    refused = client.post(f"/resources/groups/{group}/close")
    assert (refused.status_code, "file" in refused.json()["message"]) == (400, True)
    client.delete(f"/resources/groups/{group}").raise_for_status()
    assert client.get(f"/resources/groups/{group}/files").status_code == 404


def test_an_open_group_is_not_in_the_lists(client: httpx.Client) -> None:
    group = client.post("/resources/groups", json={"filename": "opened and left"}).raise_for_status().json()["id"]
    listed = got(client, "/resources", status="", filename="opened and left")["data"][0]["resources"]
    assert listed == []
    client.delete(f"/resources/groups/{group}").raise_for_status()


def test_files_of_two_series_are_refused_before_anything_is_sent(running: Running) -> None:
    from fiducial.errors import Invalid

    gate = Gate()
    with api_of(running, gate=gate) as api, pytest.raises(Invalid, match="series"):
        api.resources.upload_series([DEMO_DATA / "ct_small.dcm", DEMO_DATA / "mr_small.dcm"])
    assert gate.asked == []


def test_an_interrupted_series_is_filled_up_by_calling_again(
    running: Running, client: httpx.Client, tmp_path: Path
) -> None:
    files, gate = slices(tmp_path, 12), Gate()
    gate.rule = lambda method, path: not path.endswith("/files") or gate.count("POST", FILES_OF_A_GROUP) < 7
    with api_of(running, gate=gate) as api, pytest.raises(NetworkError):
        api.resources.upload_series(files, connections=1)
    before = gate.count("POST", FILES_OF_A_GROUP)
    assert before == 7

    again = Gate()
    with api_of(running, gate=again) as api:
        item_id = api.resources.upload_series(files, connections=4)
        assert again.count("POST", FILES_OF_A_GROUP) == len(files) - before
        item = when_ready(client, item_id)
        assert (item["metadata"]["frame_count"], item["is_volume"]) == (len(files), True)
        assert own_findings(item["findings"]) == {}
        assert api.resources.upload_series(files, connections=4) == item_id  # and a third time sends nothing
    assert again.count("POST", FILES_OF_A_GROUP) == len(files) - before
    assert [e["sha256"] for e in got(client, f"/resources/{item_id}/files")] == [sha256_of(p) for p in files]


def test_an_interrupted_upload_of_single_files_sends_only_the_rest(running: Running, tmp_path: Path) -> None:
    files, gate = slices(tmp_path, 10), Gate()
    gate.rule = lambda method, path: (method, path) != ("POST", "/resources") or gate.count("POST", "/resources") < 6
    with api_of(running, gate=gate) as api, pytest.raises(NetworkError):
        api.resources.upload_resources(files, assemble_dicoms=False, connections=1)
    gate.rule = lambda method, path: True
    with api_of(running, gate=gate) as api:
        ids = api.resources.upload_resources(files, assemble_dicoms=False, connections=4)
    assert gate.count("POST", "/resources") == len(files)
    assert len(set(map(str, ids))) == len(files)


def test_the_same_file_twice_in_a_group_is_one(client: httpx.Client, tmp_path: Path) -> None:
    files = slices(tmp_path, 3)
    group = client.post("/resources/groups", json={"filename": "twice.dcm"}).raise_for_status().json()["id"]
    for path in (*files, files[1]):
        form = {"resource": (path.name, path.read_bytes())}
        client.post(f"/resources/groups/{group}/files", files=form).raise_for_status()
    client.post(f"/resources/groups/{group}/close").raise_for_status()
    client.post(f"/resources/groups/{group}/close").raise_for_status()
    assert when_ready(client, group)["metadata"]["frame_count"] == 3


def test_a_label_in_mm_on_an_open_series_is_a_conflict(client: httpx.Client) -> None:
    """Its frame can only be found by the geometry, which nobody knows before the series is in order."""
    opened = client.post("/resources/groups", json={"filename": "unordered", "token": "unordered"}).json()["id"]
    label = {
        "type": "point",
        "identifier": "p",
        "geometry": {"points": [[1.0, 2.0, 3.0]], "coordinate_system": "patient"},
    }
    refused = client.post(f"/annotations/{opened}/annotations", json=[label])
    assert refused.status_code == 409, refused.text
    assert "close it" in refused.json()["message"]
    assert client.delete(f"/resources/groups/{opened}").status_code == 200
