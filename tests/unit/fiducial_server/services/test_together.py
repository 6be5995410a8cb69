"""What waits together is written together, and one bad entry is refused alone."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from fiducial.errors import Unavailable
from fiducial_server.services.bookmarks import Bookmarks
from fiducial_server.services.together import Together


def test_those_that_come_meanwhile_share_the_next_round() -> None:
    rounds: list[list[int]] = []
    first_is_in, go_on = threading.Event(), threading.Event()

    def record(_org: str, entries: Sequence[int]) -> list[int | BaseException]:
        rounds.append(list(entries))
        if entries == [0]:
            first_is_in.set()
            assert go_on.wait(30)
        return [entry * 10 for entry in entries]

    together: Together[int, int] = Together(record)
    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(together.submit, "o", 0)
        assert first_is_in.wait(30)
        others = [pool.submit(together.submit, "o", n) for n in range(1, 6)]
        while len(together._queues["o"]) < 5:  # the first is out of the queue, in its round
            os.sched_yield()
        go_on.set()
        assert [first.result(30), *(other.result(30) for other in others)] == [0, 10, 20, 30, 40, 50]
    assert [sorted(r) for r in rounds] == [[0], [1, 2, 3, 4, 5]]
    together.close()
    assert together._queues == {}
    with pytest.raises(Unavailable):
        together.submit("o", 1)


def test_a_round_that_fails_is_tried_one_by_one() -> None:
    def record(_org: str, entries: Sequence[int]) -> list[int | BaseException]:
        if 3 in entries:
            raise ValueError("three")
        return [KeyError("four") if entry == 4 else entry for entry in entries]

    together: Together[int, int] = Together(record)

    def attempt(n: int) -> object:
        try:
            return together.submit("o", n)
        except (ValueError, KeyError) as refused:
            return type(refused)

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(64)))
    assert outcomes == [ValueError if n == 3 else KeyError if n == 4 else n for n in range(64)]


def test_one_who_cannot_be_told_does_not_stop_the_others() -> None:
    def refuses(_outcome: int | BaseException) -> None:
        raise RuntimeError("nobody is here any more")

    together: Together[int, int] = Together(lambda _org, entries: list(entries))
    together.begin("o", 1, refuses)
    assert together.submit("o", 2) == 2
    together.close()


def test_organizations_do_not_wait_for_each_other() -> None:
    inside, go_on = threading.Event(), threading.Event()

    def record(org: str, entries: Sequence[int]) -> list[int | BaseException]:
        if org == "slow":
            inside.set()
            assert go_on.wait(30)
        return list(entries)

    together: Together[int, int] = Together(record)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(together.submit, "slow", 1)
        assert inside.wait(30)
        assert together.submit("quick", 2) == 2
        go_on.set()
        assert slow.result(30) == 1


def test_rounds_are_bounded() -> None:
    largest: list[int] = []

    def record(_org: str, entries: Sequence[int]) -> list[int | BaseException]:
        largest.append(len(entries))
        return list(entries)

    together: Together[int, int] = Together(record, most=4)
    with ThreadPoolExecutor(16) as pool:
        assert sorted(pool.map(lambda n: together.submit("o", n), range(200))) == list(range(200))
    assert max(largest) <= 4


def test_bookmarks_forget() -> None:
    now = [0.0]
    marks = Bookmarks(capacity=2, lifetime_s=60, monotonic=lambda: now[0])
    marks.put("o", "items", "f", 10, ("k", 1))
    assert marks.get("o", "items", "f", 10) == ("k", 1)
    for place in (("p", "items", "f", 10), ("o", "labels", "f", 10), ("o", "items", "g", 10), ("o", "items", "f", 11)):
        assert marks.get(*place) is None
    now[0] = 61
    assert marks.get("o", "items", "f", 10) is None
    for n in range(5):
        marks.put("o", "items", "f", n, ("k", n))
    assert len(marks) == 2
    with pytest.raises(TypeError):
        marks.get("o", "items", {}, 1)  # type: ignore[arg-type]
