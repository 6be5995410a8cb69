"""Rows of annotation sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from fiducial_server.db.rows import all_rows, first_row
from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import annotation_set
from fiducial_server.model.project import AnnotationSet, AnnotationSetKind

_COLUMNS = (
    annotation_set.c.id,
    annotation_set.c.project_id,
    annotation_set.c.name,
    annotation_set.c.kind,
    annotation_set.c.created_at,
    annotation_set.c.created_by,
    annotation_set.c.description,
    annotation_set.c.status,
    annotation_set.c.settings,
    annotation_set.c.deleted_at,
)
_KIND = 3


def insert_annotation_set(scope: Scope, row: AnnotationSet) -> None:
    values = {column.name: getattr(row, column.name) for column in _COLUMNS}
    scope.insert(annotation_set, [{**values, "kind": row.kind.value, "settings": dict(row.settings)}])


def find_annotation_set(scope: Scope, set_id: str, *, lock: bool = False) -> AnnotationSet | None:
    """Not a deleted one."""
    statement = rows_of(annotation_set, *_COLUMNS).where(
        annotation_set.c.id == set_id, annotation_set.c.deleted_at.is_(None)
    )
    row = first_row(scope, statement.with_for_update() if lock else statement)
    return _read(row) if row else None


def annotation_sets_of(scope: Scope, project_id: str | None = None) -> list[AnnotationSet]:
    """In order of creation; of all projects when none is named."""
    statement = rows_of(annotation_set, *_COLUMNS).where(annotation_set.c.deleted_at.is_(None))
    if project_id is not None:
        statement = statement.where(annotation_set.c.project_id == project_id)
    ordered = statement.order_by(annotation_set.c.created_at, annotation_set.c.id)
    return [_read(row) for row in all_rows(scope, ordered)]


def annotation_set_page(
    scope: Scope, status: str | None, *, offset: int, limit: int
) -> tuple[list[AnnotationSet], int]:
    """Sets of all projects in order of creation, of one status where one is named; and how many there are of it."""
    wanted: list[sa.ColumnElement[bool]] = [annotation_set.c.deleted_at.is_(None)]
    if status is not None:
        wanted.append(annotation_set.c.status == status)
    total = scope.execute(rows_of(annotation_set, sa.func.count()).where(*wanted)).scalar_one()
    ordered = rows_of(annotation_set, *_COLUMNS).order_by(annotation_set.c.created_at, annotation_set.c.id)
    page = all_rows(scope, ordered.where(*wanted).offset(offset).limit(limit))
    return [_read(row) for row in page], int(total)


def update_annotation_set(scope: Scope, set_id: str, changes: Mapping[str, Any]) -> None:
    scope.execute(
        sa.update(annotation_set)
        .where(annotation_set.c.organization_id == ORG, annotation_set.c.id == set_id)
        .values(**changes)
    )


def _read(row: Any) -> AnnotationSet:
    cells = list(row)
    cells[_KIND] = AnnotationSetKind(cells[_KIND])
    return AnnotationSet(*cells)
