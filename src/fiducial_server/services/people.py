"""Whom somebody means, and who may judge the work of others."""

from __future__ import annotations

from fiducial.errors import Forbidden, NotFound
from fiducial_server.db import users
from fiducial_server.db.projects import members_of
from fiducial_server.db.scope import Scope
from fiducial_server.model.actor import Actor
from fiducial_server.model.ids import is_id, parse_id
from fiducial_server.model.user import User

REVIEWER_ROLES = frozenset({"PROJECT_ADMIN", "PROJECT_REVIEWER"})
"""Roles in a project that let a member judge the work of others; administrators of the organization may anyway."""


def find_person(scope: Scope, person: str) -> User | None:
    """The user of that id or e-mail address."""
    if is_id(person):
        return users.find_by_id(scope, parse_id(person, "user id"))
    return users.find(scope, person.strip().lower())


def require_person(scope: Scope, person: str) -> User:
    """The user of that id or e-mail address; NotFound otherwise."""
    found = find_person(scope, person)
    if found is None:
        raise NotFound(f"User {person[:255]!r} not found", person=person[:255])
    return found


def email_of(scope: Scope, person: str) -> str:
    """The e-mail address that ``person`` means; one that is nobody's is taken as it is written."""
    found = find_person(scope, person)
    return found.email if found else person.strip().lower()


def require_reviewer(scope: Scope, actor: Actor, project_id: str, doing: str) -> None:
    """Raise Forbidden unless the actor is an administrator, or reviewer or administrator of the project."""
    roles = {role for member in members_of(scope, project_id, actor.user_id) for role in member.roles}
    if not (actor.is_admin or roles & REVIEWER_ROLES):
        raise Forbidden(f"only reviewers of the project may {doing}; {actor.email} is not one")
