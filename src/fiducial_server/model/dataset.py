"""A dataset: an ordered set of links to items. Every project has one of its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dataset:
    """``item_count`` counts the items that are not deleted."""

    id: str
    name: str
    created_at: int
    created_by: str
    updated_at: int
    description: str | None = None
    deleted_at: int | None = None
    item_count: int = 0


@dataclass(frozen=True, slots=True)
class DataRow:
    """One item in one dataset; ``position`` is its place from 0."""

    id: str
    dataset_id: str
    item_id: str
    position: int
