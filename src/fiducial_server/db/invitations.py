"""Rows of ``invitation``. The secret in a link is kept as its hash only."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from fiducial_server.db.lookup import looked_up
from fiducial_server.db.rows import all_rows, first_row
from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import invitation, set_annotator, user
from fiducial_server.model.invitation import Invitation

_COLUMNS = (
    invitation.c.id,
    invitation.c.email,
    invitation.c.created_at,
    invitation.c.created_by,
    invitation.c.expires_at,
    invitation.c.firstname,
    invitation.c.lastname,
    invitation.c.return_url,
    invitation.c.project_id,
    invitation.c.project_roles,
    invitation.c.annotation_set_id,
    invitation.c.accepted_at,
    invitation.c.revoked_at,
)
_ROLES = 9


def insert_invitation(scope: Scope, row: Invitation, token_hash: str) -> None:
    values = {column.name: getattr(row, column.name) for column in _COLUMNS}
    scope.insert(invitation, [{**values, "project_roles": list(row.project_roles), "token_hash": token_hash}])


def find_by_token(connection: sa.Connection, token_hash: str) -> tuple[str, Invitation] | None:
    """Whose invitation it is, and the invitation; over all organizations, because who accepts is nobody yet."""
    statement = sa.select(invitation.c.organization_id, *_COLUMNS).where(invitation.c.token_hash == token_hash)
    row = connection.execute(statement).one_or_none()
    return None if row is None else (str(row[0]), _read(row[1:]))


def find_invitation(scope: Scope, invitation_id: str) -> Invitation | None:
    """With a lock until the transaction ends: it is accepted once."""
    row = first_row(scope, rows_of(invitation, *_COLUMNS).where(invitation.c.id == invitation_id).with_for_update())
    return None if row is None else _read(row)


def open_invitations(
    scope: Scope, at: int, *, project_id: str | None = None, email: str | None = None
) -> list[Invitation]:
    """Oldest first. One whose address became a user in another way is open no more."""
    statement = rows_of(invitation, *_COLUMNS).where(
        invitation.c.accepted_at.is_(None),
        invitation.c.revoked_at.is_(None),
        invitation.c.expires_at > at,
        looked_up(invitation, "email", user.c.id, by="email").is_(None),
    )
    if project_id is not None:
        statement = statement.where(invitation.c.project_id == project_id)
    if email is not None:
        statement = statement.where(invitation.c.email == email)
    ordered = statement.order_by(invitation.c.created_at, invitation.c.id)
    return [_read(row) for row in all_rows(scope, ordered)]


def revoke_invitations(scope: Scope, email: str, *, at: int, by: str) -> None:
    """All of this address that were neither accepted nor revoked."""
    _change(
        scope,
        invitation.c.email == email,
        invitation.c.accepted_at.is_(None),
        invitation.c.revoked_at.is_(None),
        revoked_at=at,
        revoked_by=by,
    )


def accept_invitation(scope: Scope, invitation_id: str, at: int) -> None:
    _change(scope, invitation.c.id == invitation_id, accepted_at=at)


def _change(scope: Scope, *which: sa.ColumnElement[bool], **values: Any) -> None:
    scope.execute(sa.update(invitation).where(invitation.c.organization_id == ORG, *which).values(**values))


def add_annotator(scope: Scope, set_id: str, user_id: str, *, at: int, by: str) -> None:
    """The user labels in the annotation set; one who does already is left as they are."""
    row = {
        "annotation_set_id": set_id,
        "user_id": user_id,
        "status": "active",
        "expertise_level": None,
        "requires_review": None,
        "created_at": at,
        "created_by": by,
        "updated_at": at,
    }
    scope.insert_missing(set_annotator, [row])


def _read(row: Any) -> Invitation:
    cells = list(row)
    cells[_ROLES] = tuple(cells[_ROLES])
    return Invitation(*cells)
