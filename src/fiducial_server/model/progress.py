"""How far one annotator is with one item of an annotation set, and how a task follows from its annotators."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from fiducial_server.model.project import TaskState
from fiducial_server.model.workflow import RANK, StatusWord, move

S = TaskState


class Progress(StrEnum):
    """What is kept of an annotator's work. Two of them tell apart what is shown by one word: see :func:`shown`."""

    OPENED = "opened"
    REOPENED = "reopened"
    """Opened again after it was returned."""
    ANNOTATED = "annotated"
    APPROVED_ONCE = "approved_once"
    """Approved by the first of two reviews."""
    APPROVED = "approved"
    CLOSED = "closed"
    REVISION_REQUEST = "revision_request"


JUDGEMENTS = frozenset({StatusWord.APPROVED, StatusWord.REVISION_REQUEST})
"""What reviewers say of the work of others; the other words annotators say of their own."""

MOST_REVIEWS = 2
"""After which work is done, whatever the workflow."""

_STATES = {
    Progress.OPENED: S.STARTED,
    Progress.REOPENED: S.RETURNED,
    Progress.REVISION_REQUEST: S.RETURNED,
    Progress.ANNOTATED: S.SUBMITTED,
    Progress.APPROVED_ONCE: S.APPROVED_ONCE,
    Progress.APPROVED: S.DONE,
    Progress.CLOSED: S.DONE,
}
_SHOWN = {Progress.REOPENED: StatusWord.OPENED, Progress.APPROVED_ONCE: StatusWord.ANNOTATED}


def shown(progress: Progress) -> StatusWord:
    """The word of the wire."""
    return _SHOWN.get(progress) or StatusWord(progress.value)


def shown_as(word: StatusWord) -> list[Progress]:
    """All that is shown by ``word``."""
    return [progress for progress in Progress if shown(progress) is word]


def state_of(progress: Progress, reviews: int) -> TaskState:
    """The state of the annotator's work where the workflow has ``reviews`` review stages."""
    unjudged = progress in (Progress.ANNOTATED, Progress.APPROVED_ONCE)
    return S.DONE if unjudged and reviews == 0 else _STATES[progress]


def progressed(state: TaskState, word: StatusWord, reviews: int) -> Progress:
    """How far the annotator is after ``word`` was said of work in ``state``; Conflict where it cannot be said."""
    after = move(state, word, reviews)
    if after is S.APPROVED_ONCE:
        return Progress.APPROVED_ONCE
    if (after, word) == (S.RETURNED, StatusWord.OPENED):
        return Progress.REOPENED
    return Progress(word.value)


def least_advanced(everyone: Iterable[Progress], *, waiting: bool, reviews: int) -> tuple[TaskState, StatusWord]:
    """The state of a task with these annotators, and the word it is shown by.

    ``waiting``: somebody who is to annotate has not begun, so the task is no further than started, or returned.
    """
    state, word = min(
        ((state_of(one, reviews), shown(one)) for one in everyone), key=lambda pair: (RANK[pair[0]], pair[1])
    )
    if waiting and RANK[state] > RANK[S.RETURNED]:
        return S.STARTED, StatusWord.OPENED
    return state, word
