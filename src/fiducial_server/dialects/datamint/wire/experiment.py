"""Experiments, their log and their models."""

from __future__ import annotations

from typing import Any

from fiducial_server.dialects.datamint.wire.moment import moment
from fiducial_server.model.experiment import Experiment, ExperimentModel, LogEntry


def experiment(value: Experiment) -> dict[str, Any]:
    """``completed_at`` is null until it has ended: old clients refuse to go on with one that has."""
    return {
        "id": value.id,
        "name": value.name,
        "description": value.description,
        "project_id": value.project_id,
        "dataset_id": value.dataset_id,
        "status": value.status,
        "environment": value.facts.get("environment", {}),
        "result_summary": dict(value.summary),
        "created_at": moment(value.created_at),
        "created_by": value.created_by,
        "updated_at": moment(value.updated_at),
        "completed_at": moment(value.facts.get("completed_at")),
    }


def log_entry(value: LogEntry) -> dict[str, Any]:
    """What was logged, with who and when where the entry does not say that itself."""
    return {"id": value.id, "created_at": moment(value.at), "created_by": value.by, **value.entry}


def model(value: ExperimentModel) -> dict[str, Any]:
    """``file`` is the address of the bytes."""
    return {
        "id": value.id,
        "experiment_id": value.experiment_id,
        "name": value.name,
        "size": value.size,
        "sha256": value.sha256,
        "hyper_params": dict(value.facts),
        "created_at": moment(value.created_at),
        "created_by": value.created_by,
        "file": f"/experiments/{value.experiment_id}/models/{value.id}",
    }
