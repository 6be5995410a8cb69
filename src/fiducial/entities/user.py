"""A user."""

from __future__ import annotations

from fiducial.entities.base_entity import BaseEntity


class User(BaseEntity):
    """Somebody with an account. The e-mail address is the id."""

    email: str
    firstname: str | None
    lastname: str | None
    roles: list[str]
    customer_id: str
    """The organization."""
    created_at: str
    """ISO 8601."""
