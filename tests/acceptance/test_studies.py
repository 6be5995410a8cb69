"""Validation studies through the public door."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from fiducial_server.db.engine import Database
from fiducial_server.services.access import Access
from tests.acceptance.support import database_of, got, send
from tests.acceptance.test_invitations import accept, address, new_project, refused, token_of
from tests.demo_data import DEMO_DATA
from tests.running import Running

BOTH: dict[str, Any] = {
    "evaluate_ai_output": {
        "enabled": True,
        "overall": True,
        "indicate_errors": False,
        "annotations": [{"type": "segmentation", "scope": "frame", "required": False, "identifier": "lesion"}],
    },
    "provide_annotations": {
        "enabled": True,
        "targets": [
            {"type": "category", "scope": "image", "required": True, "identifier": "grade", "values": ["1", "2"]}
        ],
        "segregate_count": 1,
    },
}
ONE: dict[str, Any] = {"provide_annotations": {"enabled": True}}


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


@pytest.fixture(scope="module")
def items(client: httpx.Client) -> list[str]:
    body = (DEMO_DATA / "ct_small.dcm").read_bytes()
    return [send(client, f"{number}.dcm", body) for number in range(3)]


@pytest.fixture
def project(client: httpx.Client, items: list[str]) -> str:
    """With the first two items."""
    pid = str(new_project(client)["id"])
    client.post(f"/projects/{pid}/resources", json={"resource_ids_to_add": items[:2]}).raise_for_status()
    return pid


def create(client: httpx.Client, pid: str, **more: Any) -> httpx.Response:
    body = {"name": "s", "model_name": "m", "reader_tasks": ONE, **more}
    return client.post(f"/projects/{pid}/validation-studies", json=body)


def made(client: httpx.Client, pid: str, **more: Any) -> dict[str, Any]:
    answer = create(client, pid, **more)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_a_study_is_kept_as_it_was_asked_for(client: httpx.Client, project: str, items: list[str]) -> None:
    given = {"model_version": 3, "description": "look closely", "resource_ids": [items[1], items[0], items[1]]}
    study = made(client, project, name="Readers", model_name="org/net:v3", reader_tasks=BOTH, **given)
    assert (study["status"], study["project_id"], study["model_version"]) == ("draft", project, 3)
    assert study["resource_ids"] == [items[1], items[0]]
    assert study["reader_tasks"] == BOTH
    assert got(client, f"/validation-studies/{study['id']}") == study
    listed = got(client, "/validation-studies")
    assert study in listed["data"]
    (alone,) = got(client, "/validation-studies", offset=listed["totalCount"] - 1, limit=1)["data"]
    assert alone == listed["data"][-1]


def test_only_a_draft_takes_other_resources(client: httpx.Client, project: str, items: list[str]) -> None:
    study = f"/validation-studies/{made(client, project)['id']}"
    assert client.put(f"{study}/resources", json={"resource_ids": items[:2]}).json() == {}
    assert client.put(f"{study}/resources", json={"resource_ids": [items[1]]}).json() == {}
    assert got(client, study)["resource_ids"] == [items[1]]
    refused(client.put(f"{study}/resources", json={"resource_ids": [items[2]]}), 404, " not found", items[2])
    refused(client.put(f"{study}/resources", json={"resource_ids": ["x"]}), 400, "resource_ids")
    refused(client.put(f"{study}/resources", json={}), 400, "resource_ids")
    refused(client.patch(study, json={"status": "completed"}), 409, "draft")
    assert client.patch(study, json={"status": "active", "name": "renamed"}).json()["name"] == "renamed"
    refused(client.put(f"{study}/resources", json={"resource_ids": []}), 409, "only a draft")
    refused(client.patch(study, json={"status": "draft"}), 409)
    refused(client.patch(study, json={"status": "over"}), 400, "draft, active, completed")
    refused(client.patch(study, json={"model_name": "other"}), 400, "model_name")
    assert client.patch(study, json={"status": "completed"}).json()["status"] == "completed"
    assert got(client, study)["resource_ids"] == [items[1]]


@pytest.mark.parametrize(
    ("tasks", "word"),
    [
        ({}, "at least one"),
        ({"provide_annotations": {"enabled": False}}, "at least one"),
        ({"provide_annotation": {"enabled": True}}, "reader_tasks.provide_annotation"),
        ({"provide_annotations": {"enabled": True, "target": []}}, "provide_annotations.target"),
        ({"evaluate_ai_output": {"enabled": True, "segregate_count": 1}}, "evaluate_ai_output.segregate_count"),
        ({"evaluate_ai_output": {"enabled": "yes"}}, "evaluate_ai_output.enabled"),
        ({"evaluate_ai_output": {"enabled": True, "overall": 1}}, "evaluate_ai_output.overall"),
        ({"evaluate_ai_output": {"enabled": True, "annotations": {}}}, "annotations"),
        ({"evaluate_ai_output": {"enabled": True, "annotations": [{"type": "bbox"}]}}, "annotations[0].type"),
        ({"provide_annotations": {"enabled": True, "targets": [{"type": "label"}]}}, "targets[0].identifier"),
        ({"provide_annotations": {"enabled": True, "segregate_count": 1}}, "both tasks"),
        ({**BOTH, "provide_annotations": {"enabled": True, "segregate_count": -1}}, "negative"),
        ({**BOTH, "provide_annotations": {"enabled": True, "segregate_count": 1.5}}, "segregate_count"),
        ([], "reader_tasks"),
    ],
)
def test_reader_tasks_of_another_shape_are_refused_by_name(
    client: httpx.Client, project: str, tasks: Any, word: str
) -> None:
    before = len(got(client, "/validation-studies")["data"])
    refused(create(client, project, reader_tasks=tasks), 400, word)
    assert len(got(client, "/validation-studies")["data"]) == before


def test_bad_studies_are_refused(client: httpx.Client, project: str, items: list[str]) -> None:
    unknown = str(uuid.uuid4())
    refused(create(client, project, name=""), 400, "name")
    refused(create(client, project, model_name=None), 400, "model_name")
    refused(create(client, project, model_version=2**40), 400, "model_version")
    refused(create(client, project, model_version="one"), 400, "model_version")
    refused(create(client, project, resource_ids=[items[2]]), 404, " not found")
    refused(create(client, unknown), 404, " not found")
    refused(client.get(f"/validation-studies/{unknown}"), 404, " not found")
    refused(client.get("/validation-studies/x"), 400, " not found")
    refused(client.post(f"/validation-studies/{unknown}/readers", json={"readers": [{"email": address()}]}), 404)
    client.delete(f"/projects/{project}").raise_for_status()
    refused(create(client, project), 409, "archived")


def test_readers_are_members_or_are_invited(running: Running, client: httpx.Client, project: str) -> None:
    there, new = address(), address()
    client.post("/users", json={"email": there}).raise_for_status()
    study = made(client, project)
    readers = [{"email": there}, {"email": new.upper(), "firstname": "R", "lastname": "N"}, {"email": new}]
    told = client.post(f"/validation-studies/{study['id']}/readers", json={"readers": readers}).json()["readers"]
    assert [(one["email"], one["status"]) for one in told] == [(there, "member"), (new, "pending")]
    assert there in {m["email"] for m in got(client, f"/projects/{project}/members")}
    assert {r["email"] for r in got(client, f"/validation-studies/{study['id']}")["readers"]} == {there, new}
    assert [one["email"] for one in got(client, "/users/invitations", project_id=project)] == [new]

    # The same person in a study of another project: the link that was sent stays good, and opens both.
    second = str(new_project(client)["id"])
    other = made(client, second)
    (again,) = client.post(f"/validation-studies/{other['id']}/readers", json={"readers": [{"email": new}]}).json()[
        "readers"
    ]
    assert (again["status"], again["link"]) == ("pending", None)
    with httpx.Client(base_url=running.url, timeout=60) as guest:
        body = accept(guest, token_of(told[1])).raise_for_status().json()
    assert (body["user"]["firstname"], set(body["project_ids"])) == ("R", {project, second})
    for pid in (project, second):
        assert new in {m["email"] for m in got(client, f"/projects/{pid}/members")}


def test_bad_readers_change_nothing(running: Running, client: httpx.Client, project: str) -> None:
    study = f"/validation-studies/{made(client, project)['id']}"
    good = {"email": address()}
    for bad, word in (
        ([good, {"email": "none"}], "e-mail"),
        ([good, {"mail": address()}], "readers[1]"),
        ([good, "x"], "readers[1]"),
        ([], "readers"),
    ):
        refused(client.post(f"{study}/readers", json={"readers": bad}), 400, word)
    with httpx.Client(base_url=running.url, timeout=60) as guest:
        link = client.post("/users/invite", json={"email": address()}).json()
        key = accept(guest, token_of(link)).json()["api_key"]
    with running.client(key) as member:
        refused(member.post(f"{study}/readers", json={"readers": [good]}), 403, good["email"])
    assert got(client, study)["readers"] == []
    assert got(client, "/users/invitations", project_id=project) == []


def test_a_stranger_sees_no_study(running: Running, client: httpx.Client, project: str) -> None:
    study = made(client, project)
    database = Database(database_of(running))
    other = Access(database).create_organization("Others", address())
    database.close()
    with running.client(other.api_key) as stranger:
        assert got(stranger, "/validation-studies")["data"] == []
        refused(stranger.get(f"/validation-studies/{study['id']}"), 404)
        refused(create(stranger, project), 404)
        refused(stranger.patch(f"/validation-studies/{study['id']}", json={"name": "stolen"}), 404)


def test_nothing_is_deployed_and_the_answer_says_so(client: httpx.Client, project: str) -> None:
    for name in ("net", "team/net"):
        told = got(client, f"/experiments/project/{project}/deployed-models/{name}/info")
        assert (told["annotation_specs"], told["metadata_status"], told["model_name"]) == ([], "not_deployed", name)
    refused(client.get(f"/experiments/project/{uuid.uuid4()}/deployed-models/net/info"), 404, " not found")
