"""Experiments through the public door, as the older client keeps them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from fiducial_server.db.engine import Database
from fiducial_server.services.access import Access
from tests.acceptance.support import database_of, got, sha256_of
from tests.acceptance.test_invitations import address, new_project, refused
from tests.running import Running

ENVIRONMENT = {"python_version": "3.11", "gpu": None, "ram_gb": 15.5}


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


@pytest.fixture
def project(client: httpx.Client) -> dict[str, Any]:
    return new_project(client)


@pytest.fixture
def experiment(client: httpx.Client, project: dict[str, Any]) -> str:
    """The address of one in the project."""
    return f"/experiments/{create(client, dataset_id=project['dataset_id'])['id']}"


def create(client: httpx.Client, **body: Any) -> dict[str, Any]:
    answer = client.post("/experiments", json={"name": "run", "description": "", "environment": ENVIRONMENT, **body})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_an_experiment_belongs_to_the_project_of_its_dataset(client: httpx.Client, project: dict[str, Any]) -> None:
    assert got(client, f"/projects/{project['id']}")["most_recent_experiment"] is None
    first = create(client, dataset_id=project["dataset_id"], name="a")
    second = create(client, project_id=project["id"], name="b")
    assert (first["project_id"], second["dataset_id"]) == (project["id"], project["dataset_id"])
    assert (first["environment"], first["completed_at"]) == (ENVIRONMENT, None)
    assert got(client, f"/experiments/{first['id']}") == first
    assert got(client, f"/projects/{project['id']}/experiments") == [first, second]
    everything = got(client, "/experiments")
    assert isinstance(everything, list)
    assert [e for e in everything if e["project_id"] == project["id"]] == [first, second]
    assert got(client, f"/projects/{project['id']}")["most_recent_experiment"] == second["id"]
    (row,) = [p for p in got(client, "/projects")["data"] if p["id"] == project["id"]]
    assert row["most_recent_experiment"] == second["id"]


def test_an_experiment_may_belong_to_no_project(client: httpx.Client) -> None:
    made = create(client)
    assert (made["project_id"], made["dataset_id"]) == (None, None)
    assert got(client, f"/experiments/{made['id']}") == made


def test_the_log_gives_back_what_was_logged_in_order(client: httpx.Client, experiment: str) -> None:
    assert got(client, f"{experiment}/log") == []
    entries: list[dict[str, Any]] = [{"step": n, "loss": 1 / (n + 1), "nested": {"a": [None, "é"]}} for n in range(7)]
    for entry in entries:
        assert "id" in client.post(f"{experiment}/log", json=entry).raise_for_status().json()
    told = got(client, f"{experiment}/log")
    assert [{name: row[name] for name in entries[0]} for row in told] == entries
    assert {"created_at", "created_by"} <= told[0].keys()
    for wrong in (b"[]", b"1", b'{"x": NaN}'):
        refused(client.post(f"{experiment}/log", content=wrong), 400, "the body")
    refused(client.post(f"{experiment}/log", json={"x": "y" * (1 << 20)}), 400, "bytes")
    assert len(got(client, f"{experiment}/log")) == len(entries)


def test_a_long_log_comes_whole(client: httpx.Client, experiment: str) -> None:
    for number in range(501):  # one more than a page
        client.post(f"{experiment}/log", json={"n": number}).raise_for_status()
    assert [row["n"] for row in got(client, f"{experiment}/log")] == list(range(501))


def test_summary_and_changes(client: httpx.Client, experiment: str) -> None:
    client.post(
        f"{experiment}/summary", json={"result_summary": {"metrics": {"dice": 0.9}, "old": 1}}
    ).raise_for_status()
    client.post(f"{experiment}/summary", json={"result_summary": {"metrics": {"dice": 0.91}}}).raise_for_status()
    assert got(client, experiment)["result_summary"] == {"metrics": {"dice": 0.91}}
    client.patch(experiment, json={"name": "renamed", "description": "d"}).raise_for_status()
    told = got(client, experiment)
    assert (told["name"], told["description"], told["result_summary"]) == ("renamed", "d", {"metrics": {"dice": 0.91}})
    ended = client.patch(experiment, json={"status": "completed"}).json()
    assert ended["completed_at"] == ended["updated_at"]
    assert client.patch(experiment, json={"status": "running"}).json()["completed_at"] is None
    refused(client.patch(experiment, json={"created_by": "me"}), 400, "created_by")
    refused(client.patch(experiment, json={"result_summary": [1]}), 400, "result_summary")
    refused(client.post(f"{experiment}/summary", json={"summary": {}}), 400, "summary")


def test_a_model_comes_back_byte_for_byte(client: httpx.Client, experiment: str) -> None:
    weights = uuid.uuid4().bytes * 70_000  # over a MiB
    fields = {"layers": "3", "model_name": "net"}
    (kept,) = client.post(f"{experiment}/model", files={"model": ("net.pt", weights)}, data=fields).json()
    assert (kept["name"], kept["size"], kept["sha256"]) == ("net", len(weights), sha256_of(weights))
    assert kept["hyper_params"] == fields
    assert got(client, f"{experiment}/models") == [kept]
    assert client.get(kept["file"]).content == weights
    part = client.get(kept["file"], headers={"range": "bytes=5-9"})
    assert (part.status_code, part.content) == (206, weights[5:10])
    (second,) = client.post(f"{experiment}/model", files={"model": ("other.pt", weights)}).json()
    assert (second["name"], second["sha256"]) == ("other.pt", kept["sha256"])
    assert second["id"] != kept["id"]


def test_bad_models_are_refused(client: httpx.Client, experiment: str) -> None:
    unknown = uuid.uuid4()
    refused(client.post(f"{experiment}/model", files={"model": ("net.pt", b"")}), 400, "empty")
    refused(client.post(f"{experiment}/model", files={"weights": ("net.pt", b"x")}), 400, "model")
    refused(client.post(f"{experiment}/model", json={}), 400, "multipart")
    refused(client.post(f"/experiments/{unknown}/model", files={"model": ("net.pt", b"x")}), 404, " not found")
    refused(client.get(f"{experiment}/models/{unknown}"), 404, " not found")
    assert got(client, f"{experiment}/models") == []


def test_bad_experiments_are_refused(client: httpx.Client, project: dict[str, Any], experiment: str) -> None:
    unknown = str(uuid.uuid4())
    for body, status, word in (
        ({}, 400, "name"),
        ({"name": "x", "dataset_id": unknown}, 404, "Dataset"),
        ({"name": "x", "project_id": unknown}, 404, "Project"),
        ({"name": "x", "environment": []}, 400, "environment"),
        ({"name": "x", "model": "y"}, 400, "model"),
    ):
        refused(client.post("/experiments", json=body), status, word)
    refused(client.get(f"/experiments/{unknown}"), 404, " not found")
    refused(client.get("/experiments/x"), 400, " not found")
    refused(client.get(f"/experiments/{unknown}/log"), 404, " not found")
    refused(client.get(f"/projects/{unknown}/experiments"), 404, " not found")
    client.delete(f"/projects/{project['id']}").raise_for_status()
    refused(client.post(f"{experiment}/log", json={"late": 1}), 409, "archived")
    refused(client.post(f"{experiment}/model", files={"model": ("net.pt", b"x")}), 409, "archived")
    assert got(client, f"{experiment}/log") == []


def test_a_stranger_sees_no_experiment(running: Running, client: httpx.Client, experiment: str) -> None:
    (kept,) = client.post(f"{experiment}/model", files={"model": ("net.pt", b"secret weights")}).json()
    database = Database(database_of(running))
    other = Access(database).create_organization("Others", address())
    database.close()
    with running.client(other.api_key) as stranger:
        assert got(stranger, "/experiments") == []
        for path in (experiment, f"{experiment}/log", f"{experiment}/models", kept["file"]):
            refused(stranger.get(path), 404, " not found")
        refused(stranger.patch(experiment, json={"name": "stolen"}), 404)
        refused(stranger.post(f"{experiment}/log", json={"x": 1}), 404)
