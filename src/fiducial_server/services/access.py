"""Who somebody is, and the users and keys of an organization."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fiducial.errors import AlreadyExists, Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from fiducial_server.db import credentials as credential_rows
from fiducial_server.db import users as user_rows
from fiducial_server.db.engine import Database
from fiducial_server.db.events import add_event, add_first, event_row
from fiducial_server.db.scope import Scope
from fiducial_server.model.actor import Actor, Role
from fiducial_server.model.ids import new_id
from fiducial_server.model.organization import Organization
from fiducial_server.model.page import Page
from fiducial_server.model.times import Clock, now_us
from fiducial_server.model.user import Credential, User
from fiducial_server.services import keys
from fiducial_server.services.passwords import Passwords
from fiducial_server.services.texts import clean_text

ADMIN_NAMES = frozenset({"admin", "customer_admin"})
"""Role names, in lower case, that mean administrator of the organization on the wires we speak."""
_CHANGES = frozenset({"firstname", "lastname", "password", "roles", "disabled"})


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """What a first start made. Secrets are here once and nowhere else; None when they are somebody else's or unchanged."""

    created: bool
    organization_id: str
    email: str
    api_key: str | None = None
    password: str | None = None


class Access:
    """Authentication, users and credentials."""

    def __init__(self, database: Database, clock: Clock = now_us) -> None:
        self._database = database
        self._clock = clock
        self._passwords = Passwords()

    # --- who is asking ------------------------------------------------------------------------------------------------

    def authenticate(self, key: str) -> Actor:
        """The user of an API key. Raises Unauthenticated for an unknown, expired or revoked key, or a disabled user.

        The key is looked up every time: a revoked key stops working at once, on every node.
        """
        with self._database.system() as connection:
            holder = credential_rows.holder_of(connection, keys.key_hash(key)) if key else None
        if holder is None or holder.kind != "api_key":
            raise Unauthenticated("the API key is unknown; give one in the header apikey or Authorization: Bearer")
        if holder.revoked_at is not None:
            raise Unauthenticated("the API key was revoked")
        if holder.expires_at is not None and holder.expires_at <= self._clock():
            raise Unauthenticated("the API key has expired")
        if holder.disabled_at is not None:
            raise Unauthenticated(f"the user {holder.email} is disabled")
        return Actor(
            holder.organization_id, holder.user_id, holder.email, frozenset(holder.roles), holder.credential_id
        )

    def authenticate_password(self, email: str, password: str) -> Actor:
        """The user of that e-mail and password; Unauthenticated says the same whichever of the two is wrong."""
        with self._database.system() as connection:
            found = user_rows.find_anywhere(connection, email.strip().lower())
        right = self._passwords.matches(found[1] if found else None, password)
        if not right or found is None or found[0].disabled_at is not None:
            raise Unauthenticated("the e-mail address or the password is wrong")
        return _acting(found[0])

    def find_user(self, email: str) -> Actor:
        """The user as an actor, without any credential: for commands run on the server itself. Raises NotFound."""
        with self._database.system() as connection:
            found = user_rows.find_anywhere(connection, email.strip().lower())
        if found is None:
            raise NotFound(f"User {email!r} not found")
        return _acting(found[0])

    # --- the first start ----------------------------------------------------------------------------------------------

    def is_set_up(self) -> bool:
        """Whether there is an organization, so that a start makes no administrator."""
        with self._database.system() as connection:
            return user_rows.first_organization(connection) is not None

    def bootstrap(
        self,
        email: str,
        api_key: str | None = None,
        password: str | None = None,
        organization_name: str = "Fiducial",
        *,
        first_key: str | None = None,
    ) -> Bootstrap:
        """Make the first organization with its administrator and key, if there is no organization.

        ``api_key`` is the operator's own wish; ``first_key`` is what the administrator gets otherwise. Where there is an
        organization nothing is made, but for one thing: an ``api_key`` given for that administrator works, new or not.
        """
        with self._database.system() as connection:
            organization_id = user_rows.first_organization(connection)
        if organization_id is not None:
            return self._known_start(organization_id, email, api_key)
        try:
            return self.create_organization(organization_name, email, api_key=api_key or first_key, password=password)
        except (Conflict, AlreadyExists):  # another process was quicker
            with self._database.system() as connection:
                organization_id = user_rows.first_organization(connection)
            if organization_id is None:
                raise
            return self._known_start(organization_id, email, api_key)

    def create_organization(
        self, name: str, admin_email: str, *, api_key: str | None = None, password: str | None = None
    ) -> Bootstrap:
        """A new organization with its first administrator; what is not given is made. Only for the server's own command."""
        email, at = email_address(admin_email), self._clock()
        key = keys.chosen_key(api_key) if api_key else keys.new_key()
        word = password or secrets.token_urlsafe(15)
        user = user_rows.user_row(new_id(), email, at=at, roles=(Role.ADMIN,), password_hash=self._passwords.hash(word))
        made = _new_api_key(user["id"], "first key", key, at, None)
        organization_id = new_id()
        noted = _first_event(user, organization_id, name, at)
        with self._database.system(write=True) as connection:
            if user_rows.find_anywhere(connection, email) is not None:
                raise AlreadyExists(f"the user {email} exists", email=email)
            user_rows.insert_organization(connection, organization_id, clean_text(name, "organization name", 255), at)
            user_rows.insert_first(connection, organization_id, user)
            row = credential_rows.credential_row(made, keys.key_hash(key))
            credential_rows.insert_first(connection, organization_id, row)
            add_first(connection, organization_id, noted)
        return Bootstrap(True, organization_id, email, key, word)

    def organizations(self) -> Sequence[Organization]:
        """All of them, oldest first. Only for the server's own command."""
        with self._database.system() as connection:
            return user_rows.organizations(connection)

    def _known_start(self, organization_id: str, email: str, api_key: str | None) -> Bootstrap:
        email = email_address(email)
        if api_key:
            self._ensure_key(email, keys.chosen_key(api_key))
        return Bootstrap(False, organization_id, email, api_key)

    def _ensure_key(self, email: str, key: str) -> None:
        with self._database.system() as connection:
            known = credential_rows.holder_of(connection, keys.key_hash(key)) is not None
            found = user_rows.find_anywhere(connection, email)
        if known or found is None:
            return
        user, at = found[0], self._clock()
        made = _new_api_key(user.id, "key from the settings", key, at, None)

        def work(scope: Scope) -> None:
            credential_rows.insert(scope, credential_rows.credential_row(made, keys.key_hash(key)))
            _note(
                scope,
                _acting(user),
                "key.create",
                "credential",
                made.id,
                origin="server",
                details={"email": email},
                at=at,
            )

        self._database.transact(user.organization_id, work)

    # --- users --------------------------------------------------------------------------------------------------------

    def create_user(
        self,
        actor: Actor,
        *,
        email: str,
        password: str | None = None,
        firstname: str | None = None,
        lastname: str | None = None,
        roles: Sequence[str] = (Role.MEMBER,),
        origin: str = "datamint",
    ) -> User:
        """A new user of the actor's organization. AlreadyExists when the e-mail is taken.

        Roles are kept as given, but only admin, member and viewer grant anything; ``CUSTOMER_ADMIN`` means admin.
        """
        actor.require_admin("create users")
        address, at = email_address(email), self._clock()
        hashed = None if password is None else self._passwords.hash(password)
        row = user_rows.user_row(
            new_id(),
            address,
            at=at,
            roles=granted_roles(roles),
            firstname=_name(firstname, "firstname"),
            lastname=_name(lastname, "lastname"),
            password_hash=hashed,
        )
        self._refuse_taken(actor, address)

        def work(scope: Scope) -> User:
            user_rows.insert(scope, row)
            _note(
                scope,
                actor,
                "user.create",
                "user",
                row["id"],
                origin=origin,
                details={"email": address, "roles": row["roles"]},
                at=at,
            )
            return _present(scope, address)

        try:
            return self._database.transact(actor.organization_id, work)
        except Conflict:  # taken between the look and the write
            self._refuse_taken(actor, address)
            raise

    def _refuse_taken(self, actor: Actor, email: str) -> None:
        with self._database.system() as connection:
            found = user_rows.find_anywhere(connection, email)
        if found is not None:
            mine = found[0].organization_id == actor.organization_id
            raise AlreadyExists(f"the user {email} exists", existing_id=found[0].id if mine else None, email=email)

    def users(self, actor: Actor, *, offset: int = 0, limit: int = 5000) -> Page[User]:
        """Users of the organization, oldest first; disabled ones too."""
        with self._database.read(actor.organization_id) as scope:
            return Page(user_rows.page(scope, offset=offset, limit=limit))

    def user(self, actor: Actor, email: str) -> User:
        with self._database.read(actor.organization_id) as scope:
            return _present(scope, email.strip().lower())

    def update_user(self, actor: Actor, email: str, changes: Mapping[str, Any], *, origin: str = "datamint") -> User:
        """Change firstname, lastname, password, roles or disabled (bool). Anyone may change their own names and password."""
        address = email.strip().lower()
        unknown = sorted(set(changes) - _CHANGES)
        if unknown:
            raise Invalid(f"a user has no field {', '.join(map(repr, unknown))} that can be changed", fields=unknown)
        if address != actor.email or {"roles", "disabled"} & set(changes):
            actor.require_admin("change other users, roles or access")
        values = self._user_values(changes)

        def work(scope: Scope) -> User:
            user = _present(scope, address)
            if values:
                user_rows.update(scope, user.id, values)
                _require_an_admin(scope)
                shown = {name: value for name, value in changes.items() if name != "password"}
                shown["fields"] = sorted(changes)
                _note(scope, actor, "user.update", "user", user.id, origin=origin, details=shown, at=self._clock())
            return _present(scope, address)

        return self._database.transact(actor.organization_id, work)

    def _user_values(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {
            name: _name(changes[name], name) for name in ("firstname", "lastname") if name in changes
        }
        if changes.get("password") is not None:
            values["password_hash"] = self._passwords.hash(changes["password"])
        if "roles" in changes:
            values["roles"] = list(granted_roles(changes["roles"]))
        if "disabled" in changes:
            values["disabled_at"] = self._clock() if changes["disabled"] else None
        return values

    def disable_user(self, actor: Actor, email: str, *, origin: str = "datamint") -> User:
        """The user and all their keys stop working; what they made stays."""
        if email.strip().lower() == actor.email:
            raise Forbidden("nobody can disable themselves")
        return self.update_user(actor, email, {"disabled": True}, origin=origin)

    # --- keys ---------------------------------------------------------------------------------------------------------

    def create_key(
        self, actor: Actor, *, email: str, title: str, expires_at: int | None = None, origin: str = "datamint"
    ) -> tuple[Credential, str]:
        """A new API key of a user, and its text, which is shown this once. For others: administrators only."""
        address, at = email.strip().lower(), self._clock()
        if address != actor.email:
            actor.require_admin("make keys for others")
        if expires_at is not None and expires_at <= at:
            raise Invalid("expires_at is in the past", field="expires_at")
        key, name = keys.new_key(), clean_text(title, "title", 255)

        def work(scope: Scope) -> Credential:
            made = _new_api_key(_present(scope, address).id, name, key, at, expires_at)
            credential_rows.insert(scope, credential_rows.credential_row(made, keys.key_hash(key)))
            _note(
                scope,
                actor,
                "key.create",
                "credential",
                made.id,
                origin=origin,
                details={"email": address, "title": name},
                at=at,
            )
            return made

        return self._database.transact(actor.organization_id, work), key

    def keys(self, actor: Actor, email: str) -> Sequence[Credential]:
        """The user's credentials, revoked ones too, oldest first; never a secret."""
        address = email.strip().lower()
        if address != actor.email:
            actor.require_admin("see the keys of others")
        with self._database.read(actor.organization_id) as scope:
            return credential_rows.of_user(scope, _present(scope, address).id)

    def revoke_key(self, actor: Actor, credential_id: str, *, origin: str = "datamint") -> Credential:
        """The credential stops working at once; doing it twice is harmless."""

        def work(scope: Scope) -> Credential:
            found = credential_rows.find(scope, credential_id)
            if found is None or not (actor.is_admin or found.user_id == actor.user_id):
                raise NotFound(f"Credential {credential_id} not found")
            if found.revoked_at is None:
                at = self._clock()
                credential_rows.revoke(scope, credential_id, at)
                _note(
                    scope,
                    actor,
                    "key.revoke",
                    "credential",
                    credential_id,
                    origin=origin,
                    details={"title": found.title},
                    at=at,
                )
            return credential_rows.find(scope, credential_id) or found

        return self._database.transact(actor.organization_id, work)

    def add_ssh_key(self, actor: Actor, email: str, public_key_text: str, *, origin: str = "datamint") -> Credential:
        """Keep an ed25519 public key of a user. AlreadyExists when somebody has it."""
        address, at = email.strip().lower(), self._clock()
        if address != actor.email:
            actor.require_admin("add keys for others")
        public_key, comment = keys.ed25519_key(public_key_text)
        hashed = keys.key_hash(public_key)
        with self._database.system() as connection:
            if credential_rows.holder_of(connection, hashed) is not None:
                raise AlreadyExists("this SSH public key is registered")

        def work(scope: Scope) -> Credential:
            user = _present(scope, address)
            made = Credential(new_id(), user.id, "ssh_key", (comment or "ssh key")[:255], "ssh-ed25519", at)
            credential_rows.insert(scope, credential_rows.credential_row(made, hashed, public_key))
            _note(
                scope,
                actor,
                "key.create",
                "credential",
                made.id,
                origin=origin,
                details={"email": address, "kind": "ssh_key"},
                at=at,
            )
            return made

        return self._database.transact(actor.organization_id, work)


def granted_roles(names: Sequence[str]) -> tuple[str, ...]:
    """Role names as they are kept: those given, ours in lower case, and ``admin`` added where a foreign name means it."""
    if isinstance(names, str) or not all(isinstance(name, str) and 0 < len(name) <= 64 for name in names):
        raise Invalid("roles must be a list of names", field="roles")
    kept: dict[str, None] = {}
    for name in names:
        if name.lower() in ADMIN_NAMES:
            kept[Role.ADMIN.value] = None
        own = name.lower() in frozenset(Role)
        kept[name.lower() if own else name] = None
    return tuple(kept)


def _acting(user: User) -> Actor:
    return Actor(user.organization_id, user.id, user.email, frozenset(user.roles))


def email_address(text: str) -> str:
    """An address as it is kept: in lower case, of the form ``local@domain``; raises Invalid."""
    address = clean_text(text, "email", 254).lower()
    local, at_sign, domain = address.partition("@")
    if not (local and at_sign and domain) or any(c.isspace() for c in address) or "@" in domain or "/" in address:
        raise Invalid(f"{address!r} is not an e-mail address", field="email")
    return address


def _name(text: str | None, what: str) -> str | None:
    return None if text is None else clean_text(text, what, 255, empty=True)


def _new_api_key(user_id: str, title: str, key: str, at: int, expires_at: int | None) -> Credential:
    return Credential(new_id(), user_id, "api_key", title, keys.shown_part(key), at, expires_at)


def _present(scope: Scope, email: str) -> User:
    user = user_rows.find(scope, email)
    if user is None:
        raise NotFound(f"User {email!r} not found")
    return user


def _require_an_admin(scope: Scope) -> None:
    if not user_rows.able_admins(scope):
        raise Conflict("an organization needs at least one administrator who is not disabled")


def _first_event(user: Mapping[str, Any], organization_id: str, name: str, at: int) -> dict[str, Any]:
    first = Actor(organization_id, user["id"], user["email"], frozenset({Role.ADMIN}))
    return event_row(
        actor=first,
        action="organization.create",
        subject_kind="organization",
        subject_id=organization_id,
        origin="server",
        details={"name": name, "email": user["email"]},
        at=at,
    )


def _note(
    scope: Scope,
    actor: Actor,
    action: str,
    kind: str,
    subject_id: str,
    *,
    origin: str,
    details: Mapping[str, Any],
    at: int,
) -> None:
    add_event(
        scope,
        actor=actor,
        action=action,
        subject_kind=kind,
        subject_id=subject_id,
        origin=origin,
        details=details,
        at=at,
    )
