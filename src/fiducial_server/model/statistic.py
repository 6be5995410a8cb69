"""Counts of the work in a project or in one annotation set. An annotation counts once for each frame it is shown on, as it
is listed; deleted ones, and those of deleted items, do not count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fiducial_server.model.workflow import StatusWord


@dataclass(frozen=True, slots=True)
class Place:
    """What is counted: a whole project, or one of its annotation sets."""

    project_id: str
    annotation_set_id: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    email: str
    user_id: str | None = None
    firstname: str | None = None
    lastname: str | None = None


@dataclass(frozen=True, slots=True)
class AnnotatorStatistic:
    person: Person
    annotations: Mapping[str, int]
    """By the kind's name."""
    by_models: int
    """How many of them a model made, uploaded in the person's name."""
    labelled_items: int
    """Items with an annotation of theirs."""
    statuses: Mapping[StatusWord, int]
    """Items by what was said of the person's work on them; in a project, an item counts once for each word."""
    begun_items: int
    """Items that have a status of theirs."""
    last_activity: int | None
    """The last time (us) they made or changed an annotation or spoke of the state of work."""


@dataclass(frozen=True, slots=True)
class AnnotationStatistic:
    """Annotations of one identifier and kind."""

    identifier: str
    kind: str
    annotations: int
    items: int
    annotators: int
    first_at: int
    last_at: int
    values: Mapping[str, int] = field(default_factory=dict)
    """Annotations by value; of categories only."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One annotator's work on one item."""

    annotator: str
    status: StatusWord | None
    annotations: int
    last_activity: int | None
    """The last time (us) they made an annotation there, or their status moved."""


@dataclass(frozen=True, slots=True)
class FileStatistic:
    item_id: str
    name: str
    word: StatusWord | None
    """Of the least advanced of the item's tasks."""
    cells: Sequence[Cell]
