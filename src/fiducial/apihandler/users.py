"""Users."""

from __future__ import annotations

from typing import Any

from fiducial.apihandler.base_api_handler import BaseAPIHandler


class UserCalls(BaseAPIHandler):
    """Calls around users."""

    def get_users(self) -> list[dict[str, Any]]:
        """Everybody of the organization."""
        return list(self._rows("/users", "users"))

    def create_user(
        self,
        email: str,
        password: str | None = None,
        firstname: str | None = None,
        lastname: str | None = None,
        roles: list[str] | None = None,
    ) -> dict[str, Any]:
        """Make a user; administrators only. Without roles a plain member.

        :class:`~fiducial.exceptions.EntityAlreadyExistsError` when the address is taken,
        :class:`~fiducial.exceptions.PermissionDeniedError` when the key may not do it.
        """
        body = {"email": email, "password": password, "firstname": firstname, "lastname": lastname, "roles": roles}
        made: dict[str, Any] = self._json("POST", "/users", json=body)
        return made
