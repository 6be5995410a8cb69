"""Rows of revisions: what each label was before and after each change. Never updated, never deleted."""

from __future__ import annotations

from collections.abc import Sequence

from fiducial_server.db.rows import all_rows
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import revision
from fiducial_server.model.revision import Revision, RevisionAction

_COLUMNS = (
    revision.c.annotation_id,
    revision.c.number,
    revision.c.at,
    revision.c.by,
    revision.c.action,
    revision.c.origin,
    revision.c.event_id,
    revision.c.before,
    revision.c.after,
)
_ACTION = 4


def insert_revisions(scope: Scope, rows: Sequence[Revision]) -> None:
    scope.insert(
        revision,
        [
            {
                "annotation_id": row.annotation_id,
                "number": row.number,
                "at": row.at,
                "by": row.by,
                "action": row.action.value,
                "origin": row.origin,
                "event_id": row.event_id,
                "before": row.before,
                "after": row.after,
            }
            for row in rows
        ],
    )


def revisions_of(scope: Scope, annotation_id: str) -> list[Revision]:
    """The oldest first."""
    statement = rows_of(revision, *_COLUMNS).where(revision.c.annotation_id == annotation_id)
    found = []
    for row in all_rows(scope, statement.order_by(revision.c.number)):
        cells = list(row)
        cells[_ACTION] = RevisionAction(cells[_ACTION])
        found.append(Revision(*cells))
    return found
