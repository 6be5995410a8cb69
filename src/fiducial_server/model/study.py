"""Validation studies: readers judge what a model predicts, or label from scratch, over a fixed set of items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class StudyStatus(StrEnum):
    """Only a draft takes other items; a study goes on from word to word and never back."""

    DRAFT = "draft"
    ACTIVE = "active"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class EvaluateAiOutput:
    """Readers look at a model's output. None is "not said"; ``annotations`` are specs of the outputs to show."""

    enabled: bool
    overall: bool | None = None
    indicate_errors: bool | None = None
    annotations: tuple[Mapping[str, Any], ...] | None = None


@dataclass(frozen=True, slots=True)
class ProvideAnnotations:
    """Readers label without help. ``targets`` are specs; ``segregate_count`` is how many items are for this task alone."""

    enabled: bool
    targets: tuple[Mapping[str, Any], ...] | None = None
    segregate_count: int | None = None


@dataclass(frozen=True, slots=True)
class ReaderTasks:
    """What is asked of a reader."""

    evaluate_ai_output: EvaluateAiOutput
    provide_annotations: ProvideAnnotations

    def to_json(self) -> dict[str, Any]:
        """Both tasks with what was said of them."""
        return {
            "evaluate_ai_output": _said(self.evaluate_ai_output),
            "provide_annotations": _said(self.provide_annotations),
        }


def _said(task: EvaluateAiOutput | ProvideAnnotations) -> dict[str, Any]:
    values = {name: getattr(task, name) for name in task.__slots__}
    return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items() if v is not None}


@dataclass(frozen=True, slots=True)
class NewStudy:
    """What is asked for."""

    name: str
    model_name: str
    reader_tasks: ReaderTasks
    model_version: int | None = None
    description: str | None = None
    item_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    email: str
    firstname: str | None = None
    lastname: str | None = None


@dataclass(frozen=True, slots=True)
class ValidationStudy:
    """``reader_tasks`` is the JSON of a :class:`ReaderTasks`; ``item_ids`` are in the order in which they were given."""

    id: str
    project_id: str
    name: str
    model_name: str
    model_version: int | None
    description: str | None
    reader_tasks: Mapping[str, Any]
    status: StudyStatus
    created_at: int
    created_by: str
    updated_at: int
    item_ids: tuple[str, ...] = ()
    readers: tuple[Reader, ...] = field(default=())
