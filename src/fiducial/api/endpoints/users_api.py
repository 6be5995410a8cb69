"""Users; their id is their e-mail address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx

from fiducial.api.base_api import ApiConfig
from fiducial.api.entity_base_api import CreatableEntityApi
from fiducial.entities.user import User

if TYPE_CHECKING:
    from fiducial.api.client import Api


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


def _user_path(email: str) -> str:
    return f"/users/{quote(email, safe='@+')}"
