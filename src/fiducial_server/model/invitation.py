"""Invitations: somebody who is no user yet, and what they will be when they accept."""

from __future__ import annotations

from dataclasses import dataclass

from fiducial_server.model.member import Member
from fiducial_server.model.user import User


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """What is asked for. An annotation set without a project means the set's own project."""

    email: str
    firstname: str | None = None
    lastname: str | None = None
    return_url: str | None = None
    project_id: str | None = None
    project_roles: tuple[str, ...] = ()
    annotation_set_id: str | None = None


@dataclass(frozen=True, slots=True)
class Invitation:
    """One invitation as it is kept. It is open until it is accepted, revoked (also by a later one) or expired."""

    id: str
    email: str
    created_at: int
    created_by: str
    expires_at: int
    firstname: str | None = None
    lastname: str | None = None
    return_url: str | None = None
    project_id: str | None = None
    project_roles: tuple[str, ...] = ()
    annotation_set_id: str | None = None
    accepted_at: int | None = None
    revoked_at: int | None = None

    def is_open(self, at: int) -> bool:
        return self.accepted_at is None and self.revoked_at is None and at < self.expires_at


@dataclass(frozen=True, slots=True)
class Invited:
    """What came of inviting an address: a member at once (a user already), or an invitation.

    ``link`` holds the secret and is here once and nowhere else; None where the address had an open invitation already.
    """

    email: str
    invitation: Invitation | None = None
    link: str | None = None
    member: Member | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The new user, and their first API key, which is shown this once."""

    user: User
    api_key: str
    project_ids: tuple[str, ...]
    return_url: str | None
