"""Who labels in an annotation set, and how far each of them is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fiducial_server.model.progress import Progress
from fiducial_server.model.workflow import StatusWord


class AnnotatorState(StrEnum):
    ACTIVE = "active"
    FROZEN = "frozen"
    """Says nothing of new work any more, and nobody waits for them; what they did stays."""


class Expertise(StrEnum):
    LEARNER = "learner"
    TRAINED = "trained"
    EXPERT = "expert"


@dataclass(frozen=True, slots=True)
class NewAnnotator:
    """Somebody who is to annotate; what is None stays as it is, or is the usual (active, nothing said of the rest)."""

    person: str
    """E-mail address or user id."""
    status: AnnotatorState | None = None
    expertise_level: Expertise | None = None
    requires_review: bool | None = None


@dataclass(frozen=True, slots=True)
class SetAnnotator:
    annotation_set_id: str
    user_id: str
    email: str
    status: AnnotatorState
    expertise_level: Expertise | None
    requires_review: bool | None
    """Kept and shown; whether work is reviewed is the project's workflow."""
    created_at: int
    created_by: str
    updated_at: int
    firstname: str | None = None
    lastname: str | None = None


@dataclass(frozen=True, slots=True)
class AnnotatorStatus:
    """How far ``annotator`` (e-mail address) is with one item of one set."""

    annotation_set_id: str
    item_id: str
    annotator: str
    project_id: str
    progress: Progress
    created_at: int
    updated_at: int
    updated_by: str
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class WorkStatus:
    """A status as it is listed: of one annotator, or of the task where no annotator has one."""

    task_id: str
    project_id: str
    annotation_set_id: str
    item_id: str
    word: StatusWord | None
    """None while nothing was done."""
    annotator: str | None
    user_id: str | None
    created_at: int
    updated_at: int
    of_task: bool
