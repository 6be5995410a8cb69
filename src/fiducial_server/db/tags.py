"""Rows of ``item_tag``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from fiducial_server.db.idlist import among
from fiducial_server.db.rows import all_rows
from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import item_tag

_PIECE = 500


def tags_of(scope: Scope, item_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """id -> its tags in order of the alphabet; items without tags are left out."""
    query = (
        rows_of(item_tag, item_tag.c.item_id, item_tag.c.tag)
        .where(among(scope, item_tag.c.item_id, item_ids))
        .order_by(item_tag.c.item_id, item_tag.c.tag)
    )
    tags: dict[str, list[str]] = {}
    for item_id, tag in all_rows(scope, query):
        tags.setdefault(item_id, []).append(tag)
    return {item_id: tuple(found) for item_id, found in tags.items()}


def add(scope: Scope, tags: Mapping[str, Sequence[str]]) -> None:
    """Insert item id -> tags for items that have none of them yet."""
    scope.insert(item_tag, [{"item_id": item_id, "tag": tag} for item_id, names in tags.items() for tag in names])


def clear(scope: Scope, item_ids: Sequence[str]) -> None:
    for start in range(0, len(item_ids), _PIECE):
        piece = item_ids[start : start + _PIECE]
        scope.execute(sa.delete(item_tag).where(item_tag.c.organization_id == ORG, item_tag.c.item_id.in_(piece)))
