"""How a task moves: the one state of a data row in a project, and the words by which it is moved and shown.

A table says what each word does to each state (one-truth, section 5); nothing else moves a task. Without review stages
"annotated" ends the work at once (submitted goes on to done), and the word is kept beside the state, so that it reads
back as it was said.
"""

from __future__ import annotations

from enum import StrEnum

from fiducial.errors import Conflict, Invalid
from fiducial_server.model.project import StageKind, Task, TaskState

S = TaskState


class StatusWord(StrEnum):
    """What may be said of a task, in the words of the Datamint wire."""

    OPENED = "opened"
    ANNOTATED = "annotated"
    CLOSED = "closed"
    APPROVED = "approved"
    REVISION_REQUEST = "revision_request"


_WORKING = (S.NEW, S.STARTED, S.RETURNED)
_JUDGED = (S.SUBMITTED, S.APPROVED_ONCE, S.DONE)

# (word, state) -> next state, for a workflow with review. What is not here is refused.
_MOVES: dict[tuple[StatusWord, TaskState], TaskState] = {
    **{(StatusWord.OPENED, s): S.STARTED for s in (S.NEW, S.STARTED, *_JUDGED)},
    (StatusWord.OPENED, S.RETURNED): S.RETURNED,  # work on what was returned: it stays known that it was
    **{(StatusWord.ANNOTATED, s): S.SUBMITTED for s in (*_WORKING, S.SUBMITTED, S.DONE)},
    (StatusWord.ANNOTATED, S.APPROVED_ONCE): S.APPROVED_ONCE,
    **{(StatusWord.CLOSED, s): S.DONE for s in S},
    (StatusWord.APPROVED, S.SUBMITTED): S.DONE,
    (StatusWord.APPROVED, S.APPROVED_ONCE): S.DONE,
    (StatusWord.APPROVED, S.DONE): S.DONE,
    **{(StatusWord.REVISION_REQUEST, s): S.RETURNED for s in (S.RETURNED, *_JUDGED)},
}
# What is different with two reviews, and with none.
_TWO_REVIEWS = {(StatusWord.APPROVED, S.SUBMITTED): S.APPROVED_ONCE}
_NO_REVIEW = {
    **{(StatusWord.ANNOTATED, s): S.DONE for s in S},
    **{(StatusWord.APPROVED, s): S.DONE for s in S},
}

RANK = {S.NEW: 0, S.STARTED: 1, S.RETURNED: 2, S.SUBMITTED: 3, S.APPROVED_ONCE: 4, S.DONE: 5}
"""How far a task has come; of an item's tasks in a project the least advanced counts."""

_SHOWN: dict[TaskState, tuple[StatusWord | None, ...]] = {  # the words a state may be shown by, the usual one first
    S.NEW: (None,),
    S.STARTED: (StatusWord.OPENED,),
    S.RETURNED: (StatusWord.REVISION_REQUEST, StatusWord.OPENED),
    S.SUBMITTED: (StatusWord.ANNOTATED,),
    S.APPROVED_ONCE: (StatusWord.ANNOTATED,),
    S.DONE: (StatusWord.CLOSED, StatusWord.APPROVED, StatusWord.ANNOTATED),
}


def states_shown_as(word: StatusWord) -> list[TaskState]:
    """States that a task may be in when it is shown by ``word``."""
    return [state for state, words in _SHOWN.items() if word in words]


def status_word(text: str) -> StatusWord:
    """The word, or Invalid with the list of what may be said."""
    try:
        return StatusWord(text)
    except ValueError:
        raise Invalid(f"status is {text!r}, none of {', '.join(StatusWord)}", field="status") from None


def move(state: TaskState, word: StatusWord, reviews: int) -> TaskState:
    """The state after ``word`` is said of ``state``, where the workflow has ``reviews`` review stages; or Conflict."""
    special = _NO_REVIEW if reviews == 0 else _TWO_REVIEWS if reviews > 1 else {}
    after = special.get((word, state)) or _MOVES.get((word, state))
    if after is None:
        raise Conflict(
            f"a task that is {state} cannot be {word}: it was not submitted", state=state.value, word=word.value
        )
    return after


def work_status(task: Task) -> StatusWord | None:
    """The word a task is shown by; None while nothing was done."""
    words = _SHOWN[task.state]
    said = next((word for word in words if word == task.status_said), None)
    return said or words[0]


def stage_kind(state: TaskState, reviews: int) -> tuple[StageKind, int]:
    """The stage a task of this state is in: its kind, and which one of that kind (from 0)."""
    if state is S.DONE or (reviews == 0 and state in _JUDGED):
        return StageKind.DONE, 0
    if state in _JUDGED:
        return StageKind.REVIEW, min(1 if state is S.APPROVED_ONCE else 0, reviews - 1)
    return StageKind.ANNOTATION, 0
