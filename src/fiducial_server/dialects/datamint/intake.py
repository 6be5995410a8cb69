"""A file part on its way from the socket into a spool.

Pieces gather in memory up to :data:`GATHER_BYTES` and are then written in a thread; so a small file costs one hop into a
thread for everything, and a large one never more memory than this.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.types import Receive, Scope

from fiducial.errors import Invalid, TooLarge
from fiducial_server.dialects.datamint.multipart import FORM_BYTES, FileHead, FormParser, boundary_of
from fiducial_server.storage.base import Spool

GATHER_BYTES = 1 << 20
IDLE_S = 60.0
"""Seconds without one byte of the body after which the request is given up."""
_EPILOGUE = 2


@dataclass(slots=True)
class Intake:
    """``begin`` opens a spool; ``limit`` is the most bytes that the file may have."""

    begin: Callable[[], Spool]
    limit: int
    size: int = 0
    _spool: Spool | None = None
    _pending: list[bytes] = field(default_factory=list)
    _gathered: int = 0

    def add(self, piece: bytes) -> bool:
        """Take a piece; True when it is time to :meth:`flush`. TooLarge as soon as the file is over the limit."""
        self.size += len(piece)
        if self.size > self.limit:
            raise TooLarge(f"the file is over the limit of {self.limit} bytes", limit=self.limit)
        self._pending.append(piece)
        self._gathered += len(piece)
        return self._gathered >= GATHER_BYTES

    def flush(self) -> Spool:
        """Write what has gathered (blocking), and give the spool."""
        if self._spool is None:
            self._spool = self.begin()
        if self._pending:
            self._spool.write(self._pending[0] if len(self._pending) == 1 else b"".join(self._pending))
            self._pending.clear()
            self._gathered = 0
        return self._spool

    @property
    def is_small(self) -> bool:
        """Whether all of the file is still in memory."""
        return self._spool is None

    def discard(self) -> None:
        """Leave nothing; harmless when the spool was kept."""
        self._pending.clear()
        if self._spool is not None:
            self._spool.discard()


@dataclass(frozen=True, slots=True)
class Form:
    """A form that came whole. The file's bytes are in the intake, the last of them not yet written."""

    intake: Intake
    head: FileHead
    fields: dict[str, str]
    path: Mapping[str, str]
    """The ids in the request's path."""


async def take_form(scope: Scope, receive: Receive, part: str, intake: Intake, threads: Executor) -> Form:
    """Read the whole body. Whatever goes wrong is raised, and the caller discards the intake."""
    headers = Headers(scope=scope)
    declared = _declared_length(headers)
    if declared is not None and declared > intake.limit + FORM_BYTES:
        raise TooLarge(
            f"Content-Length is {declared} bytes, over the limit of {intake.limit} bytes", limit=intake.limit
        )
    parser = FormParser(boundary_of(headers.get("content-type")), part)
    loop, received = asyncio.get_running_loop(), 0
    async for chunk in body_pieces(receive):
        received += len(chunk)
        for piece in parser.feed(chunk):
            if intake.add(piece):
                await loop.run_in_executor(threads, intake.flush)
        if declared is not None and declared - received > _EPILOGUE and parser.ended:
            raise Invalid(f"Content-Length says {declared} bytes, but the multipart body ended after {received}")
    parser.finish()
    assert parser.head is not None
    return Form(intake, parser.head, parser.fields, scope.get("path_params", {}))


def _declared_length(headers: Headers) -> int | None:
    text = headers.get("content-length")
    return int(text) if text and text.isdigit() else None


async def body_pieces(receive: Receive) -> AsyncIterator[bytes]:
    """The body's pieces as the server has them; Invalid when the connection ends or stops giving bytes before that."""
    try:
        async with asyncio.timeout(IDLE_S) as idle:
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise Invalid("the connection was closed before the body was whole")
                idle.reschedule(asyncio.get_running_loop().time() + IDLE_S)
                if piece := message.get("body"):
                    yield piece
                if not message.get("more_body"):
                    return
    except TimeoutError:
        raise Invalid(f"the body stopped arriving: no byte for {IDLE_S:g} s") from None
