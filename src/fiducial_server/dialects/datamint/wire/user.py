"""Users and ourselves."""

from __future__ import annotations

from typing import Any

from fiducial_server.dialects.datamint.wire.moment import moment
from fiducial_server.model.actor import Actor
from fiducial_server.model.user import User


def user(value: User) -> dict[str, Any]:
    """A user; this dialect's id of one is the e-mail address."""
    return {
        "id": value.email,
        "email": value.email,
        "firstname": value.firstname,
        "lastname": value.lastname,
        "roles": list(value.roles),
        "customer_id": value.organization_id,
        "created_at": moment(value.created_at),
        "user_id": value.id,
        "disabled": value.disabled_at is not None,
    }


def whoami(actor: Actor) -> dict[str, Any]:
    """Who the key belongs to."""
    return {
        "email": actor.email,
        "user_id": actor.user_id,
        "customer_id": actor.organization_id,
        "roles": sorted(str(role) for role in actor.roles),
    }
