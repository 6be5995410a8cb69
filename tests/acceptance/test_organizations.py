"""A second organization knocks on every door with the first one's real ids: it is shown nothing and changes nothing."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from fiducial_server.db import tables
from fiducial_server.db.engine import Database
from fiducial_server.dialects.datamint.invitations import WITHOUT_KEY
from fiducial_server.services.access import Access
from tests.acceptance.doors import BODILESS, MARK, OPEN, OWN_APP, SIGNED, First, bodies, doors, knock
from tests.acceptance.support import database_of, got, new_dicom, send, sha256_of, when_ready
from tests.demo_data import DEMO_DATA
from tests.running import ADMIN_EMAIL, Running


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


@pytest.fixture(scope="module")
def stranger(running: Running) -> Iterator[httpx.Client]:
    """The administrator of another organization."""
    database = Database(database_of(running))
    made = Access(database).create_organization("Another hospital", f"{uuid.uuid4().hex}@example.com")
    database.close()
    with running.client(made.api_key) as opened:
        yield opened


@pytest.fixture(scope="module")
def first(running: Running, client: httpx.Client) -> First:
    body = new_dicom(DEMO_DATA / "ct_small.dcm", PatientID=f"{MARK}-patient")
    rid = send(client, f"{MARK}.dcm", body, channel=f"{MARK}-channel", tags=f"{MARK}-tag")
    when_ready(client, rid)
    project = {"name": f"{MARK}-project", "resource_ids": [rid]}
    pid = client.post("/projects", json=project).raise_for_status().json()["id"]
    dataset_id = got(client, f"/projects/{pid}")["dataset_id"]
    (worklist,) = got(client, f"/projects/{pid}/worklists")
    mask = {"type": "segmentation", "identifier": f"{MARK}-mask", "scope": "frame", "frame_index": 0}
    posted = client.post(f"/annotations/{rid}/annotations", json=[{**mask, "annotation_worklist_id": worklist["id"]}])
    (aid,) = posted.raise_for_status().json()
    token = uuid.uuid4().hex
    group = client.post("/resources/groups", json={"filename": f"{MARK}-group", "token": token}).json()["id"]
    me = got(client, "/whoami")
    database = Database(database_of(running))
    with database.system() as connection:
        organization = connection.execute(
            select(tables.user.c.organization_id).where(tables.user.c.email == ADMIN_EMAIL)
        ).scalar_one()
        user_id = connection.execute(select(tables.user.c.id).where(tables.user.c.email == ADMIN_EMAIL)).scalar_one()
        job = (
            connection.execute(select(tables.job.c.id).where(tables.job.c.organization_id == organization))
            .scalars()
            .first()
        )
    database.close()
    assert me["email"] == ADMIN_EMAIL
    ids = {"rid": rid, "pid": pid, "aid": aid, "wid": worklist["id"], "did": dataset_id, "group": group}
    ids |= {"job_id": str(job), "user_id": user_id, "email": ADMIN_EMAIL}
    ids |= _study_and_experiment(client, pid)
    return First(ids, (MARK, organization, sha256_of(body)), body, token)


def _study_and_experiment(client: httpx.Client, pid: str) -> dict[str, str]:
    tasks = {"provide_annotations": {"enabled": True}}
    named = {"name": f"{MARK}-study", "model_name": f"{MARK}-net"}
    study = client.post(f"/projects/{pid}/validation-studies", json={**named, "reader_tasks": tasks})
    experiment = client.post("/experiments", json={"name": f"{MARK}-run", "project_id": pid})
    eid = experiment.raise_for_status().json()["id"]
    client.post(f"/experiments/{eid}/log", json={"secret": MARK}).raise_for_status()
    model = client.post(f"/experiments/{eid}/model", files={"model": (f"{MARK}.pt", MARK.encode())})
    return {"sid": study.raise_for_status().json()["id"], "eid": eid, "mid": model.raise_for_status().json()[0]["id"]}


def state_of(client: httpx.Client, first: First) -> list[Any]:
    """All that the first organization sees."""
    i = first.ids
    paths = (
        *(
            f"/resources/{i['rid']}",
            f"/resources/{i['rid']}/files",
            f"/projects/{i['pid']}",
            f"/annotations/{i['aid']}",
        ),
        *(f"/annotations/{i['aid']}/history", f"/annotationsets/{i['wid']}", f"/datasets/{i['did']}", "/users"),
        *(f"/projects/{i['pid']}/{what}" for what in ("resources", "members", "worklists", "annotation-statuses")),
        *(f"/projects/{i['pid']}/{what}" for what in ("splits", "reviewmessages", "files-matrix-statistic")),
        *(f"/resources/groups/{i['group']}/files", f"/annotationsets/{i['wid']}/segmentation-group"),
        *(f"/annotations?resource_id={i['rid']}", f"/annotations/{i['rid']}/frame-ranges", "/projects"),
        *(f"/validation-studies/{i['sid']}", f"/experiments/{i['eid']}", "/users/invitations"),
        *(f"/experiments/{i['eid']}/{what}" for what in ("log", "models")),
    )
    return [got(client, path) for path in paths]


def shown(answer: httpx.Response, *said: str) -> str:
    """What an answer tells that the caller had not said."""
    text = answer.text
    for word in said:
        text = text.replace(word, "")
    return text


def test_every_door_is_known_here(first: First) -> None:
    known = {*bodies(first), *BODILESS, *OPEN}
    unknown = [door for door in doors() if door not in known and door[0] != "GET"]
    nameless = [door for door in doors() if door[0] == "GET" and "{" not in door[1] and door not in known]
    assert (unknown, nameless) == ([], []), "say here what a stranger gets at these"
    assert len(doors()) > 100


def test_no_door_opens_to_a_stranger(client: httpx.Client, stranger: httpx.Client, first: First) -> None:
    before, requests, told = state_of(client, first), bodies(first), []
    for method, path in doors():
        if (method, path) in OPEN:
            continue
        answer = knock(stranger, first, method, path, requests.get((method, path), {}))
        expected = 401 if (method, path) in SIGNED else 404
        if answer.status_code != expected or " not " not in answer.json()["message"]:
            told.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        leaked = [s for s in first.secrets if s in shown(answer, f"{MARK}-mask", answer.request.url.path)]
        told += [f"{method} {path} leaks {secret}: {answer.text[:200]}" for secret in leaked]
    assert told == []
    assert state_of(client, first) == before


def test_the_owner_opens_the_same_doors(client: httpx.Client, first: First) -> None:
    """So that the 404s above are because of who asks."""
    reads = [path for method, path in doors() if method == "GET" and (method, path) not in {*OPEN, *SIGNED}]
    refused = {}
    for path in reads:
        answer = knock(client, first, "GET", path, {})
        if answer.status_code != 200:
            refused[path] = answer.status_code
    assert refused.pop("/annotations/{rid}/annotations/{aid}/file", 404) == 404  # the mask has no file yet
    assert set(refused) <= {"/resources/{rid}/slices/{axis}/{index}"}, refused  # one slice is no volume


def test_lists_hold_nothing_of_the_first(stranger: httpx.Client, first: First) -> None:
    i = first.ids
    said = (f"{MARK}-project", f"{MARK}-tag", f"{MARK}.dcm")
    lists: tuple[tuple[str, dict[str, Any]], ...] = (
        *((path, {}) for path in ("/projects", "/resources/channels", "/resources/not-annotated", "/annotations")),
        *((path, {}) for path in ("/annotationsets", "/datasets")),
        ("/projects", {"includeArchived": "true"}),
        ("/resources", {"status": "", "deleted": "include"}),
        ("/resources", {"status": "", "filename": f"{MARK}.dcm"}),
        ("/resources", {"status": "", "project": f'{{"items":["{MARK}-project"],"filterType":"intersection"}}'}),
        ("/resources", {"status": "", "tags": f'{{"items":["{MARK}-tag"],"filterType":"union"}}'}),
        *(
            ("/annotations", {name: i[key]})
            for name, key in (("resource_id", "rid"), ("annotation_worklist_id", "wid"))
        ),
        ("/annotations", {"dataset_id": i["did"]}),
        ("/annotations", {"annotatorEmail": ADMIN_EMAIL}),
    )
    for path, params in lists:
        answer = stranger.get(path, params=params)
        assert answer.status_code in {200, 404}, f"{path} {params}: {answer.text}"
        assert not [s for s in (*first.secrets, *i.values()) if s in shown(answer, *said, *params.values())], path
        if answer.status_code == 200:
            rows = answer.json()["data"]
            assert rows == ([{"resources": []}] if path in {"/resources", "/resources/not-annotated"} else []), path
    assert ADMIN_EMAIL not in stranger.get("/users").text
    assert len(stranger.get("/users").json()) == 1


def test_searching_asking_and_restoring_find_nothing(
    client: httpx.Client, stranger: httpx.Client, first: First
) -> None:
    i = first.ids
    for narrowed in ({"resource_ids": [i["rid"]]}, {"resource_id": i["rid"]}, {"annotation_worklist_id": i["wid"]}, {}):
        answer = stranger.post("/annotations/search", json={**narrowed, "deleted": "include"})
        assert (answer.status_code, answer.json()["data"]) == (200, []), narrowed
    known = stranger.post("/resources/known", json={"sha256": [sha256_of(first.body)]}).json()["known"]
    assert not any(known.values())
    restored = stranger.post("/resources/restore", json={"ids": [i["rid"]]}).json()
    assert restored == {"restored": [], "skipped": [{"id": i["rid"], "reason": "not_found"}]}
    group = stranger.post("/resources/groups", json={"filename": "mine", "token": first.token}).json()["id"]
    assert group != i["group"]
    stranger.delete(f"/resources/groups/{group}").raise_for_status()
    taken = stranger.post("/users", json={"email": ADMIN_EMAIL, "roles": ["admin"]})
    assert taken.status_code == 409
    assert not [s for s in (*first.secrets, i["user_id"]) if s in taken.text]
    assert got(client, "/whoami")["email"] == ADMIN_EMAIL


def test_nothing_of_the_first_can_be_tied_to_what_is_ones_own(
    client: httpx.Client, stranger: httpx.Client, first: First
) -> None:
    i, before = first.ids, state_of(client, first)
    mine = send(stranger, "mine.dcm", first.body)  # the same bytes: no finding may tell of the other organization
    assert when_ready(stranger, mine)["findings"] == []
    other = send(
        stranger,
        "other.dcm",
        new_dicom(DEMO_DATA / "ct_small.dcm", SOPInstanceUID=got(client, f"/resources/{i['rid']}")["instance_uid"]),
    )
    assert i["rid"] not in str(when_ready(stranger, other)["findings"])
    pid = stranger.post("/projects", json={"name": "mine", "resource_ids": [mine]}).raise_for_status().json()["id"]
    (worklist,) = got(stranger, f"/projects/{pid}/worklists")
    label = {"type": "label", "identifier": "mine", "scope": "image"}
    (aid,) = stranger.post(f"/annotations/{mine}/annotations", json=[label]).raise_for_status().json()
    tries: tuple[tuple[str, str, Any], ...] = (
        ("POST", f"/projects/{pid}/resources", {"resource_ids_to_add": [mine, i["rid"]]}),
        ("POST", f"/projects/{pid}/resources/{i['rid']}/status", {"status": "closed"}),
        ("POST", f"/projects/{pid}/members/{i['user_id']}", {"roles": ["PROJECT_ANNOTATOR"]}),
        ("POST", f"/annotationsets/{worklist['id']}/resources", {"resource_ids_to_add": [i["rid"]]}),
        (
            "POST",
            f"/datasets/{got(stranger, f'/projects/{pid}')['dataset_id']}/resources",
            {"resource_ids_to_add": [i["rid"]]},
        ),
        ("POST", f"/annotations/{mine}/annotations", [{**label, "annotation_worklist_id": i["wid"]}]),
        ("POST", f"/annotations/{mine}/annotations", [{**label, "project_id": i["pid"]}]),
        ("PATCH", f"/annotations/{aid}", {"project_id": i["pid"]}),
        ("POST", "/annotations/delete-batch", {"ids": [aid, i["aid"]]}),
        ("GET", f"/annotations/{mine}/annotations/{i['aid']}/file", None),
    )
    opened = [
        f"{method} {path} {body}: {answer.status_code} {answer.text[:200]}"
        for method, path, body in tries
        if (answer := stranger.request(method, path, json=body)).status_code not in {400, 404}
    ]
    assert opened == []
    assert [r["id"] for r in got(stranger, f"/projects/{pid}/resources")] == [mine]
    assert [a["id"] for a in got(stranger, "/annotations", resource_id=mine)["data"]] == [aid]
    assert state_of(client, first) == before


def test_without_a_key_only_the_health_is_told(running: Running, first: First) -> None:
    with httpx.Client(base_url=running.url, timeout=60) as nobody:
        assert nobody.get("/healthz").status_code == 200
        for method, path in {*doors(), *OWN_APP} - {("GET", "/healthz")} - WITHOUT_KEY:
            answer = knock(nobody, first, method, path, {})
            assert answer.status_code == 401, f"{method} {path}: {answer.status_code} {answer.text[:200]}"
