"""Bytes as an answer: one range at a time (RFC 9110, 14), an ETag that is the content's SHA-256, a safe file name."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Protocol, TypeVar
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.responses import Response, StreamingResponse

from fiducial_server.dialects.datamint.errors import refusal

T = TypeVar("T")


class Content(Protocol):
    """Bytes that can be read from any place (the services' ``Content``)."""

    @property
    def size(self) -> int: ...
    @property
    def mimetype(self) -> str: ...
    @property
    def filename(self) -> str: ...
    @property
    def sha256(self) -> str: ...

    def read(self, start: int, length: int | None, /) -> Iterator[bytes]: ...


_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """(start, length) of a single range that lies in ``size`` bytes; None to send everything (no or several ranges).

    Raises IndexError when the range lies outside.
    """
    match = _RANGE.fullmatch((header or "").replace(" ", ""))
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        length = min(int(last), size)
        if length == 0:
            raise IndexError(header)
        return size - length, length
    start = int(first)
    if start >= size:
        raise IndexError(header)
    end = min(int(last), size - 1) if last else size - 1
    return None if end < start else (start, end - start + 1)


def disposition(filename: str) -> str:
    """``Content-Disposition`` that no file name can break out of (RFC 6266, with the RFC 8187 form beside it)."""
    plain = re.sub(r"[^A-Za-z0-9._ +()-]", "_", filename) or "file"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def send(content: Content, headers: Headers, mimetype: str | None = None) -> Response:
    """The content, or the asked range of it, or 304 when the caller has it, or 416."""
    etag = f'"{content.sha256}"'
    about = {"ETag": etag, "Accept-Ranges": "bytes", "Cache-Control": "private, no-cache"}
    if _matches(headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=about)
    try:
        wanted = parse_range(headers.get("range"), content.size) if headers.get("if-range", etag) == etag else None
    except IndexError:
        response = refusal(416, f"the range {headers['range'][:80]} lies outside of the {content.size} bytes")
        response.headers["Content-Range"] = f"bytes */{content.size}"
        return response
    start, length = wanted or (0, content.size)
    about |= {"Content-Length": str(length), "Content-Disposition": disposition(content.filename)}
    about |= {"X-Content-Type-Options": "nosniff"}
    if wanted:
        about["Content-Range"] = f"bytes {start}-{start + length - 1}/{content.size}"
    pieces = iter(content.read(start, length)) if length else iter(())
    # The first piece is read before the status is sent: bytes that are gone answer as an error, not as a cut body.
    first = next(pieces, b"")
    return StreamingResponse(_joined(first, pieces), 206 if wanted else 200, about, mimetype or content.mimetype)


def begun(entries: Iterator[T]) -> Iterator[T]:
    """The same entries, the first of them made already: what is wrong with it is raised here, before anything is sent."""
    return itertools.chain(list(itertools.islice(entries, 1)), entries)


def _joined(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _matches(header: str | None, etag: str) -> bool:
    if not header:
        return False
    return header.strip() == "*" or etag in {tag.strip().removeprefix("W/") for tag in header.split(",")}
