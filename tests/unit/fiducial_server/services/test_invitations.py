"""Invitations where time and chance decide."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from fiducial.errors import AlreadyExists, Forbidden, Unauthenticated
from fiducial_server.db import tables
from fiducial_server.db.engine import Database
from fiducial_server.model.actor import Actor, Role
from fiducial_server.model.invitation import Invited, NewInvitation
from fiducial_server.services.access import Access
from fiducial_server.services.bookmarks import Bookmarks
from fiducial_server.services.invitations import LIFETIME_US, Invitations
from fiducial_server.services.projects import Projects

PASSWORD = "correct horse battery"


class Moment:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Moment:
    return Moment()


@pytest.fixture
def invitations(database: Database, clock: Moment) -> Invitations:
    return Invitations(database, "https://images.example/team/", clock)


def secret_of(invited: Invited) -> str:
    assert invited.link is not None
    return invited.link.partition("#")[2]


def rows(database: Database, table: sa.Table) -> int:
    with database.system() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)


def test_the_link_is_under_the_public_address(invitations: Invitations, actor: Actor) -> None:
    link = invitations.invite(actor, NewInvitation("a@b.example")).link
    assert link is not None
    assert link.startswith("https://images.example/team/users/invitations/accept#")


def test_an_invitation_lives_for_a_week_and_not_a_moment_longer(
    invitations: Invitations, actor: Actor, clock: Moment
) -> None:
    first = invitations.invite(actor, NewInvitation("a@b.example"))
    second = invitations.invite(actor, NewInvitation("c@d.example"))
    clock.now += LIFETIME_US - 1
    assert {one.email for one in invitations.invitations(actor)} == {"a@b.example", "c@d.example"}
    assert invitations.accept(secret_of(first), PASSWORD).user.email == "a@b.example"
    clock.now += 1
    assert invitations.invitations(actor) == []
    with pytest.raises(Unauthenticated):
        invitations.accept(secret_of(second), PASSWORD)


def test_of_many_who_accept_at_once_one_becomes_the_user(
    invitations: Invitations, actor: Actor, database: Database
) -> None:
    secret, before = secret_of(invitations.invite(actor, NewInvitation("a@b.example"))), rows(database, tables.user)

    def one(_: int) -> Any:
        try:
            return invitations.accept(secret, PASSWORD)
        except (Unauthenticated, AlreadyExists) as error:
            return error

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(one, range(4)))
    (made,) = [outcome for outcome in outcomes if not isinstance(outcome, Exception)]
    assert rows(database, tables.user) == before + 1
    assert rows(database, tables.credential) == 1, "the losers leave no key"
    assert Access(database).authenticate(made.api_key).email == "a@b.example"


def test_the_place_is_kept_when_the_project_was_archived_meanwhile(
    invitations: Invitations, actor: Actor, database: Database
) -> None:
    projects = Projects(database, Bookmarks())
    project = projects.create(actor, name="p")
    secret = secret_of(invitations.invite(actor, NewInvitation("a@b.example", project_id=project.id)))
    projects.archive(actor, project.id)
    made = invitations.accept(secret, PASSWORD)
    assert made.project_ids == (project.id,)
    assert "a@b.example" in {member.email for member in projects.members(actor, project.id)}


def test_the_secret_of_one_organization_makes_no_user_of_another(
    invitations: Invitations, actor: Actor, stranger: Actor, database: Database
) -> None:
    made = invitations.accept(secret_of(invitations.invite(actor, NewInvitation("a@b.example"))), PASSWORD)
    assert made.user.organization_id == actor.organization_id
    with pytest.raises(AlreadyExists) as refusal:
        invitations.invite(stranger, NewInvitation("a@b.example"))
    assert "existing_id" not in refusal.value.details
    theirs = invitations.invite(stranger, NewInvitation("c@d.example"))
    assert [one.email for one in invitations.invitations(stranger)] == [theirs.email]
    assert invitations.invitations(actor) == []


def test_whoever_is_no_administrator_leaves_nothing(invitations: Invitations, actor: Actor, database: Database) -> None:
    member = replace(actor, roles=frozenset({Role.MEMBER}))
    with pytest.raises(Forbidden):
        invitations.invite(member, NewInvitation("a@b.example"))
    assert rows(database, tables.invitation) == 0
