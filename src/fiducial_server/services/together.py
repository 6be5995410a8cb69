"""Writes that wait at the same time are done together: one transaction, few statements, one wait for the disk."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

MOST = 64
LINGER_S = 0.004
"""How long a round waits for entries that are announced: about what its own commit takes."""


class _Waiting(Generic[T, R]):
    """One caller. ``turn`` ends with True when the caller is to lead the next round, with False when it was served."""

    __slots__ = ("entry", "result", "turn")

    def __init__(self, entry: T) -> None:
        self.entry = entry
        self.turn: Future[bool] = Future()
        self.result: R | BaseException | None = None


class Together(Generic[T, R]):
    """``submit`` blocks until ``record(organization_id, entries)`` has run for a group that holds the entry.

    ``record`` gives a result or an exception for each entry, in order. The first caller leads a round; when it is over, the
    first of those that came meanwhile leads the next, so nobody works for others for longer than one round. When a
    round of several fails as a whole, each entry is tried alone, so that only the guilty one is refused.

    Who is about to submit can say so with :meth:`coming`; a round then waits a moment for them. Few large rounds cost far
    less than many small ones, and nobody waits when nobody comes.
    """

    def __init__(
        self,
        record: Callable[[str, Sequence[T]], Sequence[R | BaseException]],
        most: int = MOST,
        linger_s: float = LINGER_S,
    ) -> None:
        self._record = record
        self._most = most
        self._linger_s = linger_s
        self._lock = threading.Condition()
        self._coming: Counter[str] = Counter()
        self._queues: dict[str, deque[_Waiting[T, R]]] = {}

    @contextmanager
    def coming(self, organization_id: str) -> Iterator[Callable[[], None]]:
        """Announce an entry. Call what this gives when it is submitted; leaving the block takes the announcement back."""
        with self._lock:
            self._coming[organization_id] += 1
        here = False

        def arrived() -> None:
            nonlocal here
            if not here:
                here = True
                with self._lock:
                    self._coming[organization_id] -= 1
                    self._lock.notify_all()

        try:
            yield arrived
        finally:
            arrived()

    def submit(self, organization_id: str, entry: T, arrived: Callable[[], None] | None = None) -> R:
        """The entry's result; raises its exception. ``arrived`` is what :meth:`coming` gave for it."""
        mine: _Waiting[T, R] = _Waiting(entry)
        with self._lock:
            if arrived is not None:
                arrived()
            queue = self._queues.get(organization_id)
            if queue is None:  # nobody leads
                self._queues[organization_id] = deque()
                round_ = [mine]
            else:
                queue.append(mine)
                round_ = []
        if round_ or mine.turn.result():
            self._lead(organization_id, mine, round_)
        if isinstance(mine.result, BaseException):
            raise mine.result
        return mine.result  # type: ignore[return-value]  # set for every entry of a round

    def submit_many(self, organization_id: str, entries: Sequence[T]) -> list[R | BaseException]:
        """A round that the caller has gathered already: a result or an exception for each entry, in order."""
        round_: list[_Waiting[T, R]] = [_Waiting(entry) for entry in entries]
        if round_:
            self._serve(organization_id, round_)
        return [waiting.result for waiting in round_]  # type: ignore[misc]  # set for every entry of a round

    def _lead(self, organization_id: str, mine: _Waiting[T, R], round_: list[_Waiting[T, R]]) -> None:
        with self._lock:
            queue = self._queues[organization_id]
            round_ = round_ or [mine]
            self._lock.wait_for(
                lambda: not self._coming[organization_id] or len(queue) + len(round_) >= self._most, self._linger_s
            )
            while queue and len(round_) < self._most:
                round_.append(queue.popleft())
        try:
            self._serve(organization_id, round_)
        finally:
            self._hand_over(organization_id)
            for waiting in round_:
                if waiting is not mine:
                    waiting.turn.set_result(False)

    def _hand_over(self, organization_id: str) -> None:
        with self._lock:
            queue = self._queues[organization_id]
            if queue:
                queue.popleft().turn.set_result(True)
            else:
                del self._queues[organization_id]

    def _serve(self, organization_id: str, round_: Sequence[_Waiting[T, R]]) -> None:
        try:
            results = self._record(organization_id, [waiting.entry for waiting in round_])
        except BaseException as error:
            if len(round_) > 1:
                for waiting in round_:
                    self._serve(organization_id, [waiting])
                return
            round_[0].result = error
            return
        for waiting, result in zip(round_, results, strict=True):
            waiting.result = result
