"""Small files are received by few threads, which wait for nothing.

A thread per request would spend as much on handing the interpreter over as on the work: with eight connections a file costs
hundreds of such hand-overs. Here :data:`THREADS` threads look at what came; the waits for the disk and the database go on
elsewhere (:meth:`~fiducial_server.services.uploads.Uploads.begin_receive`), and the answer goes back to the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response

from fiducial.errors import Unavailable
from fiducial_server.dialects.datamint.call import Call
from fiducial_server.dialects.datamint.intake import Form
from fiducial_server.model.item import Item
from fiducial_server.services.uploads import UploadFacts, Uploads

THREADS = 2


@dataclass(frozen=True, slots=True)
class Waiting:
    """A form that came whole: whose it is, what its fields say, and where its answer goes."""

    call: Callable[[], Call]
    form: Form
    facts: Callable[[Form], UploadFacts]
    answer: Callable[[str], Response]
    """The response, from the new item's id."""
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Response]

    def told(self, outcome: Item | BaseException) -> None:
        """From any thread. A loop that has ended took whoever asked with it."""
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self._settle, outcome)

    def _settle(self, outcome: Item | BaseException) -> None:
        if self.future.done():  # its connection is gone; what was acknowledged to nobody stays, as one-phase uploads do
            return
        if isinstance(outcome, BaseException):
            self.future.set_exception(outcome)
        else:
            self.future.set_result(self.answer(outcome.id))


class SmallFiles:
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
        while (waiting := self._queue.get()) is not None:
            intake = waiting.form.intake
            try:
                actor, facts = waiting.call().actor, waiting.facts(waiting.form)
                spool = intake.flush()
            except BaseException as error:
                intake.discard()
                waiting.told(error)
            else:
                self._uploads.begin_receive(actor, spool, facts, waiting.told, origin=self._origin)
