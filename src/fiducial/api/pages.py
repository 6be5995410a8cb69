"""Lists arrive in pages: how their shapes are told apart, and how a page becomes entities in one go."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from pydantic import TypeAdapter
from pydantic_core import from_json

from fiducial.errors import Damaged

T = TypeVar("T")
PAGE_LIMIT = 5000

FetchPage = Callable[[int, int], bytes]
"""(offset, limit) to the body of that page."""


def rows_of(body: bytes, name: str) -> list[Any]:
    """The list in a page's body: bare, in ``data`` or ``items``, or wrapped once more as ``data[0][name]``.

    A wrapped list is told by ``totalCount`` and by ``name`` being the row's only key.
    """
    content = from_json(body)
    if isinstance(content, dict):
        rows = content.get("data", content.get("items"))
        if isinstance(rows, list) and len(rows) == 1 and "totalCount" in content and _is_wrapper(rows[0], name):
            rows = rows[0][name]
    else:
        rows = content
    if not isinstance(rows, list):
        raise Damaged(f"the server's answer holds no list of {name}")
    return rows


def _is_wrapper(row: Any, name: str) -> bool:
    return isinstance(row, dict) and set(row) == {name} and isinstance(row[name], list)


def parse_rows(adapter: TypeAdapter[list[T]], body: bytes, name: str) -> list[T]:
    """All rows of a page, validated in one go.

    Garbage collection waits: it is most of the time of making thousands of objects. Parsing first and validating the rows
    is faster than ``validate_json``, which would parse rows twice to choose each row's class (5,000 rows: 84 ms, 114 ms).
    """
    with _no_collection():
        return adapter.validate_python(rows_of(body, name))


@contextmanager
def _no_collection() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def all_rows(fetch: FetchPage, parse: Callable[[bytes], Sequence[T]], limit: int | None = None) -> list[T]:
    """Pages until a short one, or until ``limit`` rows are there."""
    rows: list[T] = []
    while limit is None or len(rows) < limit:
        wanted = PAGE_LIMIT if limit is None else min(PAGE_LIMIT, limit - len(rows))
        page = parse(fetch(len(rows), wanted))
        rows.extend(page)
        if len(page) < wanted:
            break
    return rows if limit is None else rows[:limit]
