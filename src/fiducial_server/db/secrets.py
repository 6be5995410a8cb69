"""Rows of ``server_secret``: what all server processes on one database know, and nobody else."""

from __future__ import annotations

import secrets
from typing import Any

import sqlalchemy as sa

from fiducial_server.db.engine import Database
from fiducial_server.db.tables import server_secret

SECRET_BYTES = 32


def shared_secret(database: Database, name: str, at: int) -> bytes:
    """The secret of that name: 32 random bytes, made by whoever asks first; everyone else gets the same."""
    with database.system() as connection:
        found = _find(connection, name)
    return found or _make(database, name, at)


def _find(connection: sa.Connection, name: str) -> bytes | None:
    query = sa.select(server_secret.c.value).where(server_secret.c.name == name)
    found = connection.execute(query).scalar_one_or_none()
    return None if found is None else bytes.fromhex(found)


def _make(database: Database, name: str, at: int) -> bytes:
    """Two that come here at once both try; one row stays, and both read that one after the other has committed."""
    row = {"name": name, "value": secrets.token_hex(SECRET_BYTES), "created_at": at}
    with database.system(write=True) as connection:
        connection.execute(_insert(connection.dialect.name).on_conflict_do_nothing(), [row])
    with database.system() as connection:
        found = _find(connection, name)
    assert found is not None
    return found


def _insert(dialect: str) -> Any:
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    return insert(server_secret)
