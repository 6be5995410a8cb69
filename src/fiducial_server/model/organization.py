"""What everything belongs to, and nothing crosses."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Organization:
    """A team with its users, images and labels. ``created_at`` is in us; names need not be unique."""

    id: str
    name: str
    created_at: int
