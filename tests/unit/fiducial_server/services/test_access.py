"""Who somebody is, and what nobody may learn."""

from __future__ import annotations

import base64
import hashlib
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from fiducial.errors import AlreadyExists, Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from fiducial_server.db import tables
from fiducial_server.db.engine import Database
from fiducial_server.model.actor import Actor, Role
from fiducial_server.services.access import Access, granted_roles

SSH = "ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(range(32))).decode()


@pytest.fixture
def access(database: Database) -> Access:
    return Access(database)


@pytest.fixture
def admin(access: Access) -> Actor:
    return access.authenticate(access.bootstrap("Admin@Clinic.example").api_key or "")


def test_the_first_start_makes_an_administrator_with_a_key(access: Access) -> None:
    made = access.bootstrap("Admin@Clinic.example")
    assert made.created
    assert made.email == "admin@clinic.example"
    actor = access.authenticate(made.api_key or "")
    assert (actor.organization_id, actor.email, actor.is_admin) == (made.organization_id, made.email, True)
    assert access.authenticate_password("ADMIN@clinic.example", made.password or "").user_id == actor.user_id
    assert (made.api_key or "").startswith("fid_")
    assert len(made.api_key or "") == 47


def test_a_second_start_makes_nothing(access: Access) -> None:
    first = access.bootstrap("a@b.example", api_key="a-key-of-the-operator")
    again = access.bootstrap("a@b.example")
    assert (again.created, again.api_key, again.password) == (False, None, None)
    assert again.organization_id == first.organization_id


def test_a_key_in_the_settings_works_whenever_it_came(access: Access) -> None:
    access.bootstrap("a@b.example", api_key="a-key-of-the-operator")
    changed = access.bootstrap("a@b.example", api_key="another-key-of-his")
    assert (changed.created, changed.api_key) == (False, "another-key-of-his")
    assert access.authenticate("another-key-of-his").email == access.authenticate("a-key-of-the-operator").email
    access.bootstrap("a@b.example", api_key="another-key-of-his")
    assert len(access.keys(access.find_user("a@b.example"), "a@b.example")) == 2


def test_two_processes_that_start_at_once(database: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: Access(database).bootstrap("a@b.example"), range(4)))
    assert sum(each.created for each in made) == 1
    assert len({each.organization_id for each in made}) == 1


@pytest.mark.parametrize("key", ["short", "with a space in it, long", "emoji-\U0001f600-0123456789", "x" * 15])
def test_keys_that_could_be_guessed_are_refused(access: Access, key: str) -> None:
    with pytest.raises(Invalid, match="API key"):
        access.bootstrap("a@b.example", api_key=key)


@pytest.mark.parametrize("email", ["", "nobody", "a@", "@b", "a b@c", "a@b@c", "a\0@b", "x" * 300 + "@b"])
def test_bad_addresses(access: Access, email: str) -> None:
    with pytest.raises(Invalid):
        access.bootstrap(email)


@pytest.mark.parametrize("key", ["", "x", "fid_" + "A" * 43, "\0", "\ud800", "é" * 40, "x" * 100_000])
def test_unknown_keys(access: Access, admin: Actor, key: str) -> None:
    with pytest.raises(Unauthenticated):
        access.authenticate(key)


def test_a_key_is_shown_once_and_kept_as_a_hash(access: Access, admin: Actor, database: Database) -> None:
    kept, key = access.create_key(admin, email=admin.email, title=" laptop ")
    assert access.authenticate(key) == replace(admin, credential_id=kept.id)
    assert (kept.title, kept.kind) == ("laptop", "api_key")
    assert key.startswith(kept.prefix)
    assert len(kept.prefix) <= len(key) // 4 + 1
    with database.system() as connection:
        rows = connection.execute(sa.select(tables.credential)).all()
    assert not any(key in str(tuple(row)) for row in rows)
    assert hashlib.sha256(key.encode()).hexdigest() in {row.key_hash for row in rows}


def test_no_secret_is_in_the_database_file(tmp_path: Path) -> None:
    from fiducial_server.db.engine import sqlite_url
    from fiducial_server.db.migrate import upgrade

    path = tmp_path / "f.db"
    upgrade(sqlite_url(path))
    database = Database(sqlite_url(path))
    made = Access(database).bootstrap("a@b.example")
    database.close()
    with sqlite3.connect(path) as connection:
        dump = "\n".join(connection.iterdump())
    assert (made.api_key or "") not in dump
    assert (made.password or "") not in dump
    assert "$argon2id$" in dump


def test_a_revoked_key_stops_at_once(access: Access, admin: Actor) -> None:
    kept, key = access.create_key(admin, email=admin.email, title="x")
    access.revoke_key(admin, kept.id)
    with pytest.raises(Unauthenticated, match="revoked"):
        access.authenticate(key)
    assert access.revoke_key(admin, kept.id).revoked_at is not None


def test_an_expired_key(database: Database) -> None:
    now = [1000]
    access = Access(database, clock=lambda: now[0])
    admin = access.authenticate(access.bootstrap("a@b.example").api_key or "")
    _, key = access.create_key(admin, email=admin.email, title="x", expires_at=2000)
    assert access.authenticate(key).email == "a@b.example"
    now[0] = 2000
    with pytest.raises(Unauthenticated, match="expired"):
        access.authenticate(key)
    with pytest.raises(Invalid, match="past"):
        access.create_key(admin, email=admin.email, title="x", expires_at=2000)


