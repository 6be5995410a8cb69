"""What the generation of clients with ``APIHandler`` sends (up to datamint 2.11), request by request, over plain HTTP.

Its facts, read in the published 2.0.0: the key is in ``apikey`` alone; the address given is not stripped of its slash, so
paths begin with two; pages are 5000 and a list ends with the first that has fewer; a refusal of 4xx must be JSON with
``message``, and is "not found" for its caller when that text holds `` not found`` (a 500 too, for a project or dataset by
id); an ``error`` key in a 2xx body is a failure; what goes through aiohttp must be JSON.
"""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.acceptance.support import send, sha256_of
from tests.demo_data import DEMO_DATA
from tests.running import Running

UNKNOWN = "00000000-0000-7000-8000-000000000000"


class Old:
    """The old client's way to ask. What it would have raised is an assertion here."""

    def __init__(self, http: httpx.Client, root_url: str) -> None:
        self._http, self._root = http, root_url

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self._http.request(method, f"{self._root}/{path}", **more)

    def json(self, method: str, path: str, **more: Any) -> Any:
        answer = self.ask(method, path, **more)
        assert answer.status_code == 200, f"{method} {path}: {answer.status_code} {answer.text}"
        assert answer.headers["content-type"] == "application/json"
        told = answer.json()
        for row in told if isinstance(told, list) else [told]:
            assert not (isinstance(row, dict) and "error" in row), row
        return told

    def pages(self, path: str, *where: str | int, **params: Any) -> list[Any]:
        """All rows of a list; ``where`` leads to the rows within a page."""
        rows = self.json("GET", path, params={**params, "offset": 0, "limit": 5000})
        for step in where:
            rows = rows[step]
        assert isinstance(rows, list)
        assert len(rows) < 5000
        return rows

    def raises_not_found(self, method: str, path: str, **more: Any) -> None:
        """What makes the old client raise its ResourceNotFoundError, wherever it asks."""
        answer = self.ask(method, path, **more)
        assert 400 <= answer.status_code < 500, answer.text
        assert " not found" in answer.json()["message"].lower()


@pytest.fixture(scope="module")
def old(running: Running) -> Iterator[Old]:
    with httpx.Client(headers={"apikey": running.key}, timeout=60) as http:
        yield Old(http, f"{running.url}/")


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


@pytest.fixture
def item(client: httpx.Client) -> str:
    """A picture of 32 x 24."""
    out = io.BytesIO()
    Image.fromarray(np.arange(24 * 32, dtype=np.uint8).reshape(24, 32)).save(out, "PNG")
    return send(client, "a.png", out.getvalue())


@pytest.fixture(scope="module")
def ct(client: httpx.Client) -> str:
    """One CT slice, which has a place in the patient."""
    return send(client, "ct.dcm", (DEMO_DATA / "ct_small.dcm").read_bytes())


@pytest.fixture(scope="module")
def volume(client: httpx.Client) -> str:
    """An echo cine: 2-D frames over time."""
    return send(client, "cine.dcm", (DEMO_DATA / "echo_cine.dcm").read_bytes())


def create_project(old: Old, resource_ids: list[str]) -> dict[str, Any]:
    """Answered with what the old client then finds by name in the list."""
    name = uuid.uuid4().hex
    schema = {"annotators": [], "resource_ids": resource_ids, "annotations": [], "frame_labels": [], "image_labels": []}
    body = {"name": name, "description": "d", "is_active_learning": False, "resource_ids": resource_ids}
    more = {"annotation_set": schema, "two_up_display": False, "require_review": False}
    made = old.json("POST", "projects", json={**body, **more})
    (found,) = [p for p in old.json("GET", "projects")["data"] if p["name"] == name]
    assert made["id"] == found["id"]
    project: dict[str, Any] = found
    return project


# -- projects and datasets ----------------------------------------------------------------------------------------------


def test_projects(old: Old, item: str) -> None:
    project = create_project(old, [item])
    pid = project["id"]
    assert {"id", "name", "dataset_id", "worklist_id"} <= project.keys()
    assert old.json("GET", f"projects/{pid}")["name"] == project["name"]
    resources = old.json("GET", f"projects/{pid}/resources")
    assert [r["id"] for r in resources] == [item]
    old.json("POST", f"projects/{pid}/resources/{item}/status", json={"status": "annotated"})
    (row,) = old.json("GET", f"projects/{pid}/annotation-statuses")
    assert row["status"] == "annotated"
    assert old.json("DELETE", f"projects/{pid}") == {}
    assert pid not in {p["id"] for p in old.json("GET", "projects")["data"]}


