"""Splits over HTTP: assigned, changed, seen as they stood, refused whole; and what our own client and dataset see of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import httpx
import pytest

from tests.acceptance.support import got, new_dicom, send
from tests.demo_data import DEMO_DATA
from tests.running import Running

UNKNOWN = "00000000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


@pytest.fixture(scope="module")
def resources(client: httpx.Client) -> list[str]:
    return [send(client, f"{n}.dcm", new_dicom(DEMO_DATA / "ct_small.dcm")) for n in range(3)]


@pytest.fixture
def pid(client: httpx.Client, resources: list[str]) -> str:
    body = {"name": f"splits {uuid.uuid4()}", "resource_ids": resources}
    return str(client.post("/projects", json=body).raise_for_status().json()["id"])


def assign(client: httpx.Client, pid: str, name: object, ids: object) -> httpx.Response:
    return client.post(f"/projects/{pid}/splits", json={"resource_ids": ids, "split_name": name})


def names(client: httpx.Client, pid: str, **params: str) -> dict[str, str]:
    return {row["resource_id"]: row["split_name"] for row in got(client, f"/projects/{pid}/splits", **params)}


def test_the_history_of_a_split(client: httpx.Client, running: Running, pid: str, resources: list[str]) -> None:
    one, two, three = resources
    assert got(client, f"/projects/{pid}/splits") == []
    assert assign(client, pid, "train", resources).json() == {}
    first = got(client, f"/projects/{pid}/splits")
    then = first[0]["created_at"]
    assert {row["created_by"] for row in first} == {running.email}
    assert assign(client, pid, "test", [three]).json() == {}
    assert names(client, pid) == {one: "train", two: "train", three: "test"}
    assert names(client, pid, as_of_timestamp=then) == dict.fromkeys(resources, "train")
    assert names(client, pid, as_of_timestamp="2020-01-01") == {}
    assert names(client, pid, split_name="test") == {three: "test"}
    assert names(client, pid, split_name="test", as_of_timestamp=then) == {}
    (ended,) = [row for row in got(client, f"/projects/{pid}/splits", as_of_timestamp=then) if row["deleted_at"]]
    assert (ended["resource_id"], ended["deleted_by"]) == (three, running.email)
    now = got(client, f"/projects/{pid}/resources/{three}/split")
    assert set(now) == {
        *("id", "split_name", "project_id", "resource_id", "created_at", "created_by", "deleted_at", "deleted_by")
    }
    assert (now["split_name"], now["created_at"], now["deleted_at"]) == ("test", ended["deleted_at"], None)
    assign(client, pid, "test", [three])  # the same again
    assert got(client, f"/projects/{pid}/resources/{three}/split") == now


def test_no_split_is_null_and_no_resource_is_not_found(client: httpx.Client, pid: str, resources: list[str]) -> None:
    answer = client.get(f"/projects/{pid}/resources/{resources[0]}/split")
    assert (answer.status_code, answer.json()) == (200, None)
    outside = send(client, "outside.dcm", new_dicom(DEMO_DATA / "ct_small.dcm"))
    for path in (
        f"/projects/{pid}/resources/{UNKNOWN}/split",
        f"/projects/{pid}/resources/{outside}/split",
        f"/projects/{UNKNOWN}/resources/{resources[0]}/split",
        f"/projects/{UNKNOWN}/splits",
    ):
        refused = client.get(path)
        assert (refused.status_code, " not found" in refused.json()["message"]) == (404, True), path


@pytest.mark.parametrize(
    ("name", "ids", "status", "reason"),
    [
        ("train", [UNKNOWN], 404, UNKNOWN),
        ("train", ["x"], 400, "resource_ids"),
        ("train", "x", 400, "resource_ids"),
        ("", [], 400, "split_name"),
        (None, [], 400, "split_name"),
        (7, [], 400, "split_name"),
        ("x" * 256, [], 400, "split_name"),
    ],
)
def test_a_bad_assignment_changes_nothing(
    client: httpx.Client, pid: str, resources: list[str], name: object, ids: object, status: int, reason: str
) -> None:
    refused = assign(client, pid, name, [*resources, *ids] if isinstance(ids, list) else ids)
    assert (refused.status_code, reason in refused.json()["message"]) == (status, True), refused.text
    assert got(client, f"/projects/{pid}/splits") == []


def test_a_bad_moment_is_named(client: httpx.Client, pid: str) -> None:
    refused = client.get(f"/projects/{pid}/splits", params={"as_of_timestamp": "yesterday"})
    assert (refused.status_code, "as_of_timestamp" in refused.json()["message"]) == (400, True)


def test_an_archived_project_keeps_its_splits(client: httpx.Client, pid: str, resources: list[str]) -> None:
    assign(client, pid, "train", resources)
    client.delete(f"/projects/{pid}").raise_for_status()
    assert assign(client, pid, "test", resources).status_code == 409
    assert names(client, pid) == dict.fromkeys(resources, "train")
