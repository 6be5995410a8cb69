"""Channels: names beside items, and what is in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fiducial_server.db import channels
from fiducial_server.db.scope import Scope

MOST_ITEMS = 5000
"""Items shown of one channel: as many as a page of the items themselves, where all of them can be had."""


@dataclass(frozen=True, slots=True)
class ChannelItem:
    id: str
    name: str
    mimetype: str
    created_by: str


@dataclass(frozen=True, slots=True)
class ChannelView:
    """``updated_at``: when the last item came. ``items``: the first 5,000 that are not deleted, in order of arrival."""

    name: str
    created_at: int
    updated_at: int
    items: tuple[ChannelItem, ...]


def views(scope: Scope, *, offset: int, limit: int, project_name: str | None) -> list[ChannelView]:
    rows = channels.page(scope, offset=offset, limit=limit, project_name=project_name)
    return [_view(scope, row, project_name) for row in rows]


def _view(scope: Scope, row: Any, project_name: str | None) -> ChannelView:
    inside = channels.items_of(scope, row.name, limit=MOST_ITEMS, project_name=project_name)
    updated = max((entry.created_at for entry in inside), default=row.updated_at)
    return ChannelView(row.name, row.created_at, max(updated, row.updated_at), _items(inside))


def _items(rows: Sequence[Any]) -> tuple[ChannelItem, ...]:
    return tuple(ChannelItem(row.id, row.name, row.mimetype, row.created_by) for row in rows)
