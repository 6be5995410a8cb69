"""One value from another table, by its key, as a column: never a join.

Every tenant table is bound to the same organization, so without statistics a planner takes any of them to be small and may
begin a join with the largest. A scalar subquery leaves it no choice: the table that is listed comes first.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from fiducial_server.db.schema import ORG
from fiducial_server.db.tables import annotation_set, item


def looked_up(owner: Any, key: str, column: sa.Column[Any], *, by: str = "id") -> sa.ScalarSelect[Any]:
    """``column`` of the row of its table whose ``by`` is ``owner``'s ``key``; NULL when there is none."""
    table = column.table
    return (
        sa.select(column)
        .where(table.c.organization_id == ORG, table.c[by] == owner.c[key])
        .correlate(owner)
        .scalar_subquery()
    )


def item_is_live(owner: Any) -> sa.ColumnElement[bool]:
    """The item of ``owner``'s ``item_id`` is not deleted."""
    return looked_up(owner, "item_id", item.c.deleted_at).is_(None)


def set_is_live(owner: Any) -> sa.ColumnElement[bool]:
    """The annotation set of ``owner``'s ``annotation_set_id`` is not deleted."""
    return looked_up(owner, "annotation_set_id", annotation_set.c.deleted_at).is_(None)
