"""Projects, their ontology, members, annotation sets, stages and tasks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class StageKind(StrEnum):
    ANNOTATION = "annotation"
    REVIEW = "review"
    CONSENSUS_ANNOTATION = "consensus_annotation"
    CONSENSUS_REVIEW = "consensus_review"
    AGENT = "agent"
    DONE = "done"


class TaskState(StrEnum):
    """The one state of a data row in a project; every dialect's status is a view of it (one-truth, section 5)."""

    NEW = "new"
    STARTED = "started"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED_ONCE = "approved_once"
    DONE = "done"


class AnnotationSetKind(StrEnum):
    MAIN = "main"
    WORKLIST = "worklist"
    CONSENSUS = "consensus"


@dataclass(frozen=True, slots=True)
class Project:
    """``dataset_id`` is the project's own dataset, ``annotation_set_id`` its main set; both are made with it."""

    id: str
    name: str
    created_at: int
    created_by: str
    dataset_id: str
    ontology_id: str
    annotation_set_id: str
    description: str | None = None
    archived_at: int | None = None
    archived_by: str | None = None
    require_review: bool = False
    locked_ontology: bool = False
    updated_at: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Dialect-owned settings that are stored and given back (two_up_display, pinned_metrics ...)."""
    item_count: int = 0
    submitted_count: int = 0
    """Tasks in SUBMITTED or later."""
    done_count: int = 0
    newest_experiment_id: str | None = None


@dataclass(frozen=True, slots=True)
class AnnotationSet:
    """Whose pass over the data a label belongs to."""

    id: str
    project_id: str
    name: str
    kind: AnnotationSetKind
    created_at: int
    created_by: str
    description: str | None = None
    status: str = "new"
    settings: Mapping[str, Any] = field(default_factory=dict)
    deleted_at: int | None = None


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing that may be labelled; ``kind`` is a :class:`~fiducial_server.model.ontology.FeatureKind`."""

    id: str
    ontology_id: str
    kind: str
    identifier: str
    hash: str
    parent_id: str | None = None
    color: str | None = None
    index: int | None = None
    """1-based place in the segmentation group; None for features that are not masks."""
    scope: str | None = None
    required: bool = False
    archived: bool = False
    dynamic: bool = False
    values: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def scopes(self) -> tuple[str, ...]:
        """Where it may be used, ``image`` or ``frame`` or both; nothing where that was never said."""
        return tuple(self.settings.get("scopes") or ((self.scope,) if self.scope else ()))


def feature_hash(ontology_id: str, kind: str, identifier: str) -> str:
    """The hash of a feature that a client did not name itself: 8 hex digits that never change."""
    return hashlib.sha256(f"{ontology_id}\n{kind}\n{identifier}".encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Task:
    """One data row in one project and annotation set. ``last_edited_at`` is unique to the second within the row."""

    id: str
    project_id: str
    annotation_set_id: str
    data_row_id: str
    item_id: str
    stage_id: str
    state: TaskState
    created_at: int
    updated_at: int
    last_edited_at: int | None = None
    assignee: str | None = None
    priority: float = 0.5
    label_hash: str | None = None
    """None until labelling started."""
    status_said: str | None = None
    """The word that set the state last (``annotated``, ``closed``, ``approved`` ...), which several words may share."""
