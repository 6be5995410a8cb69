"""Invitations, and what came of inviting and accepting."""

from __future__ import annotations

from typing import Any

from fiducial_server.dialects.datamint.wire.moment import moment
from fiducial_server.dialects.datamint.wire.user import user
from fiducial_server.model.invitation import Accepted, Invitation, Invited


def invitation(value: Invitation) -> dict[str, Any]:
    """An open invitation; its link is told once only, to who made it."""
    return {
        "id": value.id,
        "email": value.email,
        "firstname": value.firstname,
        "lastname": value.lastname,
        "status": "pending",
        "project_id": value.project_id,
        "project_roles": list(value.project_roles),
        "annotation_worklist_id": value.annotation_set_id,
        "return_url": value.return_url,
        "created_at": moment(value.created_at),
        "created_by": value.created_by,
        "expires_at": moment(value.expires_at),
    }


def invited(value: Invited) -> dict[str, Any]:
    """``status`` is ``pending`` with a ``link``, or ``member`` for somebody who is a user already."""
    if value.member is not None:
        return {
            "email": value.email,
            "status": "member",
            "user_id": value.member.user_id,
            "project_id": value.member.project_id,
            "project_roles": list(value.member.roles),
            "link": None,
            "message": f"{value.email} is a user already, and is now a member of the project",
        }
    assert value.invitation is not None
    told = "give the link to them: no mail is sent, and it is shown this once"
    if value.link is None:
        told = "they have an open invitation already, whose link stays as it is"
    return {**invitation(value.invitation), "link": value.link, "message": told}


def accepted(value: Accepted) -> dict[str, Any]:
    """The new user, and their first key."""
    return {
        "user": user(value.user),
        "api_key": value.api_key,
        "project_ids": list(value.project_ids),
        "return_url": value.return_url,
    }