def test_what_is_not_there_is_not_found_and_never_a_500(old: Old) -> None:
    for name in (UNKNOWN, "no-id-at-all"):
        for path in ("projects/{}", "projects/{}/resources", "datasets/{}", "resources/{}", "annotations/{}"):
            old.raises_not_found("GET", path.format(name))
        for path in ("annotationsets/{}", "experiments/{}", "resources/{}/file"):
            old.raises_not_found("GET", path.format(name))
        old.raises_not_found("DELETE", f"projects/{name}")
        old.raises_not_found("DELETE", f"resources/{name}")
        old.raises_not_found("POST", f"resources/{name}/publish")
    old.raises_not_found("GET", "nowhere")


def test_adding_to_the_dataset_adds_to_the_project(old: Old, item: str) -> None:
    project = create_project(old, [])
    body = {"resource_ids_to_add": [item], "all_files_selected": False}
    old.json("POST", f"datasets/{project['dataset_id']}/resources", json=body)
    assert [r["id"] for r in old.json("GET", f"projects/{project['id']}/resources")] == [item]
    datasets = {d["id"]: d for d in old.json("GET", "datasets")["data"]}
    assert {"id", "name", "updated_at"} <= datasets[project["dataset_id"]].keys()
    assert old.json("GET", f"datasets/{project['dataset_id']}")["resource_ids"] == [item]
    old.raises_not_found(
        "POST", f"datasets/{project['dataset_id']}/resources", json={**body, "resource_ids_to_add": [UNKNOWN]}
    )


# -- resources ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ids", ["True", "False"])
def test_lists_of_resources(old: Old, item: str, ids: str) -> None:
    project = create_project(old, [item])
    asked = {"status": "", "ids": ids, "order_by_asc": "True", "order_field": "filename", "from": "2020-01-01"}
    named = json.dumps({"items": [project["name"]], "filterType": "intersection"})
    assert [r["id"] for r in old.pages("resources", "data", 0, "resources", **asked, project=named)] == [item]
    other = json.dumps({"items": [uuid.uuid4().hex], "filterType": "union"})
    assert old.pages("resources", "data", 0, "resources", **asked, tags=other) == []
    for status in ("inbox", "published", "archived", "new"):
        rows = old.pages("resources", "data", 0, "resources", **{**asked, "status": status}, project=named)
        assert [r["id"] for r in rows] == ([item] if status == "inbox" else [])


def test_one_resource_from_upload_to_deletion(old: Old) -> None:
    body = (DEMO_DATA / "ct_small.dcm").read_bytes()
    form = {
        "source": "api",
        "source_filepath": "data/ct.dcm",
        "mimetype": "application/dicom",
        "channel": "old",
        "bypass_inbox": "false",
        "tags": "a,b",
    }
    sent = old.json("POST", "resources", files={"resource": ("ct.dcm", body, "application/dicom")}, data=form)
    path = f"resources/{sent['id']}"
    told = old.json("GET", path)
    assert (told["mimetype"], told["source_filepath"]) == ("application/dicom", "data/ct.dcm")
    assert old.ask("GET", f"{path}/file").content == body
    frame = old.ask("GET", f"{path}/frames/0", headers={"accept": "image/png"})
    assert Image.open(io.BytesIO(frame.content)).format == "PNG"
    old.json("PUT", f"{path}/tags", json={"tags": ["c"]})
    assert old.json("GET", path)["tags"] == ["c"]
    old.json("POST", f"{path}/publish")
    old.json("POST", f"{path}/publish")  # harmless twice
    assert old.json("GET", path)["status"] == "published"
    channels = old.pages("resources/channels", "data")
    (own,) = [c for c in channels if c["channel_name"] == "old"]
    assert sent["id"] in {r["resource_id"] for r in own["resource_data"]}
    assert old.json("DELETE", path) == {}
    assert sent["id"] not in {r["id"] for r in old.pages("resources", "data", 0, "resources", status="", ids="False")}


# -- people -----------------------------------------------------------------------------------------------------------------


def test_users(old: Old) -> None:
    email = f"{uuid.uuid4().hex}@example.org"
    body = {"email": email, "password": None, "firstname": None, "lastname": None, "roles": None}
    assert old.json("POST", "users", json=body)["email"] == email
    users = old.json("GET", "users")
    assert isinstance(users, list)
    assert email in {u["email"] for u in users}
    again = old.ask("POST", "users", json=body)
    assert (again.status_code, isinstance(again.json()["message"], str)) == (409, True)


# -- annotations --------------------------------------------------------------------------------------------------------------


def annotate(old: Old, item: str, *entries: dict[str, Any]) -> list[str]:
    """The ids, in order."""
    ids = old.json("POST", f"annotations/{item}/annotations", json=list(entries))
    assert isinstance(ids, list)
    assert len(ids) == len(entries)
    return ids


def points_of(client: httpx.Client, annotation_id: str) -> list[list[float]]:
    """As the current client's search reads them."""
    points: list[list[float]] = (
        client.get(f"/annotations/{annotation_id}").raise_for_status().json()["geometry"]["points"]
    )
    return points


