"""Rows of tasks: one data row in one project and annotation set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from fiducial_server.db.idlist import among
from fiducial_server.db.lookup import item_is_live, looked_up, set_is_live
from fiducial_server.db.rows import all_rows
from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import annotator_status, data_row, task, user
from fiducial_server.model.project import Task, TaskState
from fiducial_server.model.statistic import Place
from fiducial_server.model.work_filter import WorkFilter

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


def task_page(
    scope: Scope, place: Place, narrowing: WorkFilter, *, after: str, limit: int
) -> list[tuple[Task, str | None]]:
    """Tasks with ids above ``after``, each with the user id of its assignee; of items and sets that are not deleted.

    They are those that the filter can be about: which of their statuses are wanted, the reader has to look at.
    """
    statement = rows_of(task, *_COLUMNS, looked_up(task, "assignee", user.c.id, by="email")).where(
        task.c.project_id == place.project_id, task.c.id > after, item_is_live(task), set_is_live(task)
    )
    if place.annotation_set_id is not None:
        statement = statement.where(task.c.annotation_set_id == place.annotation_set_id)
    if narrowing.item_id is not None:
        statement = statement.where(task.c.item_id == narrowing.item_id)
    if narrowing.annotator is not None or narrowing.progresses is not None:
        statement = statement.where(_can_be_about(narrowing))
    found = all_rows(scope, statement.order_by(task.c.id).limit(limit))
    return [(_read(row[:-1]), row[-1]) for row in found]


def _can_be_about(narrowing: WorkFilter) -> sa.ColumnElement[bool]:
    """Some annotator's status is wanted, or nobody has one and the task itself may be."""
    said = rows_of(annotator_status, annotator_status.c.status).where(
        annotator_status.c.annotation_set_id == task.c.annotation_set_id, annotator_status.c.item_id == task.c.item_id
    )
    wanted = said
    own = [sa.not_(said.correlate(task).exists())]
    if narrowing.annotator is not None:
        wanted = wanted.where(annotator_status.c.annotator == narrowing.annotator)
        own.append(task.c.assignee == narrowing.annotator)
    if narrowing.progresses is not None:
        wanted = wanted.where(annotator_status.c.status.in_([one.value for one in narrowing.progresses]))
        own.append(task.c.state.in_([state.value for state in narrowing.states]))
    return sa.or_(wanted.correlate(task).exists(), sa.and_(*own))


def tasks_of_items(scope: Scope, place: Place, item_ids: Sequence[str]) -> list[Task]:
    """Tasks of these items in the project or in the set, of sets that are not deleted."""
    statement = rows_of(task, *_COLUMNS).where(
        task.c.project_id == place.project_id, among(scope, task.c.item_id, item_ids), set_is_live(task)
    )
    if place.annotation_set_id is not None:
        statement = statement.where(task.c.annotation_set_id == place.annotation_set_id)
    return [_read(row) for row in all_rows(scope, statement.order_by(task.c.created_at, task.c.id))]


def item_count(scope: Scope, set_id: str) -> int:
    """Items of the set that are not deleted."""
    statement = rows_of(task, sa.func.count(task.c.item_id.distinct())).where(
        task.c.annotation_set_id == set_id, item_is_live(task)
    )
    return int(scope.execute(statement).scalar_one())


def move_tasks(scope: Scope, rows: Sequence[Mapping[str, Any]], at: int) -> None:
    """Each of ``rows`` has task_id, new_state, new_said, new_stage and new_hash."""
    statement = (
        sa.update(task)
        .where(task.c.organization_id == ORG, task.c.id == sa.bindparam("task_id"))
        .values(
            state=sa.bindparam("new_state"),
            status_said=sa.bindparam("new_said"),
            stage_id=sa.bindparam("new_stage"),
            label_hash=sa.bindparam("new_hash"),
            updated_at=at,
        )
    )
    if rows:
        scope.execute(statement, rows)


def done_tasks(scope: Scope, project_id: str, item_ids: Sequence[str]) -> set[tuple[str, str]]:
    """(annotation set, item) of the project's tasks for these items that are done."""
    statement = rows_of(task, task.c.annotation_set_id, task.c.item_id).where(
        task.c.project_id == project_id, task.c.state == TaskState.DONE.value, among(scope, task.c.item_id, item_ids)
    )
    return {(str(set_id), str(item_id)) for set_id, item_id in all_rows(scope, statement)}


def update_task(scope: Scope, task_id: str, changes: Mapping[str, Any]) -> None:
    scope.execute(sa.update(task).where(task.c.organization_id == ORG, task.c.id == task_id).values(**changes))


def delete_tasks_of_rows(scope: Scope, data_row_ids: Sequence[str]) -> None:
    """With the statuses that annotators have of them."""
    _delete(scope, among(scope, task.c.data_row_id, data_row_ids))


def delete_tasks(scope: Scope, ids: Sequence[str]) -> None:
    """With the statuses that annotators have of them."""
    _delete(scope, among(scope, task.c.id, ids))


def _delete(scope: Scope, which: sa.ColumnElement[bool]) -> None:
    of_tasks = rows_of(task, task.c.annotation_set_id, task.c.item_id).where(which)
    place = sa.tuple_(annotator_status.c.annotation_set_id, annotator_status.c.item_id)
    scope.execute(sa.delete(annotator_status).where(annotator_status.c.organization_id == ORG, place.in_(of_tasks)))
    scope.execute(sa.delete(task).where(task.c.organization_id == ORG, which))


def _read(row: Any) -> Task:
    cells = list(row)
    cells[_STATE] = TaskState(cells[_STATE])
    return Task(*cells)
