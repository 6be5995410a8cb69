"""Inviting people who are no users yet.

No mail is sent: the link is given to whoever invites, once, and only a hash of its secret is kept.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar
from urllib.parse import urlsplit

from fiducial.errors import AlreadyExists, Conflict, Invalid, NotFound, Unauthenticated
from fiducial_server.db import credentials as credential_rows
from fiducial_server.db import invitations as rows
from fiducial_server.db import projects as project_rows
from fiducial_server.db import studies as study_rows
from fiducial_server.db import users as user_rows
from fiducial_server.db.engine import Database
from fiducial_server.db.events import add_event
from fiducial_server.db.scope import Scope
from fiducial_server.model.actor import Actor, Role
from fiducial_server.model.ids import new_id
from fiducial_server.model.invitation import Accepted, Invitation, Invited, NewInvitation
from fiducial_server.model.member import Member
from fiducial_server.model.times import Clock, now_us
from fiducial_server.model.user import Credential, User
from fiducial_server.services import keys
from fiducial_server.services.access import email_address
from fiducial_server.services.change import Change
from fiducial_server.services.passwords import Passwords
from fiducial_server.services.project_part import require_open_project, require_project, require_set
from fiducial_server.services.texts import clean_text

LIFETIME_US = 7 * 24 * 3_600_000_000
ACCEPT_PATH = "/users/invitations/accept"
"""Where an invitation is accepted, and where its link leads. The secret is behind the ``#``, which no browser sends."""
PROJECT_ROLES = ("PROJECT_ANNOTATOR",)
"""What somebody gets in a project when the invitation names no roles."""
MOST_ROLES, LONGEST_ROLE, LONGEST_NAME, LONGEST_URL = 32, 64, 255, 2048

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an invitation leads, looked up: a project of the organization, and an annotation set of that project."""

    project_id: str | None
    annotation_set_id: str | None


class Invitations:
    """``public_url`` is the address under which people reach this server."""

    def __init__(self, database: Database, public_url: str, clock: Clock = now_us) -> None:
        self._database = database
        self._public_url = public_url.rstrip("/")
        self._clock = clock
        self._passwords = Passwords()

    # --- inviting ------------------------------------------------------------------------------------------------------

    def invite(self, actor: Actor, new: NewInvitation, *, origin: str = "datamint") -> Invited:
        """An invitation for a week, instead of any that the address had; or, for a user, a place in the project at once.

        AlreadyExists for a user when no project is named, and for a user of another organization.
        """
        actor.require_admin("invite users")
        wanted = checked_invitation(new)
        self.refuse_foreign(actor, [wanted.email])

        def work(change: Change) -> Invited:
            place = _place(change.scope, wanted)
            user = user_rows.find(change.scope, wanted.email)
            if user is None:
                return self.send(change, wanted, place)
            if place.project_id is None:
                raise AlreadyExists(f"the user {user.email} exists", existing_id=user.id, email=user.email)
            member = join(change, user, place.project_id, wanted.project_roles or PROJECT_ROLES)
            if place.annotation_set_id is not None:
                rows.add_annotator(change.scope, place.annotation_set_id, user.id, at=change.at, by=actor.email)
            return Invited(user.email, member=member)

        return self._change(actor, origin, work)

    def send(self, change: Change, wanted: NewInvitation, place: Place) -> Invited:
        """Write the invitation of somebody who is no user, in a change that somebody else makes."""
        secret = secrets.token_urlsafe(32)
        made = Invitation(
            id=new_id(),
            email=wanted.email,
            created_at=change.at,
            created_by=change.actor.email,
            expires_at=change.at + LIFETIME_US,
            firstname=wanted.firstname,
            lastname=wanted.lastname,
            return_url=wanted.return_url,
            project_id=place.project_id,
            project_roles=(wanted.project_roles or PROJECT_ROLES) if place.project_id else (),
            annotation_set_id=place.annotation_set_id,
        )
        rows.revoke_invitations(change.scope, made.email, at=change.at, by=change.actor.email)
        rows.insert_invitation(change.scope, made, keys.key_hash(secret))
        change.record("invitation.create", made.id, {"email": made.email}, project_id=made.project_id)
        return Invited(made.email, made, f"{self._public_url}{ACCEPT_PATH}#{secret}")

    def refuse_foreign(self, actor: Actor, emails: Sequence[str]) -> None:
        """AlreadyExists when one of the addresses is a user of another organization: an address is one user."""
        for email in emails:
            with self._database.system() as connection:
                found = user_rows.find_anywhere(connection, email)
            if found is not None and found[0].organization_id != actor.organization_id:
                raise AlreadyExists(f"the user {email} exists", email=email)

    # --- looking after them --------------------------------------------------------------------------------------------

    def invitations(self, actor: Actor, project_id: str | None = None) -> list[Invitation]:
        """The open ones, oldest first; of one project when it is named."""
        actor.require_admin("see invitations")
        with self._database.read(actor.organization_id) as scope:
            if project_id is not None:
                require_project(scope, project_id)
            return rows.open_invitations(scope, self._clock(), project_id=project_id)

    def revoke(self, actor: Actor, email: str, *, origin: str = "datamint") -> None:
        """The link stops working at once. NotFound when the address has no open invitation."""
        actor.require_admin("revoke invitations")
        address = email.strip().lower()

        def work(change: Change) -> None:
            there = rows.open_invitations(change.scope, change.at, email=address)
            if not there:
                raise NotFound(f"Invitation of {address[:254]!r} not found", email=address[:254])
            rows.revoke_invitations(change.scope, address, at=change.at, by=actor.email)
            change.record("invitation.revoke", there[0].id, {"email": address}, project_id=there[0].project_id)

        self._change(actor, origin, work)

    # --- accepting -----------------------------------------------------------------------------------------------------

    def accept(
        self,
        secret: str,
        password: str,
        *,
        firstname: str | None = None,
        lastname: str | None = None,
        origin: str = "datamint",
    ) -> Accepted:
        """Make the user that the invitation is for, with their places in projects and a first API key.

        Asks for no key: the secret is the right to do it. It is looked up by its hash before anything else is done, and
        an unknown, expired, revoked or used one raises the same Unauthenticated.
        """
        with self._database.system() as connection:
            found = rows.find_by_token(connection, keys.key_hash(secret))
        if found is None or not found[1].is_open(self._clock()):
            raise _unknown()
        organization_id, invitation = found
        row = user_rows.user_row(
            new_id(),
            invitation.email,
            at=self._clock(),
            roles=(Role.MEMBER,),
            firstname=_text(firstname, "firstname") or invitation.firstname,
            lastname=_text(lastname, "lastname") or invitation.lastname,
            password_hash=self._passwords.hash(password),
        )
        actor = Actor(organization_id, row["id"], row["email"], frozenset(row["roles"]))

        def work(change: Change) -> Accepted:
            there = rows.find_invitation(change.scope, invitation.id)
            if there is None or not there.is_open(change.at):
                raise _unknown()
            user_rows.insert(change.scope, row)
            return _accepted(change, there)

        try:
            return self._change(actor, origin, work)
        except Conflict:  # the address became a user in another way
            raise AlreadyExists(f"the user {invitation.email} exists", email=invitation.email) from None

    def _change(self, actor: Actor, origin: str, work: Callable[[Change], T]) -> T:
        at = self._clock()
        return self._database.transact(actor.organization_id, lambda scope: work(Change(scope, actor, origin, at)))


def checked_invitation(new: NewInvitation) -> NewInvitation:
    """The same with clean texts; Invalid names the field that is wrong."""
    if len(new.project_roles) > MOST_ROLES:
        raise Invalid(f"project_roles may have {MOST_ROLES} names", field="project_roles")
    roles = tuple(dict.fromkeys(clean_text(role, "project_roles", LONGEST_ROLE) for role in new.project_roles))
    if roles and new.project_id is None and new.annotation_set_id is None:
        raise Invalid("project_roles need a project_id", field="project_roles")
    return replace(
        new,
        email=email_address(new.email),
        firstname=_text(new.firstname, "firstname"),
        lastname=_text(new.lastname, "lastname"),
        return_url=_web_address(new.return_url),
        project_roles=roles,
    )


def join(change: Change, user: User, project_id: str, roles: Sequence[str]) -> Member:
    """The user is a member of the project with these roles beside those they had; Conflict when they are disabled."""
    if user.disabled_at is not None:
        raise Conflict(f"the user {user.email} is disabled", email=user.email)
    scope = change.scope
    there = next(iter(project_rows.members_of(scope, project_id, user.id)), None)
    wanted = list(dict.fromkeys([*(there.roles if there else ()), *roles]))
    if there is not None and list(there.roles) == wanted:
        return there
    if there is None:
        project_rows.insert_member(scope, project_id, user.id, wanted, change.at)
    else:
        project_rows.update_member(scope, project_id, user.id, wanted)
    change.record("member.set", user.id, {"roles": wanted}, project_id=project_id)
    return project_rows.members_of(scope, project_id, user.id)[0]


def _place(scope: Scope, wanted: NewInvitation) -> Place:
    project_id = wanted.project_id
    if wanted.annotation_set_id is not None:
        of_set = require_set(scope, wanted.annotation_set_id).project_id
        if project_id not in {None, of_set}:
            raise Invalid("annotation_worklist_id is of another project", field="annotation_worklist_id")
        project_id = of_set
    if project_id is not None:
        require_open_project(scope, project_id)
    return Place(project_id, wanted.annotation_set_id)


def _accepted(change: Change, invitation: Invitation) -> Accepted:
    """What stands beside the row of the new user, who is the actor of the change."""
    scope, by = change.scope, change.actor
    user = user_rows.find(scope, by.email)
    assert user is not None
    rows.accept_invitation(scope, invitation.id, change.at)
    change.record("user.create", user.id, {"email": user.email, "roles": list(user.roles)})
    projects: dict[str, Sequence[str]] = {}
    if invitation.project_id is not None:
        projects[invitation.project_id] = invitation.project_roles
    for project_id in study_rows.projects_of_reader(scope, user.email):
        projects.setdefault(project_id, PROJECT_ROLES)
    for project_id, roles in projects.items():
        join(change, user, project_id, roles)
    if invitation.annotation_set_id is not None:
        rows.add_annotator(scope, invitation.annotation_set_id, user.id, at=change.at, by=invitation.created_by)
    key = keys.new_key()
    made = Credential(new_id(), user.id, "api_key", "first key", keys.shown_part(key), change.at)
    credential_rows.insert(scope, credential_rows.credential_row(made, keys.key_hash(key)))
    _note_key(change, made)
    change.record("invitation.accept", invitation.id, {"email": user.email}, project_id=invitation.project_id)
    return Accepted(user, key, tuple(projects), invitation.return_url)


def _note_key(change: Change, made: Credential) -> None:
    """The same event as for a key that an administrator makes."""
    add_event(
        change.scope,
        actor=change.actor,
        action="key.create",
        subject_kind="credential",
        subject_id=made.id,
        origin=change.origin,
        details={"email": change.actor.email, "title": made.title},
        at=change.at,
    )


def _unknown() -> Unauthenticated:
    return Unauthenticated("the invitation is unknown, expired, revoked or used: ask for a new one")


def _text(text: str | None, what: str) -> str | None:
    return None if text is None else clean_text(text, what, LONGEST_NAME, empty=True)


def _web_address(text: str | None) -> str | None:
    """An address that a browser can be sent to; other schemes could run code in the page."""
    if text is None:
        return None
    cleaned = clean_text(text, "return_url", LONGEST_URL)
    try:
        parts = urlsplit(cleaned)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise Invalid(f"return_url must be an http or https address, not {cleaned[:80]!r}", field="return_url")
    return cleaned