def test_categories_with_nulls_and_by_worklist(old: Old, item: str) -> None:
    project = create_project(old, [item])
    nulls = {"imported_from": None, "import_author": None}
    image = {"identifier": "fracture", "value": "yes", "scope": "image", "type": "category"}
    by_project = annotate(old, item, {**image, **nulls, "annotation_worklist_id": project["worklist_id"]})
    loose = annotate(old, item, {**image, **nulls, "identifier": "loose", "annotation_worklist_id": None})
    label = {"identifier": "seen", "value": None, "scope": "image", "type": "label", **nulls}
    labels = annotate(old, item, {**label, "annotation_worklist_id": project["worklist_id"]})
    rows = old.pages("annotations", "data", resource_id=item, load_ai_segmentations="False")
    assert {r["id"] for r in rows} == {*by_project, *loose, *labels}
    assert all(r["annotation_type"] and r["identifier"] and "added_by" not in r for r in rows)
    of_set = old.pages("annotations", "data", annotation_worklist_id=project["worklist_id"], annotation_type="category")
    # The one without a worklist is in the item's only project, so it belongs to that project's worklist too.
    assert {(r["id"], r["value"]) for r in of_set} == {(by_project[0], "yes"), (loose[0], "yes")}
    both = {"resource_id": item, "from": "2020-01-01", "to": "2100-01-01", "status": "new"}
    assert len(old.pages("annotations", "data", **both, dataset_id=project["dataset_id"])) >= len(by_project)
    assert old.pages("annotations", "data", annotatorEmail="nobody@example.org") == []
    assert old.json("GET", f"annotations/{labels[0]}")["resource_id"] == item
    assert old.json("DELETE", f"annotations/{labels[0]}") == {}
    assert labels[0] not in {r["id"] for r in old.pages("annotations", "data", resource_id=item)}


def test_frames_one_by_one(old: Old, client: httpx.Client, volume: str) -> None:
    frame = {"identifier": "systole", "value": "yes", "scope": "frame", "type": "category", "imported_from": None}
    ids = annotate(old, volume, *({**frame, "frame_index": n, "annotation_worklist_id": None} for n in (1, 2, 3)))
    rows = {r["id"]: r["frame_index"] for r in old.pages("annotations", "data", resource_id=volume)}
    assert [rows[one] for one in ids] == [1, 2, 3]
    searched = client.post("/annotations/search", json={"resource_ids": [volume]}).json()["data"]
    assert {r["id"]: r["frame_index"] for r in searched} == rows
    ids = annotate(old, volume, {"identifier": "l", "scope": "frame", "type": "label", "frame_index": 0, "value": None})
    assert old.json("GET", f"annotations/{ids[0]}")["frame_index"] == 0


def test_a_box_of_two_corners_is_served_with_four(old: Old, client: httpx.Client, volume: str, item: str) -> None:
    box = {"type": "square", "identifier": "box", "scope": "frame", "is_model": False}
    (aid,) = annotate(old, item, {**box, "frame_index": 0, "geometry": {"points": [[10, 5, 0], [3, 20, 0]]}})
    assert points_of(client, aid) == [[3, 5, 0], [10, 5, 0], [3, 20, 0], [10, 20, 0]]
    (aid,) = annotate(old, item, {**box, "geometry": {"points": [[1, 2, None], [3, 4, None]]}})
    assert points_of(client, aid) == [[1, 2, 0], [3, 2, 0], [1, 4, 0], [3, 4, 0]]
    (aid,) = annotate(old, volume, {**box, "frame_index": 2, "geometry": {"points": [[1, 2, 2], [3, 4, 2]]}})
    assert points_of(client, aid) == [[1, 2, 2], [3, 2, 2], [1, 4, 2], [3, 4, 2]]


def test_a_line_without_depth_is_served_with_it(old: Old, client: httpx.Client, volume: str, item: str) -> None:
    line = {"type": "line", "identifier": "line", "scope": "frame", "is_model": False}
    (aid,) = annotate(old, item, {**line, "geometry": {"points": [[0, 1, None], [10, 20, None]]}})
    assert points_of(client, aid) == [[0, 1, 0], [10, 20, 0]]
    (aid,) = annotate(old, volume, {**line, "frame_index": 1, "geometry": {"points": [[0, 1, None], [10, 20, None]]}})
    assert points_of(client, aid) == [[0, 1, 1], [10, 20, 1]]
    sent = old.ask(
        "POST", f"annotations/{volume}/annotations", json=[{**line, "geometry": {"points": [[0, 1, None]] * 2}}]
    )
    assert sent.status_code == 400, "which of the frames?"
    assert "frame_index" in sent.json()["message"]


