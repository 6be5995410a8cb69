"""Who works on a project."""

from __future__ import annotations

from collections.abc import Sequence

from fiducial.errors import NotFound
from fiducial_server.db import projects as rows
from fiducial_server.model.actor import Actor
from fiducial_server.model.member import Member
from fiducial_server.services.change import Change
from fiducial_server.services.people import require_person
from fiducial_server.services.project_part import ProjectPart, require_open_project, require_project

OWNER_ROLES = ("PROJECT_ADMIN",)
"""What the user who makes a project gets in it."""


class Members(ProjectPart):
    """Members of projects; roles are kept as they are given."""

    def members(self, actor: Actor, project_id: str) -> list[Member]:
        with self._database.read(actor.organization_id) as scope:
            require_project(scope, project_id)
            return rows.members_of(scope, project_id)

    def set_member(
        self, actor: Actor, project_id: str, person: str, *, roles: Sequence[str], origin: str = "datamint"
    ) -> Member:
        """Make the user (id or e-mail address) a member, or change the roles of one."""
        actor.require_writer("change members")
        given = list(dict.fromkeys(roles))

        def work(change: Change) -> Member:
            require_open_project(change.scope, project_id, lock=True)
            user_id = require_person(change.scope, person).id
            there = rows.members_of(change.scope, project_id, user_id)
            if there and list(there[0].roles) == given:
                return there[0]
            if there:
                rows.update_member(change.scope, project_id, user_id, given)
            else:
                rows.insert_member(change.scope, project_id, user_id, given, change.at)
            change.record("member.set", user_id, {"roles": given}, project_id=project_id)
            return rows.members_of(change.scope, project_id, user_id)[0]

        return self._change(actor, origin, work)

    def remove_member(self, actor: Actor, project_id: str, person: str, *, origin: str = "datamint") -> None:
        """NotFound when the user (id or e-mail address) is no member."""
        actor.require_writer("change members")

        def work(change: Change) -> None:
            require_open_project(change.scope, project_id, lock=True)
            user_id = require_person(change.scope, person).id
            there = rows.members_of(change.scope, project_id, user_id)
            if not there:
                raise NotFound(f"Member {person} not found in project {project_id}", user_id=user_id)
            rows.delete_member(change.scope, project_id, user_id)
            change.record("member.remove", user_id, {"roles": list(there[0].roles)}, project_id=project_id)

        self._change(actor, origin, work)
