"""What was said when a status moved."""

from __future__ import annotations

from dataclasses import dataclass

from fiducial_server.model.workflow import StatusWord


@dataclass(frozen=True, slots=True)
class ReviewMessage:
    """``annotator`` is whose work it is about, ``created_by`` who said it (e-mail addresses)."""

    id: str
    project_id: str
    annotation_set_id: str
    item_id: str
    annotator: str
    status: StatusWord
    message: str
    created_at: int
    created_by: str
    path: str | None = None
    """Where in the reviewer's application it was said; kept as it came."""


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """Every field narrows."""

    annotator: str | None = None
    item_id: str | None = None
    statuses: tuple[StatusWord, ...] | None = None
