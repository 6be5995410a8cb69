"""Rows of review messages: append-only."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from fiducial_server.db.lookup import item_is_live, set_is_live
from fiducial_server.db.rows import all_rows
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import review_message
from fiducial_server.model.page import Key
from fiducial_server.model.review import ReviewFilter, ReviewMessage
from fiducial_server.model.workflow import StatusWord

_COLUMNS = (
    review_message.c.id,
    review_message.c.project_id,
    review_message.c.annotation_set_id,
    review_message.c.item_id,
    review_message.c.annotator,
    review_message.c.status,
    review_message.c.message,
    review_message.c.created_at,
    review_message.c.created_by,
    review_message.c.path,
)
_STATUS = 5


def insert_review_message(scope: Scope, row: ReviewMessage) -> None:
    scope.insert(review_message, [{**asdict(row), "status": row.status.value}])


def review_message_page(
    scope: Scope, project_id: str, narrowing: ReviewFilter, *, after: Key | None, limit: int
) -> list[ReviewMessage]:
    """In the order in which they were said; of items that are not deleted."""
    statement = rows_of(review_message, *_COLUMNS).where(
        review_message.c.project_id == project_id, item_is_live(review_message), set_is_live(review_message)
    )
    if narrowing.annotator is not None:
        statement = statement.where(review_message.c.annotator == narrowing.annotator)
    if narrowing.item_id is not None:
        statement = statement.where(review_message.c.item_id == narrowing.item_id)
    if narrowing.statuses is not None:
        statement = statement.where(review_message.c.status.in_([word.value for word in narrowing.statuses]))
    order = (review_message.c.created_at, review_message.c.id)
    if after is not None:
        statement = statement.where(sa.tuple_(*order) > sa.tuple_(*after))
    return [_read(row) for row in all_rows(scope, statement.order_by(*order).limit(limit))]


def _read(row: Any) -> ReviewMessage:
    cells = list(row)
    cells[_STATUS] = StatusWord(cells[_STATUS])
    return ReviewMessage(*cells)
