"""Rows of split assignments: ended and added, never changed otherwise and never deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import sqlalchemy as sa

from fiducial_server.db.idlist import among
from fiducial_server.db.lookup import item_is_live
from fiducial_server.db.rows import all_rows
from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import split_assignment
from fiducial_server.model.page import Key
from fiducial_server.model.split import Split

_COLUMNS = (
    split_assignment.c.id,
    split_assignment.c.project_id,
    split_assignment.c.item_id,
    split_assignment.c.split_name,
    split_assignment.c.created_at,
    split_assignment.c.created_by,
    split_assignment.c.ended_at,
    split_assignment.c.ended_by,
)


def insert_splits(scope: Scope, rows: Sequence[Split]) -> None:
    scope.insert(split_assignment, [asdict(row) for row in rows])


def current_splits(scope: Scope, project_id: str, item_ids: Sequence[str]) -> list[Split]:
    """Those of these items that stand now."""
    statement = rows_of(split_assignment, *_COLUMNS).where(
        split_assignment.c.project_id == project_id,
        among(scope, split_assignment.c.item_id, item_ids),
        split_assignment.c.ended_at.is_(None),
    )
    return [Split(*row) for row in all_rows(scope, statement)]


def end_splits(scope: Scope, project_id: str, item_ids: Sequence[str], *, at: int, by: str) -> None:
    """The assignments of these items that stand now stand no longer."""
    scope.execute(
        sa.update(split_assignment)
        .where(
            split_assignment.c.organization_id == ORG,
            split_assignment.c.project_id == project_id,
            among(scope, split_assignment.c.item_id, item_ids),
            split_assignment.c.ended_at.is_(None),
        )
        .values(ended_at=at, ended_by=by)
    )


def split_page(
    scope: Scope, project_id: str, *, split_name: str | None, as_of: int | None, after: Key | None, limit: int
) -> list[Split]:
    """In order of creation: those that stand now, or that stood at ``as_of``; of items that are not deleted."""
    statement = rows_of(split_assignment, *_COLUMNS).where(
        split_assignment.c.project_id == project_id, item_is_live(split_assignment)
    )
    if as_of is None:
        statement = statement.where(split_assignment.c.ended_at.is_(None))
    else:
        stood = sa.or_(split_assignment.c.ended_at.is_(None), split_assignment.c.ended_at > as_of)
        statement = statement.where(split_assignment.c.created_at <= as_of, stood)
    if split_name is not None:
        statement = statement.where(split_assignment.c.split_name == split_name)
    order = (split_assignment.c.created_at, split_assignment.c.id)
    if after is not None:
        statement = statement.where(sa.tuple_(*order) > sa.tuple_(*after))
    return [Split(*row) for row in all_rows(scope, statement.order_by(*order).limit(limit))]
