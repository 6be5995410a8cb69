"""How far annotators are: what words do to it, how it is shown, and what a task makes of several of them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiducial.errors import Conflict
from fiducial_server.model.progress import MOST_REVIEWS, Progress, least_advanced, progressed, shown, shown_as, state_of
from fiducial_server.model.project import TaskState
from fiducial_server.model.workflow import RANK, StatusWord, move, states_shown_as

S, W, P = TaskState, StatusWord, Progress
REVIEWS = range(MOST_REVIEWS + 1)


@pytest.mark.parametrize(("state", "word", "reviews"), list(itertools.product(S, W, REVIEWS)))
def test_an_annotator_moves_as_a_task_does(state: TaskState, word: StatusWord, reviews: int) -> None:
    try:
        after = move(state, word, reviews)
    except Conflict:
        with pytest.raises(Conflict):
            progressed(state, word, reviews)
        return
    progress = progressed(state, word, reviews)
    assert state_of(progress, reviews) is after
    if after is not S.APPROVED_ONCE:
        assert shown(progress) is word


def test_every_progress_is_shown_by_one_word_that_finds_it() -> None:
    assert sorted(one for word in W for one in shown_as(word)) == sorted(P)
    assert all(shown(one) is word for word in W for one in shown_as(word))
    assert states_shown_as(W.OPENED) == [S.STARTED, S.RETURNED]


def test_two_reviews_are_told_apart() -> None:
    once = progressed(S.SUBMITTED, W.APPROVED, 2)
    assert (once, shown(once), state_of(once, 2)) == (P.APPROVED_ONCE, W.ANNOTATED, S.APPROVED_ONCE)
    assert progressed(state_of(once, 2), W.APPROVED, 2) is P.APPROVED


def test_work_on_what_was_returned_stays_returned() -> None:
    again = progressed(S.RETURNED, W.OPENED, 1)
    assert (again, shown(again), state_of(again, 1)) == (P.REOPENED, W.OPENED, S.RETURNED)


@given(st.lists(st.sampled_from(P), min_size=1), st.booleans(), st.sampled_from(REVIEWS))
def test_a_task_is_no_further_than_anybody(everyone: list[Progress], waiting: bool, reviews: int) -> None:
    state, word = least_advanced(everyone, waiting=waiting, reviews=reviews)
    least = min(RANK[state_of(one, reviews)] for one in everyone)
    if waiting:
        assert RANK[state] == min(least, RANK[S.RETURNED]) or (state, word) == (S.STARTED, W.OPENED)
        assert RANK[state] <= RANK[S.RETURNED]
    else:
        assert RANK[state] == least
        assert any((state_of(one, reviews), shown(one)) == (state, word) for one in everyone)
