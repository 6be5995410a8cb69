"""Rows of experiments, their log and their models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from fiducial_server.db.idlist import among
from fiducial_server.db.rows import all_rows, first_row
from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import experiment, experiment_log, experiment_model, project
from fiducial_server.model.experiment import Experiment, ExperimentModel, LogEntry
from fiducial_server.model.page import Key

_COLUMNS = (
    experiment.c.id,
    experiment.c.project_id,
    experiment.c.name,
    experiment.c.description,
    experiment.c.dataset_id,
    experiment.c.status,
    experiment.c.facts,
    experiment.c.summary,
    experiment.c.created_at,
    experiment.c.created_by,
    experiment.c.updated_at,
)
_MODEL_COLUMNS = (
    experiment_model.c.id,
    experiment_model.c.experiment_id,
    experiment_model.c.name,
    experiment_model.c.sha256,
    experiment_model.c.size,
    experiment_model.c.facts,
    experiment_model.c.created_at,
    experiment_model.c.created_by,
)


def insert_experiment(scope: Scope, row: Experiment) -> None:
    values = {column.name: getattr(row, column.name) for column in _COLUMNS}
    scope.insert(experiment, [{**values, "facts": dict(row.facts), "summary": dict(row.summary)}])


def find_experiment(scope: Scope, experiment_id: str, *, lock: bool = False) -> Experiment | None:
    statement = rows_of(experiment, *_COLUMNS).where(experiment.c.id == experiment_id)
    row = first_row(scope, statement.with_for_update() if lock else statement)
    return None if row is None else Experiment(*row)


def experiment_page(scope: Scope, *, project_id: str | None, after: Key | None, limit: int) -> list[Experiment]:
    """In order of creation; of all projects when none is named."""
    statement = rows_of(experiment, *_COLUMNS)
    if project_id is not None:
        statement = statement.where(experiment.c.project_id == project_id)
    if after is not None:
        statement = statement.where(sa.tuple_(experiment.c.created_at, experiment.c.id) > sa.tuple_(*after))
    ordered = statement.order_by(experiment.c.created_at, experiment.c.id).limit(limit)
    return [Experiment(*row) for row in all_rows(scope, ordered)]


def newest_experiments(scope: Scope, project_ids: Sequence[str]) -> dict[str, str]:
    """Project id -> id of its newest experiment, for projects that have one; each is read along an index."""
    newest = (
        sa.select(experiment.c.id)
        .where(experiment.c.organization_id == ORG, experiment.c.project_id == project.c.id)
        .order_by(experiment.c.created_at.desc(), experiment.c.id.desc())
        .limit(1)
        .correlate(project)
        .scalar_subquery()
    )
    statement = rows_of(project, project.c.id, newest).where(among(scope, project.c.id, project_ids))
    return {str(row[0]): str(row[1]) for row in all_rows(scope, statement) if row[1] is not None}


def update_experiment(scope: Scope, experiment_id: str, changes: Mapping[str, Any]) -> None:
    scope.execute(
        sa.update(experiment)
        .where(experiment.c.organization_id == ORG, experiment.c.id == experiment_id)
        .values(**changes)
    )


def insert_log_entry(scope: Scope, experiment_id: str, row: LogEntry) -> None:
    values = {"id": row.id, "at": row.at, "by": row.by, "entry": dict(row.entry)}
    scope.insert(experiment_log, [{**values, "experiment_id": experiment_id}])


def log_page(scope: Scope, experiment_id: str, *, after: Key | None, limit: int) -> list[LogEntry]:
    """In order of time."""
    log = experiment_log.c
    statement = rows_of(experiment_log, log.id, log.at, log.by, log.entry).where(log.experiment_id == experiment_id)
    if after is not None:
        statement = statement.where(sa.tuple_(log.at, log.id) > sa.tuple_(*after))
    return [LogEntry(*row) for row in all_rows(scope, statement.order_by(log.at, log.id).limit(limit))]


def insert_model(scope: Scope, row: ExperimentModel) -> None:
    values = {column.name: getattr(row, column.name) for column in _MODEL_COLUMNS}
    scope.insert(experiment_model, [{**values, "facts": dict(row.facts)}])


def models_of(scope: Scope, experiment_id: str) -> list[ExperimentModel]:
    """In order of creation."""
    statement = rows_of(experiment_model, *_MODEL_COLUMNS).where(experiment_model.c.experiment_id == experiment_id)
    ordered = statement.order_by(experiment_model.c.created_at, experiment_model.c.id)
    return [ExperimentModel(*row) for row in all_rows(scope, ordered)]


def find_model(scope: Scope, experiment_id: str, model_id: str) -> ExperimentModel | None:
    statement = rows_of(experiment_model, *_MODEL_COLUMNS).where(
        experiment_model.c.id == model_id, experiment_model.c.experiment_id == experiment_id
    )
    row = first_row(scope, statement)
    return None if row is None else ExperimentModel(*row)
