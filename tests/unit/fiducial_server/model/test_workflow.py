"""The state machine of tasks, looked at whole."""

from __future__ import annotations

from itertools import product

import pytest

from fiducial.errors import Conflict, Invalid
from fiducial_server.model.project import StageKind, Task, TaskState
from fiducial_server.model.workflow import RANK, StatusWord, move, stage_kind, status_word, work_status

S, W = TaskState, StatusWord

# (word -> state it gives from NEW, STARTED, RETURNED, SUBMITTED, APPROVED_ONCE, DONE), None = refused
ORDER = (S.NEW, S.STARTED, S.RETURNED, S.SUBMITTED, S.APPROVED_ONCE, S.DONE)
TABLES = {
    0: {
        W.OPENED: (S.STARTED, S.STARTED, S.RETURNED, S.STARTED, S.STARTED, S.STARTED),
        W.ANNOTATED: (S.DONE,) * 6,
        W.CLOSED: (S.DONE,) * 6,
        W.APPROVED: (S.DONE,) * 6,
        W.REVISION_REQUEST: (None, None, S.RETURNED, S.RETURNED, S.RETURNED, S.RETURNED),
    },
    1: {
        W.OPENED: (S.STARTED, S.STARTED, S.RETURNED, S.STARTED, S.STARTED, S.STARTED),
        W.ANNOTATED: (S.SUBMITTED, S.SUBMITTED, S.SUBMITTED, S.SUBMITTED, S.APPROVED_ONCE, S.SUBMITTED),
        W.CLOSED: (S.DONE,) * 6,
        W.APPROVED: (None, None, None, S.DONE, S.DONE, S.DONE),
        W.REVISION_REQUEST: (None, None, S.RETURNED, S.RETURNED, S.RETURNED, S.RETURNED),
    },
    2: {
        W.OPENED: (S.STARTED, S.STARTED, S.RETURNED, S.STARTED, S.STARTED, S.STARTED),
        W.ANNOTATED: (S.SUBMITTED, S.SUBMITTED, S.SUBMITTED, S.SUBMITTED, S.APPROVED_ONCE, S.SUBMITTED),
        W.CLOSED: (S.DONE,) * 6,
        W.APPROVED: (None, None, None, S.APPROVED_ONCE, S.DONE, S.DONE),
        W.REVISION_REQUEST: (None, None, S.RETURNED, S.RETURNED, S.RETURNED, S.RETURNED),
    },
}


@pytest.mark.parametrize(("reviews", "word", "place"), list(product(TABLES, W, range(6))))
def test_every_word_said_of_every_state(reviews: int, word: StatusWord, place: int) -> None:
    state, after = ORDER[place], TABLES[reviews][word][place]
    if after is None:
        with pytest.raises(Conflict, match=f"a task that is {state} cannot be {word}"):
            move(state, word, reviews)
    else:
        assert move(state, word, reviews) is after


def _task(state: TaskState, said: str | None) -> Task:
    return Task("t", "p", "s", "d", "i", "g", state, 0, 0, status_said=said)


@pytest.mark.parametrize(("reviews", "word", "state"), list(product(TABLES, W, S)))
def test_what_was_said_is_what_is_shown(reviews: int, word: StatusWord, state: TaskState) -> None:
    if TABLES[reviews][word][ORDER.index(state)] is None:
        return
    after = move(state, word, reviews)
    shown = work_status(_task(after, word.value))
    # The first of two approvals is not yet an approval, as the table of one-truth shows it.
    assert shown is (W.ANNOTATED if after is S.APPROVED_ONCE else word)


def test_a_state_that_nobody_spoke_of_has_its_usual_word() -> None:
    shown = {state: work_status(_task(state, None)) for state in S}
    assert shown == {
        S.NEW: None,
        S.STARTED: W.OPENED,
        S.SUBMITTED: W.ANNOTATED,
        S.RETURNED: W.REVISION_REQUEST,
        S.APPROVED_ONCE: W.ANNOTATED,
        S.DONE: W.CLOSED,
    }


def test_every_state_has_a_stage_and_a_rank() -> None:
    assert set(RANK) == set(S)
    assert [stage_kind(state, 2) for state in ORDER] == [
        (StageKind.ANNOTATION, 0),
        (StageKind.ANNOTATION, 0),
        (StageKind.ANNOTATION, 0),
        (StageKind.REVIEW, 0),
        (StageKind.REVIEW, 1),
        (StageKind.DONE, 0),
    ]
    assert stage_kind(S.SUBMITTED, 0) == (StageKind.DONE, 0)


def test_an_unknown_word_is_refused_with_the_list() -> None:
    with pytest.raises(Invalid, match="opened, annotated, closed, approved, revision_request"):
        status_word("finished")
