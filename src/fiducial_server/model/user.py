"""Users and their credentials. Secrets are never here: the store keeps hashes only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class User:
    id: str
    organization_id: str
    email: str
    firstname: str | None
    lastname: str | None
    roles: tuple[str, ...]
    created_at: int
    disabled_at: int | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    """An API key, SSH public key or token. ``prefix`` is the part of a key that may be shown again."""

    id: str
    user_id: str
    kind: str
    title: str
    prefix: str
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    scopes: tuple[str, ...] = ()
