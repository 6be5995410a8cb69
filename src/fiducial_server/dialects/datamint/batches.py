"""Small files that came at the same time are received together, by few threads.

A thread per request would spend as much on handing the interpreter over as on the work: with eight connections a file costs
hundreds of such hand-overs. Here :data:`THREADS` threads each take what waits; while one waits for the disk, the next works.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from fiducial.errors import Unavailable
from fiducial_server.dialects.datamint.call import Call
from fiducial_server.dialects.datamint.intake import Form
from fiducial_server.services.uploads import UploadFacts, Uploads

THREADS = 2
MOST = 16
"""Files in one batch."""
LINGER_S = 0.003
"""How long a batch waits for files that are arriving: less than the waits for the disk that it then shares."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A form that came whole: whose it is, what its fields say, and where its answer goes."""

    key: str
    """The key that came with it: the same key is looked up once for a batch."""
    call: Callable[[], Call]
    known: Callable[[Call], None]
    """Told who it is, when the key was looked up for another."""
    form: Form
    facts: Callable[[Form], UploadFacts]
    answer: Callable[[str], Response]
    """The response, from the new item's id."""
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Response]


class Batches:
    """``submit`` from the event loop; the answer comes as a future. ``close`` ends the threads after what waits."""

    def __init__(self, uploads: Uploads, origin: str, threads: int = THREADS) -> None:
        self._uploads = uploads
        self._origin = origin
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._run, name=f"fiducial-in-{n}", daemon=True) for n in range(threads)
        ]
        self._started = False
        self._closed = False
        self.arriving = 0
        """Requests whose body is on its way; counted by the event loop."""

    def submit(self, waiting: Waiting) -> asyncio.Future[Response]:
        if self._closed:
            raise Unavailable("the server is stopping")
        if not self._started:
            self._started = True
            for thread in self._threads:
                thread.start()
        self._queue.put(waiting)
        return waiting.future

    def close(self) -> None:
        self._closed = True
        for _ in self._threads:
            self._queue.put(None)
        if self._started:
            for thread in self._threads:
                thread.join()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            batch, ended = self._gather(first)
            _deliver(batch, self._serve(batch))
            if ended:
                return

    def _gather(self, first: Waiting) -> tuple[list[Waiting], bool]:
        batch, end = [first], time.monotonic() + LINGER_S
        while len(batch) < MOST:
            left = end - time.monotonic() if self.arriving else 0.0
            try:
                waiting = self._queue.get(timeout=left) if left > 0 else self._queue.get_nowait()
            except queue.Empty:
                break
            if waiting is None:
                return batch, True
            batch.append(waiting)
        return batch, False

    def _serve(self, batch: Sequence[Waiting]) -> list[Response | BaseException]:
        outcomes: list[Response | BaseException | None] = [None] * len(batch)
        sent = []
        calls: dict[str, Call] = {}
        for number, waiting in enumerate(batch):
            try:
                if waiting.key not in calls:
                    calls[waiting.key] = waiting.call()
                waiting.known(calls[waiting.key])
                actor = calls[waiting.key].actor
                sent.append((number, (actor, waiting.form.intake.flush(), waiting.facts(waiting.form))))
            except Exception as error:
                waiting.form.intake.discard()
                outcomes[number] = error
        try:
            made = self._uploads.receive_many([entry for _, entry in sent], origin=self._origin)
        except BaseException as error:  # nobody may be left waiting
            made = [error] * len(sent)
        for (number, _), item in zip(sent, made, strict=True):
            outcomes[number] = item if isinstance(item, BaseException) else batch[number].answer(item.id)
        return [outcome if outcome is not None else AssertionError("unreachable") for outcome in outcomes]


def _deliver(batch: Sequence[Waiting], outcomes: Sequence[Response | BaseException]) -> None:
    """One call into each event loop for all its answers."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Response], Response | BaseException]]] = {}
    for waiting, outcome in zip(batch, outcomes, strict=True):
        by_loop.setdefault(waiting.loop, []).append((waiting.future, outcome))
    for loop, answers in by_loop.items():
        loop.call_soon_threadsafe(_settle, answers)


def _settle(answers: Sequence[tuple[asyncio.Future[Response], Response | BaseException]]) -> None:
    for future, outcome in answers:
        if future.done():  # its connection is gone; what was acknowledged to nobody stays, as one-phase uploads do
            continue
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
