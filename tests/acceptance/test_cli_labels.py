"""``fiducial annotate``, ``list`` and ``download`` against a real server."""

from __future__ import annotations

import csv
import hashlib
import json
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from fiducial.cli import exits
from tests.acceptance.command_line import Run, command_line
from tests.acceptance.support import got, new_dicom, new_video, send
from tests.demo_data import DEMO_DATA
from tests.running import Running

NOBODY = "00000000-0000-4000-8000-000000000000"


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


@dataclass(frozen=True)
class Bench:
    """A project of a video and a DICOM slice."""

    name: str
    pid: str
    video: str
    slice: str
    word: str


@pytest.fixture
def bench(client: httpx.Client) -> Bench:
    word = uuid.uuid4().hex
    video = send(client, f"{word}.mp4", new_video(5, 64, 48), channel=word, tags="cli,video", bypass_inbox="true")
    ct = send(client, "ct.dcm", new_dicom(DEMO_DATA / "ct_small.dcm"), channel=word)
    made = client.post("/projects", json={"name": f"P {word}", "resource_ids": [video, ct]})
    return Bench(f"P {word}", made.json()["id"], video, ct, word)


def labels_of(client: httpx.Client, *ids: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.post("/annotations/search", json={"resource_ids": ids}).json()["data"]
    return found


def table(path: Path, *rows: dict[str, Any]) -> Path:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    return path


# -- annotate --------------------------------------------------------------------------------------------------------------


def test_a_table_of_annotations(run: Run, client: httpx.Client, bench: Bench, tmp_path: Path) -> None:
    video = f"{bench.word}.mp4"
    path = table(
        tmp_path / "labels.csv",
        {"resource": video, "type": "category", "identifier": "view", "value": "A4C"},
        {"resource": bench.video, "type": "label", "identifier": "blurred", "frame_index": 1, "frame_end": 2},
        {"resource": video, "type": "square", "identifier": "lesion", "frame_index": 3, "points": "[[10, 20], [4, 8]]"},
        {"resource": "ct.dcm", "type": "line", "identifier": "length", "points": "[[1.5, 2], [30, 40.25]]"},
        {"resource": "ct.dcm", "type": "float", "identifier": "density", "value": "1.5", "units": "HU", "source": "manual"},
        {"resource": "ct.dcm", "type": "text", "identifier": "note", "value": "äöü, \"quoted\""},
    )  # fmt: skip
    ran = run("annotate", path, "--project", bench.name, "--dry-run")
    assert (ran.code, ran.out) == (0, "6 rows on 2 resources are right; nothing was sent\n")
    assert labels_of(client, bench.video, bench.slice) == []
    ran = run("annotate", path, "--project", bench.name, "--json")
    assert ran.code == 0, ran
    assert (ran.told["rows"], ran.told["annotations"], ran.told["failed"]) == (6, 6, 0)
    assert {one["resource_id"]: one["rows"] for one in ran.told["resources"]} == {
        bench.video: [2, 3, 4],
        bench.slice: [5, 6, 7],
    }
    rows = labels_of(client, bench.video, bench.slice)
    shown = {(row["identifier"], row["frame_index"]): row for row in rows}
    assert {name for name, _ in shown} == {"view", "blurred", "lesion", "length", "density", "note"}
    assert {frame for name, frame in shown if name == "blurred"} == {1, 2}
    assert {row["project_id"] for row in rows} == {bench.pid}
    box = shown["lesion", 3]["geometry"]["points"]
    assert [point[:2] for point in box] == [[4, 8], [10, 8], [4, 20], [10, 20]]
    by_name = {row["identifier"]: row for row in rows}
    assert (by_name["density"]["numeric_value"], by_name["density"]["units"]) == (1.5, "HU")
    assert (by_name["density"]["source"], by_name["view"]["source"]) == ("manual", "imported")
    assert by_name["note"]["text_value"] == 'äöü, "quoted"'


def test_points_of_a_table_are_pixels_on_every_kind_of_resource(
    run: Run, client: httpx.Client, bench: Bench, tmp_path: Path, running: Running
) -> None:
    from tests.acceptance.support import api_of

    row = {"resource": bench.slice, "type": "point", "identifier": "p", "points": "[[12.25, 99.5]]"}
    assert run("annotate", table(tmp_path / "a.csv", row)).code == 0
    with api_of(running) as api:
        (found,) = api.annotations.get_list(bench.slice)
        assert np.allclose(found.fetch_pixel_shape().points[0][:2], [12.25, 99.5], atol=1e-6)


def test_nothing_is_sent_until_every_row_is_right(run: Run, client: httpx.Client, bench: Bench, tmp_path: Path) -> None:
    good = {"resource": bench.slice, "type": "label", "identifier": "x", "frame_index": "", "value": "", "points": ""}
    path = table(
        tmp_path / "labels.csv",
        good,
        {**good, "type": "category"},
        {**good, "resource": "no such file.png"},
        {**good, "resource": NOBODY},
        {**good, "frame_index": "two"},
        {**good, "type": "line", "points": "[[1,2]]"},
    )
    ran = run("annotate", path, "--project", bench.name)
    assert ran.code == exits.FAILED
    assert ran.out == ""
    lines = ran.err.splitlines()
    assert [line.partition(": ")[2].partition(": ")[0] for line in lines[:-1]] == [
        f"{path}, row 3, column 'value'",
        f"{path}, row 4, column 'resource'",
        f"{path}, row 5, column 'resource'",
        f"{path}, row 6, column 'frame_index'",
        f"{path}, row 7, column 'points'",
    ]
    assert "has the name 'no such file.png'" in lines[1]
    assert f"no resource {NOBODY}" in lines[2]
    assert lines[-1] == "nothing was sent"
    assert labels_of(client, bench.slice) == []
    assert "needs --project" in run("annotate", table(path, {**good, "resource": "ct.dcm"})).err


def test_two_resources_of_one_name_are_not_guessed(
    run: Run, client: httpx.Client, bench: Bench, tmp_path: Path
) -> None:
    other = send(client, "ct.dcm", new_dicom(DEMO_DATA / "ct_small.dcm"))
    client.post(f"/projects/{bench.pid}/resources", json={"resource_ids_to_add": [other]})
    path = table(tmp_path / "a.csv", {"resource": "ct.dcm", "type": "label", "identifier": "x"})
    ran = run("annotate", path, "--project", bench.pid)
    assert (ran.code, labels_of(client, other, bench.slice)) == (exits.FAILED, [])
    assert "2 resources of the project have the name 'ct.dcm'" in ran.err


def test_what_the_server_refuses_is_told_by_rows(run: Run, client: httpx.Client, bench: Bench, tmp_path: Path) -> None:
    path = table(
        tmp_path / "a.csv",
        {"resource": bench.video, "type": "label", "identifier": "x", "frame_index": 99},
        {"resource": bench.video, "type": "label", "identifier": "y", "frame_index": 0},
        {"resource": bench.slice, "type": "label", "identifier": "z", "frame_index": 0},
    )
    ran = run("annotate", path, "--project", bench.name)
    assert ran.code == exits.FAILED
    assert f"failed: {path}, rows 2, 3: " in ran.err
    assert "99" in ran.err
    assert ran.out == "1 annotations on 2 resources\n"
    assert [row["identifier"] for row in labels_of(client, bench.video, bench.slice)] == ["z"]


def test_wrong_usage_and_wrong_keys(
    run: Run, capsys: pytest.CaptureFixture[str], running: Running, tmp_path: Path
) -> None:
    path = table(tmp_path / "a.csv", {"resource": NOBODY, "type": "label", "identifier": "x"})
    assert run("annotate", tmp_path / "none.csv").code == exits.FAILED
    assert run("annotate", path, "--project", "no such project").code == exits.FAILED
    (tmp_path / "b.csv").write_text("what,ever\n")
    assert run("annotate", tmp_path / "b.csv").code == exits.USAGE
    stranger = command_line(capsys, running.url, "fid_wrong-key")
    assert stranger("annotate", path).code == exits.NOT_ALLOWED
    nowhere = command_line(capsys, "http://127.0.0.1:9", running.key)
    assert nowhere("list", "projects").code == exits.NOT_REACHABLE


# -- list ------------------------------------------------------------------------------------------------------------------


def test_lists(run: Run, client: httpx.Client, bench: Bench, running: Running) -> None:
    label = {"type": "category", "identifier": "view", "value": "A4C", "scope": "image"}
    (aid,) = client.post(f"/annotations/{bench.video}/annotations", json=[label]).json()

    def ids(*arguments: object) -> set[str]:
        ran = run("list", *arguments, "--json")
        assert ran.code == 0, ran
        return {str(row["id"]) for row in ran.told}

    both = {bench.video, bench.slice}
    assert ids("resources", "--project", bench.name) == ids("resources", "--project", bench.pid) == both
    assert ids("resources", "--channel", bench.word) == both
    assert ids("resources", "--channel", bench.word, "--status", "published") == {bench.video}
    assert ids("resources", "--channel", bench.word, "--modality", "CT") == {bench.slice}
    assert ids("resources", "--channel", bench.word, "--tag", "video") == {bench.video}
    assert ids("resources", "--filename", f"{bench.word}.mp4") == {bench.video}
    assert ids("resources", "--channel", bench.word, "--to", "2020-01-01") == set()
    first = run(
        "list", "resources", "--channel", bench.word, "--order", "filename", "--descending", "--limit", "1", "--json"
    )
    assert first.told[0]["id"] == max((f"{bench.word}.mp4", bench.video), ("ct.dcm", bench.slice))[1]
    assert aid in ids("annotations", "--project", bench.name)
    assert ids("annotations", "--resource", bench.video, "--type", "category", "--annotator", running.email) == {aid}
    assert ids("annotations", "--resource", bench.video, "--type", "line") == set()
    assert ids("annotations", "--resource", bench.video, "--source", "manual", "--status", "new") == {aid}
    assert bench.pid in ids("projects")
    client.delete(f"/projects/{bench.pid}")
    assert bench.pid not in ids("projects")
    assert bench.pid in ids("projects", "--all")
    channels = {row["channel_name"]: row["resources"] for row in run("list", "channels", "--json").told}
    assert channels[bench.word] == 2
    assert running.email in {row["email"] for row in run("list", "users", "--json").told}
    text = run("list", "annotations", "--resource", bench.video).out
    assert text.rstrip("\n").split("\t")[0] == aid
    assert text.rstrip("\n").split("\t")[-2:] == ["view", "A4C"]


def test_lists_refuse_what_they_do_not_know(run: Run) -> None:
    assert run("list", "resources", "--status", "nowhere").code == exits.USAGE
    assert run("list", "resources", "--from", "yesterday").code == exits.USAGE
    assert run("list", "resources", "--project", "no such project").code == exits.FAILED
    assert run("list", "annotations", "--type", "bbox").code == exits.USAGE


# -- download --------------------------------------------------------------------------------------------------------------


def test_a_project_with_its_labels(
    run: Run, client: httpx.Client, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    wid = got(client, f"/projects/{bench.pid}/worklists")[0]["id"]
    mask = np.zeros((48, 64), np.uint8)
    mask[3:9, 4:20] = 255
    Image.fromarray(mask).save(tmp_path / "m.png")
    entry = {"identifier": "LV / wall", "frame_index": 2, "width": 64, "height": 48}
    answer = client.post(
        f"/annotationsets/{wid}/resources/{bench.video}/segmentations",
        data={"payload": json.dumps([entry])},
        files=[("images", ("m.png", (tmp_path / "m.png").read_bytes()))],
    )
    (aid,) = answer.json()["ids"]
    label = {"type": "category", "identifier": "view", "value": "A4C", "scope": "image"}
    client.post(f"/annotations/{bench.slice}/annotations", json=[label])

    ran = run("download", bench.name)
    assert ran.code == 0, ran
    folder = tmp_path / bench.name
    assert ran.out == f"2 files of 2 resources in {bench.name} (0 were there), 2 annotations with 1 masks\n"
    original = client.get(f"/resources/{bench.slice}/file").content
    assert (folder / f"{bench.slice}_ct.dcm").read_bytes() == original
    listed = {row["identifier"]: row for row in json.loads((folder / "annotations.json").read_text())}
    assert (listed["view"]["text_value"], "mask" in listed["view"]) == ("A4C", False)
    place = folder / listed["LV / wall"]["mask"]
    assert place.parent == folder / "annotations" / f"{bench.video}_{bench.word}.mp4"
    assert np.array_equal(np.asarray(Image.open(place)), mask)
    assert listed["LV / wall"]["mask_sha256"] == hashlib.sha256(place.read_bytes()).hexdigest()

    again = run("download", bench.pid, "--out", folder, "--json")
    assert (again.code, [row["there"] for row in again.told["files"]]) == (0, [True, True])
    assert [row["there"] for row in again.told["masks"]] == [True]
    mask[20:22] = 255
    Image.fromarray(mask).save(tmp_path / "m.png")
    client.post(
        f"/annotations/{bench.video}/annotations/{aid}/file", files={"file": ("m", (tmp_path / "m.png").read_bytes())}
    )
    again = run("download", bench.pid, "--out", folder, "--json")
    assert [row["there"] for row in again.told["masks"]] == [False]
    assert np.array_equal(np.asarray(Image.open(place)), mask)


def test_single_resources_without_labels(run: Run, bench: Bench, tmp_path: Path) -> None:
    ran = run("download", bench.slice, bench.video, "--out", tmp_path / "o", "--no-annotations", "--json")
    assert ran.code == 0, ran
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == sorted(
        [f"{bench.slice}_ct.dcm", f"{bench.video}_{bench.word}.mp4"]
    )
    assert "annotations" not in ran.told


def test_converted(run: Run, bench: Bench, tmp_path: Path) -> None:
    ran = run("download", bench.name, "--out", tmp_path, "--format", "png", "--no-annotations", "--json")
    assert ran.code == 0, ran
    (row,) = ran.told["files"]
    assert row["path"] == str(tmp_path / f"{bench.name}-png.zip")
    with zipfile.ZipFile(row["path"]) as archive:
        assert archive.testzip() is None
        assert any(name.endswith(".png") for name in archive.namelist())
    ran = run("download", bench.slice, "--format", "png", "--out", tmp_path)
    assert ran.code == exits.USAGE
    assert "whole project" in ran.err
    assert run("download", bench.name, "--format", "webp", "--out", tmp_path).code == exits.USAGE


def test_what_is_not_there(run: Run, tmp_path: Path) -> None:
    assert run("download", "no such project", "--out", tmp_path).code == exits.FAILED
    assert run("download", NOBODY, "--out", tmp_path).code == exits.FAILED
    assert list(tmp_path.iterdir()) == []
