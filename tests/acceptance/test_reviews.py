"""Annotators, their statuses, reviews and resets over HTTP, as several people see them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from fiducial_server.db.engine import Database
from fiducial_server.services.access import Access
from tests.acceptance.support import database_of, got, new_dicom, send
from tests.demo_data import DEMO_DATA
from tests.running import Running

UNKNOWN = "00000000-0000-7000-8000-000000000000"


@dataclass(frozen=True)
class Person:
    email: str
    user_id: str
    client: httpx.Client


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


@pytest.fixture(scope="module")
def ann(running: Running, client: httpx.Client) -> Iterator[Person]:
    yield from _person(running, client, "ann")


@pytest.fixture(scope="module")
def bob(running: Running, client: httpx.Client) -> Iterator[Person]:
    yield from _person(running, client, "bob")


def _person(running: Running, client: httpx.Client, name: str) -> Iterator[Person]:
    email = f"{name}-{uuid.uuid4().hex[:8]}@example.org"
    made = client.post("/users", json={"email": email, "firstname": name.title(), "lastname": None, "roles": None})
    database = Database(database_of(running))
    access = Access(database)
    _, key = access.create_key(access.find_user(email), email=email, title="test")
    database.close()
    with running.client(key) as opened:
        yield Person(email, made.raise_for_status().json()["user_id"], opened)


@dataclass(frozen=True)
class Work:
    pid: str
    wid: str
    rid: str

    @property
    def status(self) -> str:
        return f"/annotationsets/{self.wid}/resources/{self.rid}/status"


@pytest.fixture
def work(client: httpx.Client) -> Work:
    """A reviewed project with a worklist over one resource."""
    rid = send(client, "a.dcm", new_dicom(DEMO_DATA / "ct_small.dcm"))
    project = {"name": f"reviews {uuid.uuid4()}", "resource_ids": [rid], "require_review": True}
    pid = client.post("/projects", json=project).raise_for_status().json()["id"]
    body = {"name": "Readers", "project_id": pid, "resource_ids": [rid]}
    return Work(pid, client.post("/annotationsets", json=body).raise_for_status().json()["id"], rid)


def said(client: httpx.Client, work: Work, status: str, **more: str) -> dict[str, str]:
    answer = client.post(work.status, json={"status": status, **more})
    assert answer.status_code == 200, answer.text
    return {row["annotator"]: row["status"] for row in answer.json()}


def refused(answer: httpx.Response, status: int, reason: str) -> None:
    assert answer.status_code == status, answer.text
    assert reason in answer.json()["message"], answer.text


def test_a_review_from_beginning_to_end(client: httpx.Client, ann: Person, bob: Person, work: Work) -> None:
    assert said(ann.client, work, "annotated", message="done") == {ann.email: "annotated"}
    assert said(bob.client, work, "opened") == {ann.email: "annotated", bob.email: "opened"}
    assert said(client, work, "revision_request", annotator=ann.email, message="smaller", path="/a?b=1") == {
        ann.email: "revision_request",
        bob.email: "opened",
    }
    rows = got(client, f"/annotationsets/{work.wid}/annotation-statuses")
    assert [(row["annotator"], row["user_id"], row["status"]) for row in rows] == [
        (ann.email, ann.user_id, "revision_request"),
        (bob.email, bob.user_id, "opened"),
    ]
    assert len({row["id"] for row in rows}) == 2
    assert {row["resource_id"] for row in rows} == {work.rid}
    said(ann.client, work, "annotated")
    said(bob.client, work, "annotated")
    assert got(client, f"/projects/{work.pid}")["annotated_resource_count"] == 0  # the main set is another pass
    assert said(client, work, "approved", message="thanks") == {ann.email: "approved", bob.email: "approved"}
    told = got(client, f"/projects/{work.pid}/reviewmessages")
    assert [(row["annotator"], row["status"], row["message"], row["path"]) for row in told] == [
        (ann.email, "annotated", "done", None),
        (ann.email, "revision_request", "smaller", "/a?b=1"),
        (ann.email, "approved", "thanks", None),
        (bob.email, "approved", "thanks", None),
    ]
    path = f"/projects/{work.pid}/reviewmessages"
    assert got(client, path, annotator=ann.email, statuses=["annotated", "revision_request"]) == told[:2]
    assert got(client, path, annotator=bob.user_id, resourceId=work.rid) == told[3:]
    assert got(client, path, resourceId=UNKNOWN) == []


def test_statuses_are_narrowed(client: httpx.Client, ann: Person, work: Work) -> None:
    said(ann.client, work, "opened")
    listed = f"/projects/{work.pid}/annotation-statuses"
    everything = got(client, listed)
    assert {(row["annotator"], row["status"]) for row in everything} == {(ann.email, "opened"), (None, None)}
    own = [row for row in everything if row["annotator"]]
    assert got(client, listed, user_id=ann.email) == got(client, listed, user_id=ann.user_id) == own
    assert got(client, listed, status="opened", resource_id=work.rid) == own
    assert got(client, listed, status="closed") == got(client, listed, resource_id=UNKNOWN) == []
    refused(client.get(listed, params={"status": "done"}), 400, "none of opened")
    refused(client.get(listed, params={"resource_id": "x"}), 400, "resource_id")
    refused(client.get(f"/projects/{UNKNOWN}/annotation-statuses"), 404, " not found")


def test_who_may_say_what(client: httpx.Client, ann: Person, bob: Person, work: Work) -> None:
    said(ann.client, work, "annotated")
    refused(bob.client.post(work.status, json={"status": "approved"}), 403, "only reviewers")
    refused(bob.client.post(work.status, json={"status": "closed", "annotator": ann.email}), 403, "only reviewers")
    for body, status, reason in (
        ({"status": "done"}, 400, "none of opened"),
        ({}, 400, "status"),
        ({"status": "opened", "annotator": "nobody@example.org"}, 404, " not found"),
        ({"status": "opened", "message": 7}, 400, "message"),
    ):
        refused(client.post(work.status, json=body), status, reason)
    refused(
        client.post(f"/annotationsets/{work.wid}/resources/{UNKNOWN}/status", json={"status": "opened"}), 404, UNKNOWN
    )
    member = client.post(f"/projects/{work.pid}/members/{bob.email}", json={"roles": ["PROJECT_REVIEWER"]})
    assert member.json()["user_id"] == bob.user_id
    assert said(bob.client, work, "approved", annotator=ann.email) == {ann.email: "approved"}


def annotators(client: httpx.Client, wid: str) -> dict[str, dict[str, Any]]:
    return {row["email"]: row for row in got(client, f"/annotationsets/{wid}")["annotators"]}


def test_annotators_of_a_worklist(client: httpx.Client, ann: Person, bob: Person, work: Work) -> None:
    path = f"/annotationsets/{work.wid}/annotators"
    body = {"status": "active", "expertise_level": "expert", "return_url": "http://localhost/x"}
    made = client.post(f"{path}/{ann.user_id}", json=body).json()
    assert (made["email"], made["annotation_worklist_id"]) == (ann.email, work.wid)
    client.post(f"{path}/{bob.email}", json={"status": "frozen", "expertise_level": "learner"}).raise_for_status()
    shown = annotators(client, work.wid)
    assert [(one, shown[one]["status"], shown[one]["expertise_level"]) for one in (ann.email, bob.email)] == [
        (ann.email, "active", "expert"),
        (bob.email, "frozen", "learner"),
    ]
    worklists = {row["id"]: row for row in got(client, f"/projects/{work.pid}/worklists")}
    assert [row["email"] for row in worklists[work.wid]["annotators"]] == list(shown)
    people = {row["email"]: row["worklist_ids"] for row in got(client, f"/projects/{work.pid}")["annotators"]}
    assert (people[ann.email], people[bob.email]) == ([work.wid], [work.wid])
    refused(bob.client.post(work.status, json={"status": "opened"}), 403, "frozen")
    assert client.delete(f"{path}/{bob.user_id}").json() == {}
    assert list(annotators(client, work.wid)) == [ann.email]
    refused(client.delete(f"{path}/{bob.user_id}"), 404, " not found")
    for person, wrong, status, reason in (
        (ann.email, {"status": "asleep"}, 400, "one of active, frozen"),
        (ann.email, {"expertise_level": 1}, 400, "expertise_level"),
        ("nobody@example.org", {"status": "active"}, 404, " not found"),
        (UNKNOWN, {"status": "active"}, 404, " not found"),
    ):
        refused(client.post(f"{path}/{person}", json=wrong), status, reason)
    assert list(annotators(client, work.wid)) == [ann.email]


def test_annotators_given_with_a_worklist(client: httpx.Client, ann: Person, bob: Person, work: Work) -> None:
    given = [{"email": ann.email.upper(), "expertise_level": "trained", "requires_review": True}, {"email": bob.email}]
    body = {"name": "Given", "project_id": work.pid, "annotators": given}
    wid = client.post("/annotationsets", json=body).raise_for_status().json()["id"]
    shown = annotators(client, wid)
    assert (shown[ann.email]["expertise_level"], shown[ann.email]["requires_review"]) == ("trained", True)
    client.patch(f"/annotationsets/{wid}", json={"annotators": [{"email": bob.email}]}).raise_for_status()
    client.patch(f"/annotationsets/{wid}", json={"name": "Other", "annotators": None}).raise_for_status()
    assert list(annotators(client, wid)) == [bob.email]
    before = len(got(client, f"/projects/{work.pid}/worklists"))
    for wrong, status, reason in (
        ([{"email": "nobody@example.org"}], 404, " not found"),
        ([{}], 400, "annotators[0].email"),
        (["x"], 400, "annotators[0]"),
        ([given[1], given[1]], 400, "twice"),
    ):
        refused(client.post("/annotationsets", json={**body, "annotators": wrong}), status, reason)
    assert len(got(client, f"/projects/{work.pid}/worklists")) == before


def test_a_reset_over_both_addresses(client: httpx.Client, ann: Person, bob: Person, work: Work) -> None:
    item = {"type": "label", "identifier": "seen", "scope": "image", "annotation_worklist_id": work.wid}
    (mine,) = ann.client.post(f"/annotations/{work.rid}/annotations", json=[item]).json()
    (theirs,) = bob.client.post(f"/annotations/{work.rid}/annotations", json=[item]).json()
    said(ann.client, work, "annotated")
    said(bob.client, work, "opened")
    reset = f"/annotationsets/{work.wid}/resources/{work.rid}/annotator/{ann.email}/status-reset"
    refused(bob.client.delete(reset), 403, "only reviewers")
    assert client.delete(reset).json() == {}
    assert [row["id"] for row in got(client, "/annotations", resource_id=work.rid)["data"]] == [theirs]
    history = got(client, f"/annotations/{mine}/history")
    assert "delete" in str(history)
    left = got(client, f"/annotationsets/{work.wid}/annotation-statuses")
    assert [(row["annotator"], row["status"]) for row in left] == [(bob.email, "opened")]
    whole = f"/projects/{work.pid}/resources/{work.rid}/annotator/{bob.email}/status-reset"
    assert bob.client.delete(whole).json() == bob.client.delete(whole).json() == {}
    assert got(client, "/annotations", resource_id=work.rid)["data"] == []
    left = got(client, f"/annotationsets/{work.wid}/annotation-statuses")
    assert [(row["annotator"], row["status"]) for row in left] == [(None, None)]
    for path in (
        whole.replace(work.rid, UNKNOWN),
        whole.replace(work.pid, UNKNOWN),
        whole.replace(bob.email, "nobody@example.org"),
    ):
        refused(client.delete(path), 404, " not found")
