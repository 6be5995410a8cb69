"""Durable work: a job has units, and ends with the truth about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class JobState(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """At least one unit failed; the units say which and why."""
    CANCELLED = "cancelled"


class UnitState(StrEnum):
    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL_JOB_STATES = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})


@dataclass(frozen=True, slots=True)
class JobUnit:
    ordinal: int
    subject_id: str
    """What the unit is about, usually an item id."""
    state: UnitState = UnitState.PENDING
    error: str | None = None
    attempts: int = 0
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    id: str
    kind: str
    state: JobState
    created_at: int
    created_by: str
    progress: float = 0.0
    current_step: str | None = None
    error: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)
    started_at: int | None = None
    finished_at: int | None = None
    cancel_requested: bool = False
    units_pending: int = 0
    units_done: int = 0
    units_failed: int = 0
