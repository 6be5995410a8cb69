# ruff: noqa: PLR0917 - documented signatures have many positional parameters
"""Users; their id is their e-mail address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx

from fiducial.api.base_api import ApiConfig
from fiducial.api.entity_base_api import CreatableEntityApi, without_none
from fiducial.entities.user import User

if TYPE_CHECKING:
    from fiducial.api.client import Api
    from fiducial.entities.project import Project


class UsersApi(CreatableEntityApi[User]):
    """Calls around users."""

    def __init__(self, config: ApiConfig, client: httpx.Client | None = None, root: Api | None = None) -> None:
        super().__init__(config, User, "users", client, root)

    def create(  # type: ignore[override]
        self,
        email: str,
        password: str | None = None,
        firstname: str | None = None,
        lastname: str | None = None,
        roles: Sequence[str] | None = None,
        *,
        return_entity: bool = True,
        exists_ok: bool = False,
    ) -> Any:
        """Make a user (administrators only): the user, or the e-mail address."""
        payload = {
            "email": email,
            "password": password,
            "firstname": firstname,
            "lastname": lastname,
            "roles": None if roles is None else list(roles),
        }
        self._create(payload, return_entity=False, exists_ok=exists_ok)
        return self.get_by_email(email) if return_entity else email

    def _created(self, answer: Any, return_entity: bool) -> str:
        return ""

    def get_by_id(self, entity_id: str) -> User:
        """The user of that e-mail address."""
        return self._parse_one(self._request("GET", _user_path(entity_id)).content)

    def get_by_email(self, email: str) -> User:
        """The same as :meth:`get_by_id`."""
        return self.get_by_id(email)

    def update_user(self, email: str, **kwargs: Any) -> None:
        """Change ``firstname``, ``lastname``, ``roles`` or ``password``."""
        self._request("PATCH", _user_path(email), json=kwargs)

    def delete_user(self, email: str) -> None:
        """Close the account; what the user did stays."""
        self._request("DELETE", _user_path(email))

    # ---- invitations

    def invite(
        self,
        email: str,
        firstname: str | None = None,
        lastname: str | None = None,
        return_url: str | None = None,
        project: str | Project | None = None,
        project_roles: Sequence[str] | None = None,
        annotation_worklist_id: str | None = None,
    ) -> dict[str, Any]:
        """Invite somebody, into a project with roles or into a worklist if given; the server's answer."""
        body = {
            "email": email,
            "firstname": firstname,
            "lastname": lastname,
            "return_url": return_url,
            "project_id": None if project is None else self.root.projects._id_of(project),
            "project_roles": None if project_roles is None else list(project_roles),
            "annotation_worklist_id": annotation_worklist_id,
        }
        found: dict[str, Any] = self._json("POST", "/users/invite", json=without_none(body))
        return found

    def get_invitations(self, project: str | Project | None = None) -> list[dict[str, Any]]:
        """Invitations that wait for an answer (into one project)."""
        params = without_none({"project_id": None if project is None else self.root.projects._id_of(project)})
        rows: list[dict[str, Any]] = self._json("GET", "/users/invitations", params=params)
        return rows

    def revoke_invitation(self, email: str) -> None:
        """Take an invitation back."""
        self._request("DELETE", f"/users/invitations/{quote(email, safe='@+')}/revoke")


def _user_path(email: str) -> str:
    return f"/users/{quote(email, safe='@+')}"
