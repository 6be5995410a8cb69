"""Rows of annotators of annotation sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from fiducial_server.db.idlist import among
from fiducial_server.db.lookup import looked_up, set_is_live
from fiducial_server.db.rows import all_rows
from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import annotation_set, set_annotator, user
from fiducial_server.model.annotator import AnnotatorState, Expertise, SetAnnotator

_EMAIL = looked_up(set_annotator, "user_id", user.c.email).label("email")
_COLUMNS = (
    set_annotator.c.annotation_set_id,
    set_annotator.c.user_id,
    _EMAIL,
    set_annotator.c.status,
    set_annotator.c.expertise_level,
    set_annotator.c.requires_review,
    set_annotator.c.created_at,
    set_annotator.c.created_by,
    set_annotator.c.updated_at,
    looked_up(set_annotator, "user_id", user.c.firstname),
    looked_up(set_annotator, "user_id", user.c.lastname),
)
_STATUS, _EXPERTISE = 3, 4


def annotators_of_set(scope: Scope, set_id: str, user_id: str | None = None) -> list[SetAnnotator]:
    """In the order in which they came."""
    statement = rows_of(set_annotator, *_COLUMNS).where(set_annotator.c.annotation_set_id == set_id)
    if user_id is not None:
        statement = statement.where(set_annotator.c.user_id == user_id)
    return [_read(row) for row in all_rows(scope, statement.order_by(set_annotator.c.created_at, _EMAIL))]


def annotators_by_set(scope: Scope, set_ids: Iterable[str]) -> dict[str, list[SetAnnotator]]:
    """The same of several sets."""
    statement = rows_of(set_annotator, *_COLUMNS).where(among(scope, set_annotator.c.annotation_set_id, set_ids))
    found: dict[str, list[SetAnnotator]] = {}
    for row in all_rows(scope, statement.order_by(set_annotator.c.created_at, _EMAIL)):
        one = _read(row)
        found.setdefault(one.annotation_set_id, []).append(one)
    return found


def annotators_of_project(scope: Scope, project_id: str) -> list[SetAnnotator]:
    """Of all sets of the project that are not deleted."""
    of_project = rows_of(annotation_set, annotation_set.c.id).where(annotation_set.c.project_id == project_id)
    statement = rows_of(set_annotator, *_COLUMNS).where(
        set_annotator.c.annotation_set_id.in_(of_project), set_is_live(set_annotator)
    )
    return [_read(row) for row in all_rows(scope, statement.order_by(set_annotator.c.created_at, _EMAIL))]


def insert_set_annotator(scope: Scope, values: Mapping[str, Any]) -> None:
    scope.insert(set_annotator, [values])


def update_set_annotator(scope: Scope, set_id: str, user_id: str, changes: Mapping[str, Any]) -> None:
    scope.execute(sa.update(set_annotator).where(*_one(set_id, user_id)).values(**changes))


def delete_set_annotator(scope: Scope, set_id: str, user_id: str) -> None:
    scope.execute(sa.delete(set_annotator).where(*_one(set_id, user_id)))


def _one(set_id: str, user_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        set_annotator.c.organization_id == ORG,
        set_annotator.c.annotation_set_id == set_id,
        set_annotator.c.user_id == user_id,
    )


def _read(row: Any) -> SetAnnotator:
    cells = list(row)
    cells[_STATUS] = AnnotatorState(cells[_STATUS])
    cells[_EXPERTISE] = None if cells[_EXPERTISE] is None else Expertise(cells[_EXPERTISE])
    return SetAnnotator(*cells)
