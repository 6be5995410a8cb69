"""Rows of validation studies, their items and their readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from fiducial_server.db.idlist import among
from fiducial_server.db.rows import all_rows
from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import study_item, study_reader, validation_study
from fiducial_server.model.page import Key
from fiducial_server.model.study import Reader, StudyStatus, ValidationStudy

_COLUMNS = (
    validation_study.c.id,
    validation_study.c.project_id,
    validation_study.c.name,
    validation_study.c.model_name,
    validation_study.c.model_version,
    validation_study.c.description,
    validation_study.c.reader_tasks,
    validation_study.c.status,
    validation_study.c.created_at,
    validation_study.c.created_by,
    validation_study.c.updated_at,
)
_STATUS = 7


def insert_study(scope: Scope, row: ValidationStudy) -> None:
    """The study with its items; readers come with :func:`insert_readers`."""
    values = {column.name: getattr(row, column.name) for column in _COLUMNS}
    scope.insert(validation_study, [{**values, "status": row.status.value, "reader_tasks": dict(row.reader_tasks)}])
    _insert_items(scope, row.id, row.item_ids)


def find_study(scope: Scope, study_id: str, *, lock: bool = False) -> ValidationStudy | None:
    statement = rows_of(validation_study, *_COLUMNS).where(validation_study.c.id == study_id)
    return next(iter(_whole(scope, statement.with_for_update() if lock else statement)), None)


def study_page(scope: Scope, *, after: Key | None, offset: int, limit: int) -> list[ValidationStudy]:
    """In order of creation; ``offset`` counts from ``after``. Items and readers of all of them come in one query each."""
    statement = rows_of(validation_study, *_COLUMNS)
    if after is not None:
        statement = statement.where(sa.tuple_(validation_study.c.created_at, validation_study.c.id) > sa.tuple_(*after))
    ordered = statement.order_by(validation_study.c.created_at, validation_study.c.id)
    return _whole(scope, ordered.offset(offset).limit(limit))


def update_study(scope: Scope, study_id: str, changes: Mapping[str, Any]) -> None:
    scope.execute(
        sa.update(validation_study)
        .where(validation_study.c.organization_id == ORG, validation_study.c.id == study_id)
        .values(**changes)
    )


def replace_items(scope: Scope, study_id: str, item_ids: Sequence[str]) -> None:
    scope.execute(sa.delete(study_item).where(study_item.c.organization_id == ORG, study_item.c.study_id == study_id))
    _insert_items(scope, study_id, item_ids)


def _insert_items(scope: Scope, study_id: str, item_ids: Sequence[str]) -> None:
    rows = [{"study_id": study_id, "position": place, "item_id": one} for place, one in enumerate(item_ids)]
    scope.insert(study_item, rows)


def insert_readers(scope: Scope, study_id: str, readers: Sequence[Reader], *, at: int, by: str) -> None:
    """Those who read in the study already are left as they are."""
    rows = [
        {
            "study_id": study_id,
            "email": one.email,
            "firstname": one.firstname,
            "lastname": one.lastname,
            "created_at": at,
            "created_by": by,
        }
        for one in readers
    ]
    scope.insert_missing(study_reader, rows)


def projects_of_reader(scope: Scope, email: str) -> list[str]:
    """Projects in whose studies the address reads."""
    studies = rows_of(study_reader, study_reader.c.study_id).where(study_reader.c.email == email)
    ids = [str(row[0]) for row in all_rows(scope, studies)]
    if not ids:
        return []
    statement = rows_of(validation_study, validation_study.c.project_id)
    return sorted({str(row[0]) for row in all_rows(scope, statement.where(among(scope, validation_study.c.id, ids)))})


def _whole(scope: Scope, statement: sa.Select[Any]) -> list[ValidationStudy]:
    found = [_read(row) for row in all_rows(scope, statement)]
    ids = [one.id for one in found]
    items, readers = _items_of(scope, ids), _readers_of(scope, ids)
    return [
        replace(one, item_ids=tuple(items.get(one.id, ())), readers=tuple(readers.get(one.id, ()))) for one in found
    ]


def _items_of(scope: Scope, study_ids: Sequence[str]) -> dict[str, list[str]]:
    statement = rows_of(study_item, study_item.c.study_id, study_item.c.item_id)
    wanted = statement.where(among(scope, study_item.c.study_id, study_ids))
    found: dict[str, list[str]] = {}
    for study_id, item_id in all_rows(scope, wanted.order_by(study_item.c.study_id, study_item.c.position)):
        found.setdefault(study_id, []).append(item_id)
    return found


def _readers_of(scope: Scope, study_ids: Sequence[str]) -> dict[str, list[Reader]]:
    columns = (study_reader.c.study_id, study_reader.c.email, study_reader.c.firstname, study_reader.c.lastname)
    statement = rows_of(study_reader, *columns).where(among(scope, study_reader.c.study_id, study_ids))
    found: dict[str, list[Reader]] = {}
    ordered = statement.order_by(study_reader.c.study_id, study_reader.c.created_at, study_reader.c.email)
    for study_id, *cells in all_rows(scope, ordered):
        found.setdefault(study_id, []).append(Reader(*cells))
    return found


def _read(row: Any) -> ValidationStudy:
    cells = list(row)
    cells[_STATUS] = StudyStatus(cells[_STATUS])
    return ValidationStudy(*cells)
