"""Rows of tasks: one data row in one project and annotation set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from fiducial_server.db.idlist import among
from fiducial_server.db.lookup import looked_up, set_is_live
from fiducial_server.db.rows import all_rows
from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import data_row, task
from fiducial_server.model.project import Task, TaskState

_COLUMNS = (
    task.c.id,
    task.c.project_id,
    task.c.annotation_set_id,
    task.c.data_row_id,
    task.c.item_id,
    task.c.stage_id,
    task.c.state,
    task.c.created_at,
    task.c.updated_at,
    task.c.last_edited_at,
    task.c.assignee,
    task.c.priority,
    task.c.label_hash,
    task.c.status_said,
)
_STATE = 6


def insert_missing_tasks(scope: Scope, rows: Sequence[Task]) -> None:
    """Those whose (annotation set, data row) has no task yet."""
    scope.insert_missing(
        task, [{**{c.name: getattr(row, c.name) for c in _COLUMNS}, "state": row.state.value} for row in rows]
    )


def tasks_of(
    scope: Scope,
    project_id: str,
    *,
    annotation_set_id: str | None = None,
    item_id: str | None = None,
    lock: bool = False,
) -> list[Task]:
    """Tasks of sets that are not deleted, in order of the data rows."""
    statement = rows_of(task, *_COLUMNS).where(task.c.project_id == project_id, set_is_live(task))
    position = looked_up(task, "data_row_id", data_row.c.position)
    statement = statement.order_by(position, task.c.data_row_id, task.c.created_at, task.c.id)
    if annotation_set_id is not None:
        statement = statement.where(task.c.annotation_set_id == annotation_set_id)
    if item_id is not None:
        statement = statement.where(task.c.item_id == item_id)
    if lock:
        statement = statement.with_for_update()
    return [_read(row) for row in all_rows(scope, statement)]


def tasks_of_set(scope: Scope, set_id: str, item_ids: Sequence[str] | None = None, *, lock: bool = False) -> list[Task]:
    statement = rows_of(task, *_COLUMNS).where(task.c.annotation_set_id == set_id)
    if item_ids is not None:
        statement = statement.where(among(scope, task.c.item_id, item_ids))
    ordered = statement.order_by(task.c.created_at, task.c.id)
    return [_read(row) for row in all_rows(scope, ordered.with_for_update() if lock else ordered)]


def update_task(scope: Scope, task_id: str, changes: Mapping[str, Any]) -> None:
    scope.execute(sa.update(task).where(task.c.organization_id == ORG, task.c.id == task_id).values(**changes))


def delete_tasks_of_rows(scope: Scope, data_row_ids: Sequence[str]) -> None:
    scope.execute(sa.delete(task).where(task.c.organization_id == ORG, among(scope, task.c.data_row_id, data_row_ids)))


def delete_tasks(scope: Scope, ids: Sequence[str]) -> None:
    scope.execute(sa.delete(task).where(task.c.organization_id == ORG, among(scope, task.c.id, ids)))


def _read(row: Any) -> Task:
    cells = list(row)
    cells[_STATE] = TaskState(cells[_STATE])
    return Task(*cells)
