"""Rows of ``organization`` and ``user``.

Functions that take a connection look over all organizations: only for finding out who somebody is, and for the first
start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import organization, user
from fiducial_server.model.organization import Organization
from fiducial_server.model.user import User


def to_user(row: Any) -> User:
    return User(
        id=row.id,
        organization_id=row.organization_id,
        email=row.email,
        firstname=row.firstname,
        lastname=row.lastname,
        roles=tuple(row.roles),
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )


def first_organization(connection: sa.Connection) -> str | None:
    query = sa.select(organization.c.id).order_by(organization.c.created_at, organization.c.id).limit(1)
    found = connection.execute(query).scalar_one_or_none()
    return None if found is None else str(found)


def organizations(connection: sa.Connection) -> list[Organization]:
    """Oldest first."""
    query = sa.select(organization).order_by(organization.c.created_at, organization.c.id)
    return [Organization(row.id, row.name, row.created_at) for row in connection.execute(query)]


def insert_organization(connection: sa.Connection, organization_id: str, name: str, at: int) -> None:
    connection.execute(sa.insert(organization), [{"id": organization_id, "name": name, "created_at": at}])


def insert_first(connection: sa.Connection, organization_id: str, row: Mapping[str, Any]) -> None:
    """The first user of an organization that is being made."""
    connection.execute(sa.insert(user), [{**row, "organization_id": organization_id}])


def find_anywhere(connection: sa.Connection, email: str) -> tuple[User, str | None] | None:
    """The user of that name and the hash of the password, whatever the organization."""
    row = connection.execute(sa.select(user).where(user.c.email == email)).one_or_none()
    return None if row is None else (to_user(row), row.password_hash)


def user_row(user_id: str, email: str, *, at: int, roles: Sequence[str], **rest: str | None) -> dict[str, Any]:
    """``rest``: firstname, lastname, password_hash."""
    return {
        "id": user_id,
        "email": email,
        "firstname": rest.get("firstname"),
        "lastname": rest.get("lastname"),
        "password_hash": rest.get("password_hash"),
        "roles": list(roles),
        "created_at": at,
        "disabled_at": None,
    }


def insert(scope: Scope, row: Mapping[str, Any]) -> None:
    """A row made by :func:`user_row`."""
    scope.insert(user, [row])


def find(scope: Scope, email: str) -> User | None:
    row = scope.execute(rows_of(user).where(user.c.email == email)).one_or_none()
    return None if row is None else to_user(row)


def find_by_id(scope: Scope, user_id: str) -> User | None:
    row = scope.execute(rows_of(user).where(user.c.id == user_id)).one_or_none()
    return None if row is None else to_user(row)


def page(scope: Scope, *, offset: int, limit: int) -> list[User]:
    query = rows_of(user).order_by(user.c.created_at, user.c.id).offset(offset).limit(limit)
    return [to_user(row) for row in scope.execute(query)]


def update(scope: Scope, user_id: str, values: Mapping[str, Any]) -> None:
    scope.execute(sa.update(user).where(user.c.organization_id == ORG, user.c.id == user_id).values(**values))


def able_admins(scope: Scope) -> list[str]:
    """Ids of the administrators who are not disabled."""
    rows = scope.execute(rows_of(user, user.c.id, user.c.roles).where(user.c.disabled_at.is_(None)))
    return [row.id for row in rows if "admin" in row.roles]
