"""Experiments: what was trained on a project's data, what was logged on the way, and the files that came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ENDED = "completed"
"""The status word of an experiment that takes no more."""


@dataclass(frozen=True, slots=True)
class NewExperiment:
    """What is asked for. A dataset without a project means the project whose dataset it is."""

    name: str
    description: str | None = None
    project_id: str | None = None
    dataset_id: str | None = None
    environment: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Experiment:
    """``facts`` holds ``environment`` as it came, and ``completed_at`` (us) once it has ended."""

    id: str
    project_id: str | None
    name: str
    description: str | None
    dataset_id: str | None
    status: str
    facts: Mapping[str, Any]
    summary: Mapping[str, Any]
    created_at: int
    created_by: str
    updated_at: int


@dataclass(frozen=True, slots=True)
class LogEntry:
    """Something that was logged; ``entry`` as it came."""

    id: str
    at: int
    by: str
    entry: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ExperimentModel:
    """A model's file. ``size`` in bytes; ``facts`` are the texts that came beside it."""

    id: str
    experiment_id: str
    name: str
    sha256: str
    size: int
    facts: Mapping[str, Any]
    created_at: int
    created_by: str
