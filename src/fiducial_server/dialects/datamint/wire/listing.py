"""The shapes of lists that old and new clients both read, as bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.responses import Response

_encoder = msgspec.json.Encoder()


def json(value: Any, status: int = 200) -> Response:
    """``value`` as a JSON answer."""
    return Response(_encoder.encode(value), status, media_type="application/json")


def done() -> Response:
    """Nothing to tell: an empty object, because some callers insist on reading JSON."""
    return Response(b"{}", media_type="application/json")


def listed(rows: Sequence[Any], total: int, exact: bool = True) -> Response:
    """``{"data": [...], "totalCount": N}``; where ``exact`` is false there are at least ``total``."""
    return json({"data": rows, "totalCount": total, "totalCountIsExact": exact})


def wrapped(name: str, rows: Sequence[Any], total: int, exact: bool = True) -> Response:
    """``{"data": [{name: [...]}], "totalCount": N}``, the wrapper present even when there is nothing."""
    return json({"data": [{name: rows}], "totalCount": total, "totalCountIsExact": exact})
