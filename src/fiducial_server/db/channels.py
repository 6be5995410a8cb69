"""Rows of ``channel``, and the items in each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, join_on, rows_of
from fiducial_server.db.tables import channel, data_row, item, project, project_dataset


def add_missing(scope: Scope, names: Iterable[str], at: int) -> None:
    scope.insert_missing(channel, [{"name": name, "created_at": at, "updated_at": at} for name in sorted(set(names))])


def page(scope: Scope, *, offset: int, limit: int, project_name: str | None = None) -> Sequence[Any]:
    """Rows (name, created_at, updated_at) in order of the alphabet; those with an item of the project, if one is
    named."""
    query = rows_of(channel, channel.c.name, channel.c.created_at, channel.c.updated_at)
    if project_name is not None:
        in_channel = _of_project(sa.select(item.c.id), project_name).where(
            item.c.organization_id == ORG, item.c.channel == channel.c.name
        )
        query = query.where(in_channel.correlate(channel).exists())
    return scope.execute(query.order_by(channel.c.name).offset(offset).limit(limit)).all()


def items_of(scope: Scope, name: str, *, limit: int, project_name: str | None = None) -> Sequence[Any]:
    """Rows (id, name, mimetype, created_by, created_at) of the channel's not deleted items, in order of arrival."""
    query = sa.select(item.c.id, item.c.name, item.c.mimetype, item.c.created_by, item.c.created_at)
    if project_name is not None:
        query = _of_project(query, project_name)
    query = query.where(
        item.c.organization_id == ORG, item.c.channel == name, sa.func.coalesce(item.c.deleted_at, 0) == 0
    )
    return scope.execute(query.order_by(item.c.created_at, item.c.id).limit(limit)).all()


def _of_project(query: sa.Select[Any], project_name: str) -> sa.Select[Any]:
    tables = (
        item.join(data_row, join_on(data_row, item, item_id="id"))
        .join(project_dataset, join_on(project_dataset, data_row, dataset_id="dataset_id"))
        .join(project, join_on(project_dataset, project, project_id="id"))
    )
    return query.select_from(tables).where(project.c.name == project_name)
