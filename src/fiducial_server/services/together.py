"""Writes that wait at the same time are done together: one transaction, few statements, one wait for the disk."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from fiducial.errors import Unavailable

log = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")

MOST = 64
THREADS = 4
"""Organizations that are served side by side."""

Done = Callable[[R | BaseException], None]


class Together(Generic[T, R]):
    """Runs ``record(organization_id, entries)`` for what waits, one round after the other in each organization.

    ``record`` gives a result or an exception for each entry, in order. What comes while a round runs makes the next one, so
    nobody waits for others to come, and the more there is to do, the less each entry costs. When a round of several
    fails as a whole, each entry is tried alone, so that only the guilty one is refused.
    """

    def __init__(
        self,
        record: Callable[[str, Sequence[T]], Sequence[R | BaseException]],
        most: int = MOST,
        threads: int = THREADS,
    ) -> None:
        self._record = record
        self._most = most
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="fiducial-together")
        self._lock = threading.Lock()
        self._queues: dict[str, deque[tuple[T, Done[R]]]] = {}
        self._closed = False

    def submit(self, organization_id: str, entry: T) -> R:
        """The entry's result, once its round is over; raises its exception."""
        outcome: Future[R | BaseException] = Future()
        self.begin(organization_id, entry, outcome.set_result)
        result = outcome.result()
        if isinstance(result, BaseException):
            raise result
        return result

    def begin(self, organization_id: str, entry: T, done: Done[R]) -> None:
        """As :meth:`submit`, without waiting: ``done`` is called in another thread, and must be quick and not raise."""
        with self._lock:
            if self._closed:
                raise Unavailable("the server is stopping")
            queue = self._queues.get(organization_id)
            if queue is not None:
                queue.append((entry, done))
                return
            self._queues[organization_id] = deque([(entry, done)])
        self._threads.submit(self._serve_all, organization_id)

    def close(self) -> None:
        """After what was submitted is done."""
        with self._lock:
            self._closed = True
        self._threads.shutdown(wait=True)

    def _serve_all(self, organization_id: str) -> None:
        while round_ := self._next_round(organization_id):
            for (_, done), outcome in zip(round_, self._serve(organization_id, round_), strict=True):
                try:
                    done(outcome)
                except Exception:  # one that cannot be told must not stop those behind it
                    log.exception("somebody could not be told what became of their entry")

    def _next_round(self, organization_id: str) -> list[tuple[T, Done[R]]]:
        with self._lock:
            queue = self._queues[organization_id]
            round_ = [queue.popleft() for _ in range(min(len(queue), self._most))]
            if not round_:
                del self._queues[organization_id]
            return round_

    def _serve(self, organization_id: str, round_: Sequence[tuple[T, Done[R]]]) -> list[R | BaseException]:
        try:
            return list(self._record(organization_id, [entry for entry, _ in round_]))
        except BaseException as error:  # nobody may be left waiting
            if len(round_) == 1:
                return [error]
            return [outcome for one in round_ for outcome in self._serve(organization_id, [one])]
