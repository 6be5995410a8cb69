"""Rows of annotators' statuses: how far each is with each item of each annotation set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from fiducial_server.db.idlist import among
from fiducial_server.db.lookup import looked_up, set_is_live
from fiducial_server.db.rows import all_rows
from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import annotator_status, user
from fiducial_server.model.annotator import AnnotatorStatus
from fiducial_server.model.progress import Progress
from fiducial_server.model.statistic import Place

_COLUMNS = (
    annotator_status.c.annotation_set_id,
    annotator_status.c.item_id,
    annotator_status.c.annotator,
    annotator_status.c.project_id,
    annotator_status.c.status,
    annotator_status.c.created_at,
    annotator_status.c.updated_at,
    annotator_status.c.updated_by,
    looked_up(annotator_status, "annotator", user.c.id, by="email"),
)
_PROGRESS = 4


def in_place(place: Place) -> sa.ColumnElement[bool]:
    """The status is of this project, or of this set of it."""
    if place.annotation_set_id is not None:
        return annotator_status.c.annotation_set_id == place.annotation_set_id
    return sa.and_(annotator_status.c.project_id == place.project_id, set_is_live(annotator_status))


def annotator_statuses_of(scope: Scope, place: Place, item_ids: Sequence[str]) -> list[AnnotatorStatus]:
    """Statuses of these items, in the order in which the annotators began."""
    statement = rows_of(annotator_status, *_COLUMNS).where(
        in_place(place), among(scope, annotator_status.c.item_id, item_ids)
    )
    order = (annotator_status.c.created_at, annotator_status.c.annotator, annotator_status.c.annotation_set_id)
    return [_read(row) for row in all_rows(scope, statement.order_by(*order))]


def items_with_statuses(scope: Scope, set_id: str, *, after: str, limit: int) -> list[str]:
    """Ids, above ``after``, of items of the set with which somebody has begun; in order."""
    statement = rows_of(annotator_status, annotator_status.c.item_id).where(
        annotator_status.c.annotation_set_id == set_id, annotator_status.c.item_id > after
    )
    ordered = statement.distinct().order_by(annotator_status.c.item_id).limit(limit)
    return [str(row[0]) for row in all_rows(scope, ordered)]


def insert_annotator_status(scope: Scope, row: AnnotatorStatus) -> None:
    names = (column.name for column in annotator_status.c if column.name not in {"organization_id", "status"})
    values = {name: getattr(row, name) for name in names}
    scope.insert(annotator_status, [{**values, "status": row.progress.value}])


def update_annotator_status(scope: Scope, row: AnnotatorStatus, progress: Progress, *, at: int, by: str) -> None:
    scope.execute(
        sa.update(annotator_status)
        .where(
            annotator_status.c.organization_id == ORG,
            annotator_status.c.annotation_set_id == row.annotation_set_id,
            annotator_status.c.item_id == row.item_id,
            annotator_status.c.annotator == row.annotator,
        )
        .values(status=progress.value, updated_at=at, updated_by=by)
    )


def delete_annotator_statuses(
    scope: Scope, place: Place, item_ids: Sequence[str], annotator: str | None = None
) -> None:
    """Statuses of these items; of all annotators when none is named."""
    statement = sa.delete(annotator_status).where(
        annotator_status.c.organization_id == ORG,
        annotator_status.c.project_id == place.project_id,
        among(scope, annotator_status.c.item_id, item_ids),
    )
    if place.annotation_set_id is not None:
        statement = statement.where(annotator_status.c.annotation_set_id == place.annotation_set_id)
    if annotator is not None:
        statement = statement.where(annotator_status.c.annotator == annotator)
    scope.execute(statement)


def _read(row: Any) -> AnnotatorStatus:
    cells = list(row)
    cells[_PROGRESS] = Progress(cells[_PROGRESS])
    return AnnotatorStatus(*cells)
