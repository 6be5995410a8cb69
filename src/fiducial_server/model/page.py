"""Pages by key: a page starts after the last row of the one before, so no query grows with what lies outside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

Key = tuple[int | str | float | None, ...]


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows in order, and the key of the last one when more follow (None at the end)."""

    rows: Sequence[T]
    next_key: Key | None = None
