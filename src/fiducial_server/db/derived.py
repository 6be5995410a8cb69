"""Rows of ``derived``: thumbnails and the multi-frame file of a series. They can be made again at any time."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from fiducial_server.db import files
from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import derived


@dataclass(frozen=True, slots=True)
class Derived:
    name: str
    sha256: str
    size: int
    mimetype: str
    created_at: int


def find(scope: Scope, item_id: str, name: str) -> Derived | None:
    row = scope.execute(rows_of(derived).where(derived.c.item_id == item_id, derived.c.name == name)).one_or_none()
    return None if row is None else Derived(row.name, row.sha256, row.size, row.mimetype, row.created_at)


def put(scope: Scope, item_id: str, value: Derived) -> None:
    """The item's derived file of that name is now this one."""
    scope.execute(
        sa.delete(derived).where(
            derived.c.organization_id == ORG, derived.c.item_id == item_id, derived.c.name == value.name
        )
    )
    files.insert_bytes(scope, {value.sha256: value.size}, value.created_at)
    scope.insert(
        derived,
        [
            {
                "item_id": item_id,
                "name": value.name,
                "sha256": value.sha256,
                "size": value.size,
                "mimetype": value.mimetype,
                "created_at": value.created_at,
            }
        ],
    )


def clear(scope: Scope, item_id: str) -> None:
    """Forget all derived files of the item, because its files or their order changed."""
    scope.execute(sa.delete(derived).where(derived.c.organization_id == ORG, derived.c.item_id == item_id))
