"""Who is asking. Every service takes an actor first; the organization comes from nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fiducial.errors import Forbidden


class Role(StrEnum):
    """Roles of a user in an organization."""

    ADMIN = "admin"
    """Everything, users and keys included."""
    MEMBER = "member"
    """Upload, label, manage own projects."""
    VIEWER = "viewer"
    """Read only."""


@dataclass(frozen=True, slots=True)
class Actor:
    """An authenticated user acting in one organization."""

    organization_id: str
    user_id: str
    email: str
    roles: frozenset[str]
    credential_id: str | None = None

    @property
    def is_admin(self) -> bool:
        return Role.ADMIN in self.roles

    def require_admin(self, doing: str) -> None:
        """Raise Forbidden unless the actor is an administrator; ``doing`` completes "only administrators may ..."."""
        if not self.is_admin:
            raise Forbidden(f"only administrators may {doing}; {self.email} is not one")

    def require_writer(self, doing: str) -> None:
        """Raise Forbidden when the actor may only look."""
        if not (self.roles & {Role.ADMIN, Role.MEMBER}):
            raise Forbidden(f"{self.email} may only look, not {doing}")
