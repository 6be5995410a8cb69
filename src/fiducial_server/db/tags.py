"""Rows of ``item_tag``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import item_tag

_PIECE = 500


def tags_of(scope: Scope, item_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """id -> its tags in order of the alphabet; items without tags are left out."""
    tags: dict[str, list[str]] = {}
    for start in range(0, len(item_ids), _PIECE):
        query = (
            rows_of(item_tag, item_tag.c.item_id, item_tag.c.tag)
            .where(item_tag.c.item_id.in_(item_ids[start : start + _PIECE]))
            .order_by(item_tag.c.item_id, item_tag.c.tag)
        )
        for item_id, tag in scope.execute(query):
            tags.setdefault(item_id, []).append(tag)
    return {item_id: tuple(found) for item_id, found in tags.items()}


def add(scope: Scope, tags: Mapping[str, Sequence[str]]) -> None:
    """Insert item id -> tags for items that have none of them yet."""
    scope.insert(item_tag, [{"item_id": item_id, "tag": tag} for item_id, names in tags.items() for tag in names])


def clear(scope: Scope, item_ids: Sequence[str]) -> None:
    for start in range(0, len(item_ids), _PIECE):
        piece = item_ids[start : start + _PIECE]
        scope.execute(sa.delete(item_tag).where(item_tag.c.organization_id == ORG, item_tag.c.item_id.in_(piece)))
