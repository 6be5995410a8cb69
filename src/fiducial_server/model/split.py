"""Which part of a project's data an item is in, and was in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Split:
    """One assignment, from ``created_at`` on until ``ended_at`` (us; None: it still stands)."""

    id: str
    project_id: str
    item_id: str
    split_name: str
    created_at: int
    created_by: str
    ended_at: int | None = None
    ended_by: str | None = None
