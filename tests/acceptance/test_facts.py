"""Facts: every row of the shared data's README about a whole file, as the server tells it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from fiducial.media.base import Stage
from fiducial.media.registry import open_media
from tests.acceptance.support import Row, fact, got, own_findings, readme_rows, send, shared_files, short, when_ready
from tests.running import Running
from tests.shared_data import SHARED_DATA, needs_shared

pytestmark = [needs_shared, pytest.mark.shared]

ROWS = readme_rows()


def kind_of(row: Row) -> str:
    return row.path.relative_to(SHARED_DATA).parts[0]


def rows(*folders: str) -> pytest.MarkDecorator:
    chosen = [row for row in ROWS if kind_of(row) in folders]
    return pytest.mark.parametrize("row", chosen, ids=[short(row.path) for row in chosen])


DICOM = rows("colour", "compressed", "seg", "us-multiframe")
PICTURES, VOLUMES, VIDEOS = rows("images"), rows("nifti"), rows("video")


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


@pytest.fixture(scope="module")
def answers(client: httpx.Client) -> dict[Path, dict[str, Any]]:
    """What the server says of each file when its follow-up work has ended."""
    ids = {row.path: send(client, row.path.name, row.path.read_bytes()) for row in ROWS}
    return {path: when_ready(client, item_id) for path, item_id in ids.items()}


def needed(row: Row, pattern: str) -> tuple[str, ...]:
    found = fact(row, pattern)
    assert found is not None, f"the README's row says no {pattern!r}: {row.facts}"
    return found


def test_the_readme_has_a_row_for_every_file() -> None:
    series = {SHARED_DATA / "ct-series", SHARED_DATA / "mr-series"}
    assert {row.path for row in ROWS} == {path for path in shared_files() if not series & set(path.parents)}


@pytest.mark.parametrize("row", ROWS, ids=[short(row.path) for row in ROWS])
def test_the_hash_and_the_state(client: httpx.Client, answers: dict[Path, dict[str, Any]], row: Row) -> None:
    told = answers[row.path]
    (file,) = got(client, f"/resources/{told['id']}/files")
    assert (told["state"], told["state_reason"], file["sha256"]) == ("ready", None, row.sha256)
    assert got(client, f"/resources/{told['id']}/findings") == told["findings"]


@DICOM
def test_dicom(answers: dict[Path, dict[str, Any]], row: Row) -> None:
    import pydicom

    told, source = answers[row.path], pydicom.dcmread(row.path, stop_before_pixels=True)
    metadata = told["metadata"]
    assert (told["modality"], told["mimetype"]) == (needed(row, r"^(\w+),")[0], "application/dicom")
    assert told["storage"] == "DicomResource"
    assert told["instance_uid"] == source.SOPInstanceUID
    assert told["series_uid"] == source.SeriesInstanceUID
    assert told["study_uid"] == source.StudyInstanceUID
    assert (told["patient_id"] or "") == str(source.get("PatientID") or "")
    size = fact(row, r"(\d+) rows x (\d+) cols, (\d+) frame")
    if size is None:  # structured reports and structure sets have no pixels
        assert metadata.get("frame_count", 0) == 0
        return
    assert [metadata["height"], metadata["width"], metadata["frame_count"]] == [int(n) for n in size]
    assert metadata["PhotometricInterpretation"] == source.PhotometricInterpretation
    assert row.facts.find(metadata["PhotometricInterpretation"]) > 0
    assert metadata["BitsStored"] == int(needed(row, r"bits (\d+)")[0])
    if (spacing := fact(row, r"spacing \[([\d.]+), ([\d.]+)\]")) is not None:
        assert metadata["PixelSpacing"] == pytest.approx([float(n) for n in spacing], abs=1e-12)
        assert metadata["ImageOrientationPatient"] == pytest.approx(list(source.ImageOrientationPatient), abs=1e-12)
        assert metadata["ImagePositionPatient"] == pytest.approx(list(source.ImagePositionPatient), abs=1e-12)


@PICTURES
def test_picture(answers: dict[Path, dict[str, Any]], row: Row) -> None:
    told = answers[row.path]
    form, width, height, mode = needed(row, r"^(\w+) (\d+)x(\d+) (\w+)")
    assert (told["storage"], told["mimetype"]) == ("ImageResource", f"image/{form.lower()}")
    assert [told["metadata"][name] for name in ("width", "height", "mode")] == [int(width), int(height), mode]
    assert told["metadata"]["frame_count"] == 1


@VOLUMES
def test_nifti(answers: dict[Path, dict[str, Any]], row: Row) -> None:
    import nibabel as nib

    told, volume = answers[row.path], nib.load(row.path)
    metadata = told["metadata"]
    shape = [int(n) for n in needed(row, r"shape \(([\d, ]+)\)")[0].split(",")]
    zooms = [float(n) for n in needed(row, r"zooms \[([\d., ]+)\]")[0].split(",")]
    assert (told["storage"], told["mimetype"]) == ("NiftiResource", "application/nifti")
    assert metadata["dims"][: len(shape) + 1] == [len(shape), *shape]
    assert metadata["pixDims"][1 : len(zooms) + 1] == pytest.approx(zooms, rel=1e-6)
    assert metadata["frame_count"] == int(np.prod(shape[2:]))
    assert (metadata["width"], metadata["height"]) == (shape[0], shape[1])
    np.testing.assert_allclose(metadata["affine"], volume.affine, rtol=0, atol=1e-6)
    assert "".join(nib.aff2axcodes(np.array(metadata["affine"]))) == needed(row, r", (\w{3}), min")[0]
    assert metadata["niftiVersion"] == (2 if "nifti2" in row.path.name else 1)
    assert metadata["byteOrder"] == ("big" if ">i2" in row.facts else "little")


@VIDEOS
def test_video(answers: dict[Path, dict[str, Any]], row: Row) -> None:
    told = answers[row.path]
    codec, width, height, fps, frames = needed(row, r"(\w+) (\d+)x(\d+), ([\d.]+) fps, (\d+) frames decoded")
    (stream,) = [s for s in told["metadata"]["streams"] if s["codec_type"] == "video"]
    assert (told["storage"], told["mimetype"].partition("/")[0]) == ("VideoResource", "video")
    assert (stream["codec_name"], stream["width"], stream["height"]) == (codec, int(width), int(height))
    assert (int(stream["nb_frames"]), told["metadata"]["frame_count"]) == (int(frames), int(frames))
    above, below = (float(n) for n in stream["avg_frame_rate"].split("/"))
    assert above / below == pytest.approx(float(fps), abs=0.06)


@pytest.mark.parametrize("row", ROWS, ids=[short(row.path) for row in ROWS])
def test_frames_are_the_local_display(client: httpx.Client, answers: dict[Path, dict[str, Any]], row: Row) -> None:
    told = answers[row.path]
    count = told["metadata"].get("frame_count", 0)
    if not count:
        refused = client.get(f"/resources/{told['id']}/frames/0")
        assert refused.status_code in {400, 404, 422}
        assert refused.json()["message"]
        return
    with row.path.open("rb") as source, open_media(source) as reader:
        for index in sorted({0, count // 2, count - 1}):
            answer = client.get(f"/resources/{told['id']}/frames/{index}")
            assert answer.status_code == 200, answer.text
            shown = np.asarray(Image.open(io.BytesIO(answer.content)))
            np.testing.assert_array_equal(shown, reader.frame(index, Stage.DISPLAY))
    behind = client.get(f"/resources/{told['id']}/frames/{count}")
    assert behind.status_code in {400, 404}
    assert str(count) in behind.json()["message"]


@PICTURES
def test_a_picture_is_shown_as_another_program_shows_it(
    client: httpx.Client, answers: dict[Path, dict[str, Any]], row: Row
) -> None:
    shown = Image.open(io.BytesIO(client.get(f"/resources/{answers[row.path]['id']}/frames/0").content))
    np.testing.assert_array_equal(np.asarray(shown), np.asarray(Image.open(row.path)))


@rows("us-multiframe", "colour", "compressed")
def test_lossy_history_is_a_finding(answers: dict[Path, dict[str, Any]], row: Row) -> None:
    import pydicom

    declared = pydicom.dcmread(row.path, stop_before_pixels=True).get("LossyImageCompression") == "01"
    found = own_findings(answers[row.path]["findings"])
    lossy = any(
        word in row.facts for word in ("JPEG Baseline", "JPEG Extended", "Lossy", "JPEG 2000 Image Compression,")
    )
    assert ("lossy-history" in found) == declared
    assert ("lossy-not-declared" in found) == (lossy and not declared)
    assert all(entry["severity"] in {"info", "warning", "error"} for entry in found.values())
    assert all(entry["message"] for entry in found.values())


def test_files_without_anything_odd_have_no_findings(answers: dict[Path, dict[str, Any]]) -> None:
    clean = [row for row in ROWS if kind_of(row) in {"images", "seg"}]
    assert {short(r.path): own_findings(answers[r.path]["findings"]) for r in clean} == {
        short(r.path): {} for r in clean
    }
