"""A user's place in a project."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Member:
    project_id: str
    user_id: str
    email: str
    roles: tuple[str, ...]
    status: str
    created_at: int
    firstname: str | None = None
    lastname: str | None = None
    expertise_level: str | None = None