def test_a_disabled_user(access: Access, admin: Actor) -> None:
    access.create_user(admin, email="m@b.example", password="long enough")
    _, key = access.create_key(admin, email="m@b.example", title="x")
    access.disable_user(admin, "m@b.example")
    with pytest.raises(Unauthenticated, match="disabled"):
        access.authenticate(key)
    with pytest.raises(Unauthenticated):
        access.authenticate_password("m@b.example", "long enough")
    access.update_user(admin, "m@b.example", {"disabled": False})
    assert access.authenticate(key).email == "m@b.example"


@pytest.mark.parametrize(
    ("email", "password"), [("m@b.example", "wrong"), ("nobody@b.example", "x"), ("n@b.example", "x")]
)
def test_wrong_passwords_say_the_same(access: Access, admin: Actor, email: str, password: str) -> None:
    access.create_user(admin, email="m@b.example", password="long enough")
    access.create_user(admin, email="n@b.example")  # has no password
    with pytest.raises(Unauthenticated, match="the e-mail address or the password is wrong"):
        access.authenticate_password(email, password)


def test_create_user(access: Access, admin: Actor) -> None:
    user = access.create_user(admin, email="M@b.example", firstname="Ada", roles=["MEMBER", "PROJECT_ANNOTATOR"])
    assert (user.email, user.firstname, user.roles) == ("m@b.example", "Ada", ("member", "PROJECT_ANNOTATOR"))
    with pytest.raises(AlreadyExists) as taken:
        access.create_user(admin, email="m@B.example")
    assert taken.value.details["existing_id"] == user.id
    assert [u.email for u in access.users(admin).rows] == [admin.email, "m@b.example"]
    assert access.user(admin, "M@B.example") == user
    with pytest.raises(Invalid, match="password"):
        access.create_user(admin, email="x@b.example", password="short")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["member"], ("member",)),
        (["Admin"], ("admin",)),
        (["CUSTOMER_ADMIN"], ("admin", "CUSTOMER_ADMIN")),
        (["PROJECT_ADMIN"], ("PROJECT_ADMIN",)),
        (["VIEWER", "viewer"], ("viewer",)),
    ],
)
def test_only_our_own_roles_grant_anything(given: list[str], kept: tuple[str, ...]) -> None:
    assert granted_roles(given) == kept


def test_what_members_may_not(access: Access, admin: Actor) -> None:
    access.create_user(admin, email="m@b.example")
    member = access.find_user("m@b.example")
    with pytest.raises(Forbidden):
        access.create_user(member, email="x@b.example")
    with pytest.raises(Forbidden):
        access.update_user(member, "m@b.example", {"roles": ["admin"]})
    with pytest.raises(Forbidden):
        access.update_user(member, admin.email, {"password": "long enough"})
    with pytest.raises(Forbidden):
        access.create_key(member, email=admin.email, title="x")
    with pytest.raises(Forbidden):
        access.keys(member, admin.email)
    with pytest.raises(NotFound):
        access.revoke_key(member, admin.credential_id or "")
    assert access.update_user(member, "m@b.example", {"firstname": "Bo", "password": "long enough"}).firstname == "Bo"
    assert access.authenticate_password("m@b.example", "long enough").email == "m@b.example"


def test_the_last_administrator_stays(access: Access, admin: Actor) -> None:
    with pytest.raises(Forbidden):
        access.disable_user(admin, admin.email)
    with pytest.raises(Conflict, match="at least one administrator"):
        access.update_user(admin, admin.email, {"roles": ["member"]})
    assert access.user(admin, admin.email).roles == (Role.ADMIN,)


def test_another_organization(access: Access, admin: Actor) -> None:
    other = access.create_organization("Other", "o@other.example")
    stranger = access.authenticate(other.api_key or "")
    assert [user.email for user in access.users(stranger).rows] == ["o@other.example"]
    for call in (access.user, access.disable_user, access.keys):
        with pytest.raises(NotFound):
            call(stranger, admin.email)
    with pytest.raises(NotFound):
        access.revoke_key(stranger, admin.credential_id or "")
    with pytest.raises(AlreadyExists) as taken:  # a login name is taken on the whole server; whose it is stays unknown
        access.create_user(stranger, email=admin.email)
    assert taken.value.details["existing_id"] is None
    with pytest.raises(AlreadyExists):
        access.create_organization("Third", admin.email)


def test_ssh_keys(access: Access, admin: Actor) -> None:
    kept = access.add_ssh_key(admin, admin.email, f"{SSH} me@laptop")
    assert (kept.kind, kept.title) == ("ssh_key", "me@laptop")
    with pytest.raises(AlreadyExists):
        access.add_ssh_key(admin, admin.email, SSH)
    with pytest.raises(Unauthenticated):
        access.authenticate(SSH)
    for bad in ("", "ssh-rsa AAAA", "ssh-ed25519 !!", "ssh-ed25519 AAAA", SSH[:-8]):
        with pytest.raises(Invalid):
            access.add_ssh_key(admin, admin.email, bad)


def test_every_change_is_an_event(access: Access, admin: Actor, database: Database) -> None:
    access.create_user(admin, email="m@b.example", password="long enough", origin="web")
    access.update_user(admin, "m@b.example", {"password": "another word"}, origin="web")
    kept, _ = access.create_key(admin, email="m@b.example", title="x", origin="web")
    access.revoke_key(admin, kept.id, origin="web")
    with database.system() as connection:
        query = sa.select(tables.event).order_by(tables.event.c.at, tables.event.c.id)
        events = connection.execute(query).all()
    assert [event.action for event in events] == [
        "organization.create", "user.create", "user.update", "key.create", "key.revoke",
    ]  # fmt: skip
    assert {event.origin for event in events[1:]} == {"web"}
    assert {event.credential_id for event in events[1:]} == {admin.credential_id}
    assert "another word" not in str([event.details for event in events])