def test_without_depth_points_on_a_slice_in_the_patient_are_pixels(old: Old, client: httpx.Client, ct: str) -> None:
    """Points in mm have three numbers; what comes without the third can only be columns and rows."""
    box = {"type": "square", "identifier": "box", "scope": "frame"}
    (aid,) = annotate(old, ct, {**box, "geometry": {"points": [[10, 20, None], [30, 40, None]]}})
    own = client.get(f"/annotations/{aid}").json()["geometry"]["points"]
    assert len(own) == 4
    assert all(len(point) == 3 and all(isinstance(x, float | int) for x in point) for point in own)
    (again,) = client.post(
        f"/annotations/{ct}/annotations", json=[{**box, "scope": "image", "geometry": {"points": own}}]
    ).json()  # what is served, sent back in mm, is the same box
    assert np.allclose(points_of(client, again), own)
    line = {"type": "line", "identifier": "line", "scope": "frame"}
    (aid,) = annotate(old, ct, {**line, "geometry": {"points": [[10, 20, None], [30, 40, None]]}})
    assert np.allclose(points_of(client, aid), [own[0], own[3]])


def test_segmentations(old: Old, item: str) -> None:
    entry = {"type": "segmentation", "identifier": "lesion", "scope": "frame", "frame_index": 0}
    (aid,) = annotate(old, item, entry)
    mask = np.zeros((24, 32), np.uint8)
    mask[4:9, 5:20] = 255
    out = io.BytesIO()
    Image.fromarray(mask).save(out, "PNG")
    path = f"annotations/{item}/annotations/{aid}/file"
    old.json("POST", path, files={"file": ("lesion", out.getvalue(), "image/png")})
    assert old.ask("GET", path).content == out.getvalue()
    assert old.json("GET", f"annotations/{aid}")["resource_id"] == item


# -- worklists ----------------------------------------------------------------------------------------------------------------


def test_worklists(old: Old, item: str) -> None:
    project = create_project(old, [item])
    path = f"annotationsets/{project['worklist_id']}"
    assert project["worklist_id"] in {w["id"] for w in old.pages("annotationsets", "data")}
    assert project["worklist_id"] in {w["id"] for w in old.pages("annotationsets", "data", status="new")}
    spec = {"type": "category", "scope": "image", "required": False, "identifier": "side", "values": ["l", "r"]}
    body = {"status": "active", "frame_labels": ["f"], "image_labels": ["i"], "annotations": [spec], "name": "renamed"}
    old.json("PATCH", path, json=body)
    told = old.json("GET", path)
    assert (told["status"], told["name"]) == ("active", "renamed")
    assert {a["identifier"] for a in told["annotations"]} == {"side", "f", "i"}
    assert project["worklist_id"] not in {w["id"] for w in old.pages("annotationsets", "data", status="new")}
    everything = old.json("GET", "annotationsets", params={"offset": 0, "limit": 1})
    assert (len(everything["data"]), everything["totalCount"] >= 1) == (1, True)
    beyond = old.json("GET", "annotationsets", params={"offset": everything["totalCount"], "limit": 5000})
    assert beyond["data"] == [], "a walk over pages ends"


# -- experiments --------------------------------------------------------------------------------------------------------------


def test_experiments(old: Old, client: httpx.Client) -> None:
    project = create_project(old, [])
    body = {"dataset_id": project["dataset_id"], "name": "run", "description": "d", "environment": {"gpu": None}}
    eid = old.json("POST", "experiments", json=body)["id"]
    (found,) = old.json("GET", f"projects/{project['id']}/experiments")
    assert (found["id"], found["name"], found["completed_at"]) == (eid, "run", None)
    assert eid in {e["id"] for e in old.json("GET", "experiments")}
    old.json("POST", f"experiments/{eid}/log", json={"tags": ["a"]})
    old.json("POST", f"experiments/{eid}/summary", json={"result_summary": {"metrics": {"x": 1}}})
    old.json("PATCH", f"experiments/{eid}", json={"description": "changed"})
    assert old.json("GET", f"experiments/{eid}/log")[0]["tags"] == ["a"]
    told = old.json("GET", f"experiments/{eid}")
    assert (told["description"], told["result_summary"]) == ("changed", {"metrics": {"x": 1}})
    weights = b"weights of a model"
    nameless = b"\r\n".join(
        (
            b"--B",
            b'Content-Disposition: form-data; name="layers"',
            b"",
            b"3",
            b"--B",
            b"Content-Disposition: form-data; ",  # the old client gives this part no name at all
            b"",
            weights,
            b"--B--",
            b"",
        )
    )
    headers = {"content-type": "multipart/form-data; boundary=B"}
    kept = old.json("POST", f"experiments/{eid}/model", content=nameless, headers=headers)
    assert (kept[0]["sha256"], kept[0]["hyper_params"]) == (sha256_of(weights), {"layers": "3"})
    assert client.get(kept[0]["file"]).content == weights
