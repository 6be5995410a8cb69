"""The shapes of lists that old and new clients both read, as bytes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from starlette.responses import Response, StreamingResponse

_encoder = msgspec.json.Encoder()


def json(value: Any, status: int = 200) -> Response:
    """``value`` as a JSON answer."""
    return Response(_encoder.encode(value), status, media_type="application/json")


def done() -> Response:
    """Nothing to tell: an empty object, because some callers insist on reading JSON."""
    return Response(b"{}", media_type="application/json")


def array(pages: Iterable[Sequence[Any]]) -> Response:
    """A bare JSON array that never is in memory as a whole. What the first page raises is answered before it begins."""
    rest = iter(pages)
    first = next(rest, ())
    return StreamingResponse(_array(itertools.chain((first,), rest)), media_type="application/json")


def _array(pages: Iterator[Sequence[Any]]) -> Iterator[bytes]:
    before = b"["
    for page in pages:
        if page:
            yield before + _encoder.encode(page)[1:-1]
            before = b","
    yield b"[]" if before == b"[" else b"]"


def listed(rows: Sequence[Any], total: int, exact: bool = True) -> Response:
    """``{"data": [...], "totalCount": N}``; where ``exact`` is false there are at least ``total``."""
    return json({"data": rows, "totalCount": total, "totalCountIsExact": exact})


def wrapped(name: str, rows: Sequence[Any], total: int, exact: bool = True) -> Response:
    """``{"data": [{name: [...]}], "totalCount": N}``, the wrapper present even when there is nothing."""
    return json({"data": [{name: rows}], "totalCount": total, "totalCountIsExact": exact})
