"""Who works in a project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fiducial.api.projects.base import ProjectCalls, WhichProject


class MemberCalls(ProjectCalls):
    """Members are named by user id."""

    def get_members(self, project: WhichProject = None) -> list[dict[str, Any]]:
        """Who works in the project, with their roles."""
        return self._rows(self._of(project, "members"))

    def set_member(self, user_id: str, roles: Sequence[str], project: WhichProject = None) -> None:
        """Give somebody roles in the project (``PROJECT_ANNOTATOR`` …); replaces those they had."""
        self._request("POST", self._of(project, "members", user_id), json={"roles": list(roles)})

    def remove_member(self, user_id: str, project: WhichProject = None) -> None:
        """Take somebody out of the project."""
        self._request("DELETE", self._of(project, "members", user_id))
