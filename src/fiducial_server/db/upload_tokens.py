"""Rows of ``upload_token``: the client's own names for groups that are being filled."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa

from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import upload_token


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def find(scope: Scope, user_id: str, token: str) -> str | None:
    """The id of the group that this user fills under this token."""
    query = rows_of(upload_token, upload_token.c.item_id).where(
        upload_token.c.user_id == user_id, upload_token.c.token_hash == token_hash(token)
    )
    found = scope.execute(query).scalar_one_or_none()
    return None if found is None else str(found)


def put(scope: Scope, user_id: str, token: str, item_id: str, at: int) -> None:
    row = {"user_id": user_id, "token_hash": token_hash(token), "item_id": item_id, "created_at": at}
    scope.insert(upload_token, [row])


def forget(scope: Scope, user_id: str, token: str) -> None:
    scope.execute(
        sa.delete(upload_token).where(
            upload_token.c.organization_id == ORG,
            upload_token.c.user_id == user_id,
            upload_token.c.token_hash == token_hash(token),
        )
    )
