"""Rows of projects, their stages and members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from fiducial_server.db.experiments import newest_experiments
from fiducial_server.db.idlist import among
from fiducial_server.db.lookup import item_is_live, looked_up, set_is_live
from fiducial_server.db.rows import all_rows
from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import organization, project, project_member, stage, task, user
from fiducial_server.model.member import Member
from fiducial_server.model.page import Key
from fiducial_server.model.project import Project, StageKind, TaskState
from fiducial_server.model.workflow import RANK

_COLUMNS = (
    project.c.id,
    project.c.name,
    project.c.created_at,
    project.c.created_by,
    project.c.dataset_id,
    project.c.ontology_id,
    project.c.annotation_set_id,
    project.c.description,
    project.c.archived_at,
    project.c.archived_by,
    project.c.require_review,
    project.c.locked_ontology,
    project.c.updated_at,
    project.c.settings,
)


def lock_organization(scope: Scope) -> None:
    """Hold the organization until the transaction ends: what must be unique in it is checked under this lock."""
    scope.execute(sa.select(organization.c.id).where(organization.c.id == ORG).with_for_update())


def insert_project(scope: Scope, row: Project) -> None:
    values = {column.name: getattr(row, column.name) for column in _COLUMNS}
    scope.insert(project, [{**values, "settings": dict(row.settings)}])


def update_project(scope: Scope, project_id: str, changes: Mapping[str, Any]) -> None:
    scope.execute(
        sa.update(project).where(project.c.organization_id == ORG, project.c.id == project_id).values(**changes)
    )


def project_page(scope: Scope, *, archived: bool | None, after: Key | None, offset: int, limit: int) -> list[Project]:
    """In order of creation, with counts; ``archived`` None means both; ``offset`` counts from ``after``."""
    statement = rows_of(project, *_COLUMNS)
    if archived is not None:
        is_null = project.c.archived_at.is_(None)
        statement = statement.where(sa.not_(is_null) if archived else is_null)
    if after is not None:
        statement = statement.where(sa.tuple_(project.c.created_at, project.c.id) > sa.tuple_(*after))
    ordered = statement.order_by(project.c.created_at, project.c.id).offset(offset).limit(limit)
    return _counted(scope, all_rows(scope, ordered))


def find_project(scope: Scope, project_id: str, *, counts: bool = True, lock: bool = False) -> Project | None:
    statement = rows_of(project, *_COLUMNS).where(project.c.id == project_id)
    rows = all_rows(scope, statement.with_for_update() if lock else statement)
    if counts:
        return next(iter(_counted(scope, rows)), None)
    return Project(*rows[0]) if rows else None


def projects_named(scope: Scope, name: str) -> list[Project]:
    """All of this name, archived ones too, the oldest first."""
    statement = rows_of(project, *_COLUMNS).where(project.c.name == name)
    return _counted(scope, all_rows(scope, statement.order_by(project.c.created_at, project.c.id)))


def _counted(scope: Scope, rows: Sequence[Any]) -> list[Project]:
    ids = [row.id for row in rows]
    counts, newest = (task_counts(scope, ids), newest_experiments(scope, ids)) if rows else ({}, {})
    return [Project(*[*row, *counts.get(row.id, (0, 0, 0)), newest.get(row.id)]) for row in rows]


def task_counts(scope: Scope, project_ids: Sequence[str]) -> dict[str, tuple[int, int, int]]:
    """(items, submitted or later, done) by project, over items that are not deleted; one grouped query."""
    rank = sa.case(*((task.c.state == state.value, rank) for state, rank in RANK.items()), else_=0)
    least = (
        rows_of(task, task.c.project_id, sa.func.min(rank).label("rank"))
        .where(among(scope, task.c.project_id, project_ids), item_is_live(task), set_is_live(task))
        .group_by(task.c.project_id, task.c.data_row_id)
        .subquery()
    )
    submitted = sa.func.sum(sa.case((least.c.rank >= RANK[TaskState.SUBMITTED], 1), else_=0))
    done = sa.func.sum(sa.case((least.c.rank >= RANK[TaskState.DONE], 1), else_=0))
    statement = sa.select(least.c.project_id, sa.func.count(), submitted, done).group_by(least.c.project_id)
    return {str(row[0]): (int(row[1]), int(row[2]), int(row[3])) for row in all_rows(scope, statement)}


# --- stages ---------------------------------------------------------------------------------------


def insert_stages(scope: Scope, rows: Sequence[Mapping[str, Any]]) -> None:
    scope.insert(stage, rows)


def stages_of(scope: Scope, project_id: str) -> list[tuple[str, StageKind]]:
    """(id, kind) in order of the workflow."""
    statement = rows_of(stage, stage.c.id, stage.c.kind).where(stage.c.project_id == project_id)
    return [(str(row[0]), StageKind(row[1])) for row in all_rows(scope, statement.order_by(stage.c.position))]


def shift_stage(scope: Scope, stage_id: str, position: int) -> None:
    scope.execute(
        sa.update(stage).where(stage.c.organization_id == ORG, stage.c.id == stage_id).values(position=position)
    )


# --- members --------------------------------------------------------------------------------------


def members_of(scope: Scope, project_id: str, user_id: str | None = None) -> list[Member]:
    email = looked_up(project_member, "user_id", user.c.email).label("email")
    statement = rows_of(
        project_member,
        project_member.c.project_id,
        project_member.c.user_id,
        email,
        project_member.c.roles,
        project_member.c.status,
        project_member.c.created_at,
        looked_up(project_member, "user_id", user.c.firstname),
        looked_up(project_member, "user_id", user.c.lastname),
        project_member.c.expertise_level,
    ).where(project_member.c.project_id == project_id)
    if user_id is not None:
        statement = statement.where(project_member.c.user_id == user_id)
    statement = statement.order_by(project_member.c.created_at, email)
    return [Member(*[*row[:3], tuple(row[3]), *row[4:]]) for row in all_rows(scope, statement)]


def insert_member(scope: Scope, project_id: str, user_id: str, roles: Sequence[str], at: int) -> None:
    scope.insert(
        project_member,
        [
            {
                "project_id": project_id,
                "user_id": user_id,
                "roles": list(roles),
                "status": "active",
                "created_at": at,
            }
        ],
    )


def update_member(scope: Scope, project_id: str, user_id: str, roles: Sequence[str]) -> None:
    scope.execute(
        sa.update(project_member)
        .where(
            project_member.c.organization_id == ORG,
            project_member.c.project_id == project_id,
            project_member.c.user_id == user_id,
        )
        .values(roles=list(roles))
    )


def delete_member(scope: Scope, project_id: str, user_id: str) -> None:
    scope.execute(
        sa.delete(project_member).where(
            project_member.c.organization_id == ORG,
            project_member.c.project_id == project_id,
            project_member.c.user_id == user_id,
        )
    )
