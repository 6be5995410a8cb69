"""Statistics over HTTP, compared with what was sent and with the lists they summarise."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from tests.acceptance.support import got, new_video, send, when_ready
from tests.demo_data import DEMO_DATA
from tests.running import Running

UNKNOWN = "00000000-0000-7000-8000-000000000000"
OTHER = "00000000-0000-7000-8000-00000000beef"


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


@pytest.fixture(scope="module")
def work(client: httpx.Client) -> dict[str, str]:
    """A picture and a video with labels, a third resource without; the picture annotated, the video opened."""
    picture = send(client, "fundus.jpg", (DEMO_DATA / "fundus.jpg").read_bytes())
    video, idle = send(client, "v.mp4", new_video(frames=12)), send(client, "w.mp4", new_video(frames=3))
    for one in (picture, video, idle):
        when_ready(client, one)
    body = {"name": f"statistics {uuid.uuid4()}", "resource_ids": [picture, video, idle]}
    pid = client.post("/projects", json=body).raise_for_status().json()["id"]
    listed = {"name": "Readers", "project_id": pid, "resource_ids": [picture, video]}
    wid = client.post("/annotationsets", json=listed).raise_for_status().json()["id"]
    plain = {"scope": "image", "annotation_worklist_id": wid}
    box = [[5.5, 6.5, 0], [20.5, 6.5, 0], [5.5, 30.5, 0], [20.5, 30.5, 0]]
    labels = [
        {**plain, "type": "category", "identifier": "view", "value": "left"},
        {**plain, "type": "label", "identifier": "seen"},
        {**plain, "type": "square", "identifier": "seen", "geometry": {"points": box}},
    ]
    client.post(f"/annotations/{picture}/annotations", json=labels).raise_for_status()
    track = {
        **plain,
        "scope": "frame",
        "frame_range": [2, 6],
        "type": "category",
        "identifier": "view",
        "value": "right",
    }
    client.post(f"/annotations/{video}/annotations", json=[track]).raise_for_status()
    for rid, status in ((picture, "annotated"), (video, "opened")):
        client.post(f"/annotationsets/{wid}/resources/{rid}/status", json={"status": status}).raise_for_status()
    return {"pid": pid, "wid": wid, "picture": picture, "video": video, "idle": idle}


def test_by_annotator(client: httpx.Client, running: Running, work: dict[str, str]) -> None:
    (mine,) = got(client, f"/projects/{work['pid']}/annotators-statistic")
    rows = got(client, "/annotations", annotation_worklist_id=work["wid"])["data"]
    assert mine["annotations_by_type"] == Counter(row["annotation_type"] for row in rows)
    assert mine["annotations_by_type"] == {"category": 6, "label": 1, "square": 1}
    assert (mine["email"], mine["annotation_count"], mine["labelled_resource_count"]) == (running.email, 8, 2)
    assert (mine["annotated_count"], mine["opened_count"], mine["closed_count"]) == (1, 1, 0)
    assert sum(mine["statuses"].values()) == 2
    assert mine["last_activity"] >= max(row["created_at"] for row in rows)
    assert got(client, f"/annotationsets/{work['wid']}/annotators-statistic", email=running.email) == [mine]
    assert got(client, f"/projects/{work['pid']}/annotators-statistic", email="nobody@example.org") == []
    one = got(client, f"/projects/{work['pid']}/users/{running.email}/status")
    assert one == {"project_id": work["pid"], **mine, "resource_count": 3, "not_started_count": 1}
    other = got(client, f"/annotationsets/{work['wid']}/users/{running.email}")
    assert (other["resource_count"], other["not_started_count"], other["status"]) == (2, 0, None)


def test_by_annotation(client: httpx.Client, work: dict[str, str]) -> None:
    whole = got(client, f"/projects/{work['pid']}/annotations-statistic")
    assert (whole["annotation_count"], whole["by_type"]) == (8, {"category": 6, "label": 1, "square": 1})
    shown = [(r["identifier"], r["type"], r["annotation_count"], r["resource_count"]) for r in whole["annotations"]]
    assert shown == [("seen", "label", 1, 1), ("seen", "square", 1, 1), ("view", "category", 6, 2)]
    assert [r["values"] for r in whole["annotations"]] == [{}, {}, {"left": 1, "right": 5}]
    assert got(client, f"/annotationsets/{work['wid']}/annotations-statistic") == whole["annotations"]
    main = got(client, f"/projects/{work['pid']}")["worklist_id"]
    assert got(client, f"/annotationsets/{main}/annotations-statistic") == []


def test_by_file(client: httpx.Client, running: Running, work: dict[str, str]) -> None:
    matrix = got(client, f"/projects/{work['pid']}/files-matrix-statistic")
    assert matrix["annotators"] == [running.email]
    rows = {row["resource_id"]: row for row in matrix["files"]}
    assert list(rows) == [work["picture"], work["video"], work["idle"]]
    cells = {
        rid: [(c["email"], c["status"], c["annotation_count"]) for c in row["annotators"]] for rid, row in rows.items()
    }
    assert cells == {
        work["picture"]: [(running.email, "annotated", 3)],
        work["video"]: [(running.email, "opened", 5)],
        work["idle"]: [],
    }
    assert [row["filename"] for row in matrix["files"]] == ["fundus.jpg", "v.mp4", "w.mp4"]


def test_an_empty_project(client: httpx.Client, running: Running) -> None:
    pid = client.post("/projects", json={"name": f"empty {uuid.uuid4()}"}).json()["id"]
    assert got(client, f"/projects/{pid}/annotators-statistic") == []
    assert got(client, f"/projects/{pid}/annotations-statistic")["annotations"] == []
    assert got(client, f"/projects/{pid}/files-matrix-statistic") == {"files": [], "annotators": []}
    mine = got(client, f"/projects/{pid}/users/{running.email}/status")
    assert (mine["annotation_count"], mine["resource_count"], mine["last_activity"]) == (0, 0, None)


def test_what_is_not_there(client: httpx.Client, running: Running, work: dict[str, str]) -> None:
    paths = [
        *(f"/projects/{UNKNOWN}/{what}-statistic" for what in ("annotators", "annotations", "files-matrix")),
        *(f"/annotationsets/{UNKNOWN}/{what}-statistic" for what in ("annotators", "annotations")),
        f"/projects/{UNKNOWN}/users/{running.email}/status",
        f"/annotationsets/{UNKNOWN}/users/{running.email}",
        f"/projects/{work['pid']}/users/nobody@example.org/status",
        f"/annotationsets/{work['wid']}/users/{OTHER}",
    ]
    for path in paths:
        answer = client.get(path)
        assert (answer.status_code, " not found" in answer.json()["message"]) == (404, True), path
