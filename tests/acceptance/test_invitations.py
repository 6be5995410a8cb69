"""Invitations through the public door: from the administrator's wish to the invited user's first own request."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from fiducial_server.db import tables
from fiducial_server.db.engine import Database
from fiducial_server.services.access import Access
from tests.acceptance.support import database_of, got
from tests.running import ADMIN_EMAIL, Running

PASSWORD = "correct horse battery"
ACCEPT = "/users/invitations/accept"


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


@pytest.fixture(scope="module")
def database(running: Running) -> Iterator[Database]:
    opened = Database(database_of(running))
    yield opened
    opened.close()


@pytest.fixture
def guest(running: Running) -> Iterator[httpx.Client]:
    """Somebody without a key."""
    with httpx.Client(base_url=running.url, timeout=60) as opened:
        yield opened


def address() -> str:
    return f"{uuid.uuid4().hex}@example.org"


def new_project(client: httpx.Client) -> dict[str, Any]:
    made: dict[str, Any] = client.post("/projects", json={"name": uuid.uuid4().hex}).raise_for_status().json()
    return made


def invite(client: httpx.Client, email: str, **more: Any) -> dict[str, Any]:
    answer = client.post("/users/invite", json={"email": email, **more})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def token_of(invited: dict[str, Any]) -> str:
    return str(invited["link"]).partition("#")[2]


def accept(guest: httpx.Client, token: str, **more: Any) -> httpx.Response:
    return guest.post(ACCEPT, json={"token": token, "password": PASSWORD, **more})


def open_emails(client: httpx.Client, **params: str) -> list[str]:
    return [entry["email"] for entry in got(client, "/users/invitations", **params)]


def refused(answer: httpx.Response, status: int, *words: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    for word in words:
        assert word in body["message"]
    return body


def test_from_the_invitation_to_the_first_own_request(
    running: Running, client: httpx.Client, guest: httpx.Client, database: Database
) -> None:
    email, project = address(), new_project(client)
    (worklist,) = got(client, f"/projects/{project['id']}/worklists")
    made = invite(
        client, email.upper(), firstname="Anna", return_url="https://team.example/start", project_id=project["id"],
        project_roles=["PROJECT_REVIEWER"], annotation_worklist_id=worklist["id"],
    )  # fmt: skip
    assert (made["email"], made["status"], made["project_roles"]) == (email, "pending", ["PROJECT_REVIEWER"])
    assert made["link"].startswith(f"{running.urls[0].rpartition(':')[0]}:")
    assert f"{ACCEPT}#" in made["link"]
    (listed,) = got(client, "/users/invitations", project_id=project["id"])
    assert (listed["email"], listed["firstname"]) == (email, "Anna")
    assert "link" not in listed
    refused(client.get(f"/users/{email}"), 404)

    body = accept(guest, token_of(made), lastname="Ng").raise_for_status().json()
    assert (body["user"]["email"], body["user"]["firstname"], body["user"]["lastname"]) == (email, "Anna", "Ng")
    assert (body["project_ids"], body["return_url"]) == ([project["id"]], "https://team.example/start")
    with running.client(body["api_key"]) as theirs:
        assert got(theirs, "/whoami")["roles"] == ["member"]
        refused(theirs.get("/users/invitations"), 403)
    members = {m["email"]: m["roles"] for m in got(client, f"/projects/{project['id']}/members")}
    assert members[email] == ["PROJECT_REVIEWER"]
    assert email not in open_emails(client)
    assert Access(database).authenticate_password(email, PASSWORD).email == email
    with database.system() as connection:
        labels_in = connection.execute(
            sa.select(tables.set_annotator.c.user_id).where(
                tables.set_annotator.c.annotation_set_id == worklist["id"],
                tables.set_annotator.c.user_id == body["user"]["user_id"],
            )
        ).scalars()
        assert list(labels_in) == [body["user"]["user_id"]]
        wanted = sa.select(tables.event.c.action).where(tables.event.c.actor == email)
        assert {"user.create", "member.set", "key.create", "invitation.accept"} <= set(
            connection.execute(wanted).scalars()
        )


def test_only_a_hash_of_the_secret_is_kept(client: httpx.Client, database: Database) -> None:
    made = invite(client, address())
    token = token_of(made)
    assert len(token) >= 43, "256 bits"
    with database.system() as connection:
        row = connection.execute(sa.select(tables.invitation).where(tables.invitation.c.id == made["id"])).one()
        events = str(connection.execute(sa.select(tables.event).where(tables.event.c.subject_id == made["id"])).all())
    assert token not in str(row)
    assert token not in events
    assert row.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert row.expires_at - row.created_at == 7 * 24 * 3600 * 1_000_000


def test_a_second_invitation_supersedes_the_first(client: httpx.Client, guest: httpx.Client) -> None:
    email = address()
    first, second = invite(client, email), invite(client, email, firstname="B")
    assert open_emails(client).count(email) == 1
    refused(accept(guest, token_of(first)), 401)
    assert accept(guest, token_of(second)).json()["user"]["firstname"] == "B"


def test_every_useless_secret_is_answered_alike(client: httpx.Client, guest: httpx.Client, database: Database) -> None:
    revoked, expired, used = address(), address(), address()
    links = {email: invite(client, email) for email in (revoked, expired, used)}
    assert client.delete(f"/users/invitations/{revoked}/revoke").json() == {}
    with database.system(write=True) as connection:
        connection.execute(
            sa.update(tables.invitation).where(tables.invitation.c.email == expired).values(expires_at=1)
        )
    accept(guest, token_of(links[used])).raise_for_status()
    tried = [accept(guest, token) for token in ("", "x" * 43, *(token_of(link) for link in links.values()))]
    assert {(answer.status_code, answer.content) for answer in tried} == {(401, tried[0].content)}
    weak = [guest.post(ACCEPT, json={"token": t, "password": p}) for t, p in (("x", ""), ("x", "short"), ("x", None))]
    assert {answer.content for answer in weak} == {tried[0].content}, "the secret is looked at first"
    assert not {revoked, expired, used} & set(open_emails(client))
    refused(client.get(f"/users/{revoked}"), 404)
    refused(client.get(f"/users/{expired}"), 404)


def test_a_bad_password_uses_nothing_up(client: httpx.Client, guest: httpx.Client) -> None:
    token = token_of(invite(client, address()))
    for wrong in ("", "short", "x" * 1025):
        refused(guest.post(ACCEPT, json={"token": token, "password": wrong}), 400, "password")
    refused(guest.post(ACCEPT, json={"token": token, "password": 7}), 400, "password")
    refused(guest.post(ACCEPT, content=b"x" * (65 << 10)), 413)
    refused(guest.post(ACCEPT, content=b"["), 400, "JSON")
    assert accept(guest, token).status_code == 200


def test_a_user_becomes_a_member_at_once(client: httpx.Client) -> None:
    email, project = address(), new_project(client)
    user = client.post("/users", json={"email": email}).json()
    made = invite(client, email, project_id=project["id"])
    assert (made["status"], made["link"], made["user_id"]) == ("member", None, user["user_id"])
    assert made["project_roles"] == ["PROJECT_ANNOTATOR"]
    more = invite(client, email, project_id=project["id"], project_roles=["PROJECT_REVIEWER"])
    assert more["project_roles"] == ["PROJECT_ANNOTATOR", "PROJECT_REVIEWER"]
    members = {m["email"]: m["roles"] for m in got(client, f"/projects/{project['id']}/members")}
    assert members[email] == ["PROJECT_ANNOTATOR", "PROJECT_REVIEWER"]
    assert email not in open_emails(client)
    refused(client.post("/users/invite", json={"email": email}), 409, "exists")
    client.delete(f"/users/{email}").raise_for_status()
    refused(client.post("/users/invite", json={"email": email, "project_id": project["id"]}), 409, "disabled")


def test_whoever_became_a_user_otherwise_is_no_longer_invited(client: httpx.Client, guest: httpx.Client) -> None:
    email = address()
    made = invite(client, email)
    client.post("/users", json={"email": email}).raise_for_status()
    assert email not in open_emails(client)
    refused(accept(guest, token_of(made)), 409, "exists")


def test_bad_invitations_are_refused_by_name(client: httpx.Client) -> None:
    archived, live, other = new_project(client), new_project(client), new_project(client)
    client.delete(f"/projects/{archived['id']}").raise_for_status()
    unknown = str(uuid.uuid4())
    bad: tuple[tuple[dict[str, Any], int, str], ...] = (
        ({}, 400, "email"),
        ({"email": "no address"}, 400, "e-mail"),
        ({"email": address(), "project_id": "x"}, 400, "project_id"),
        ({"email": address(), "project_id": unknown}, 404, " not found"),
        ({"email": address(), "project_id": archived["id"]}, 409, "archived"),
        ({"email": address(), "project_roles": ["X"]}, 400, "project_roles"),
        ({"email": address(), "project_roles": "X"}, 400, "project_roles"),
        ({"email": address(), "return_url": "javascript:alert(1)"}, 400, "return_url"),
        ({"email": address(), "firstname": 3}, 400, "firstname"),
        ({"email": address(), "annotation_worklist_id": unknown}, 404, " not found"),
        (
            {"email": address(), "project_id": live["id"], "annotation_worklist_id": other["worklist_id"]},
            400,
            "annotation_worklist_id",
        ),
    )
    before = open_emails(client)
    for body, status, word in bad:
        refused(client.post("/users/invite", json=body), status, word)
    assert open_emails(client) == before
    refused(client.delete(f"/users/invitations/{address()}/revoke"), 404, " not found")
    refused(client.get("/users/invitations", params={"project_id": unknown}), 404, " not found")


def test_members_of_the_team_may_not_invite(running: Running, client: httpx.Client, guest: httpx.Client) -> None:
    key = accept(guest, token_of(invite(client, address()))).json()["api_key"]
    with running.client(key) as member:
        refused(member.post("/users/invite", json={"email": address()}), 403)
        refused(member.get("/users/invitations"), 403)
        refused(member.delete(f"/users/invitations/{address()}/revoke"), 403)


def test_nothing_crosses_to_another_organization(running: Running, client: httpx.Client, database: Database) -> None:
    email, project = address(), new_project(client)
    invite(client, email)
    made = Access(database).create_organization("Others", address())
    with running.client(made.api_key) as stranger:
        assert got(stranger, "/users/invitations") == []
        refused(stranger.delete(f"/users/invitations/{email}/revoke"), 404)
        refused(stranger.post("/users/invite", json={"email": address(), "project_id": project["id"]}), 404)
        taken = refused(stranger.post("/users/invite", json={"email": ADMIN_EMAIL}), 409)
        assert "id" not in taken
    assert email in open_emails(client)


def test_the_page_behind_the_link_asks_for_no_key_and_loads_nothing(guest: httpx.Client) -> None:
    answer = guest.get(ACCEPT)
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "http://" not in answer.text
    assert "https://" not in answer.text
    for method, path in (("DELETE", ACCEPT), ("GET", f"{ACCEPT}/x"), ("GET", "/users/invitations"), ("GET", "/users")):
        refused(guest.request(method, path), 401)
