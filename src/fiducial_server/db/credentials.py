"""Rows of ``credential``: API keys and SSH public keys, by hash only.

Functions that take a connection look over all organizations: only for finding out who somebody is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import credential, user
from fiducial_server.model.user import Credential


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose a key is, and what speaks against it."""

    organization_id: str
    user_id: str
    email: str
    roles: tuple[str, ...]
    credential_id: str
    kind: str
    expires_at: int | None
    revoked_at: int | None
    disabled_at: int | None


_BY_HASH = (
    sa.select(
        user.c.organization_id,
        user.c.id,
        user.c.email,
        user.c.roles,
        credential.c.id.label("credential_id"),
        credential.c.kind,
        credential.c.expires_at,
        credential.c.revoked_at,
        user.c.disabled_at,
    )
    .select_from(
        credential.join(
            user, sa.and_(user.c.organization_id == credential.c.organization_id, user.c.id == credential.c.user_id)
        )
    )
    .where(credential.c.key_hash == sa.bindparam("key_hash"))
)


def holder_of(connection: sa.Connection, key_hash: str) -> Holder | None:
    row = connection.execute(_BY_HASH, {"key_hash": key_hash}).one_or_none()
    if row is None:
        return None
    organization_id, user_id, email, roles, *rest = row
    return Holder(organization_id, user_id, email, tuple(roles), *rest)


def to_credential(row: Any) -> Credential:
    return Credential(
        id=row.id,
        user_id=row.user_id,
        kind=row.kind,
        title=row.title,
        prefix=row.prefix,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        resource_type=row.resource_type,
        resource_id=row.resource_id,
        scopes=tuple(row.scopes),
    )


def credential_row(value: Credential, key_hash: str, public_key: str | None = None) -> dict[str, Any]:
    return {
        "id": value.id,
        "user_id": value.user_id,
        "kind": value.kind,
        "title": value.title,
        "key_hash": key_hash,
        "prefix": value.prefix,
        "public_key": public_key,
        "resource_type": value.resource_type,
        "resource_id": value.resource_id,
        "scopes": list(value.scopes),
        "created_at": value.created_at,
        "expires_at": value.expires_at,
        "revoked_at": value.revoked_at,
    }


def insert_first(connection: sa.Connection, organization_id: str, row: Mapping[str, Any]) -> None:
    """The first key of an organization that is being made."""
    connection.execute(sa.insert(credential), [{**row, "organization_id": organization_id}])


def insert(scope: Scope, row: Mapping[str, Any]) -> None:
    """A row made by :func:`credential_row`."""
    scope.insert(credential, [row])


def find(scope: Scope, credential_id: str) -> Credential | None:
    row = scope.execute(rows_of(credential).where(credential.c.id == credential_id)).one_or_none()
    return None if row is None else to_credential(row)


def of_user(scope: Scope, user_id: str) -> list[Credential]:
    query = rows_of(credential).where(credential.c.user_id == user_id)
    return [to_credential(row) for row in scope.execute(query.order_by(credential.c.created_at, credential.c.id))]


def revoke(scope: Scope, credential_id: str, at: int) -> None:
    scope.execute(
        sa.update(credential)
        .where(credential.c.organization_id == ORG, credential.c.id == credential_id, credential.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )
