"""``fiducial admin``: users, keys and upkeep, straight on the database: who may run this may do everything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fiducial.errors import Invalid
from fiducial_server.app.cli import audit, organization, tidy
from fiducial_server.app.cli import options as o
from fiducial_server.app.cli.desk import ActAs, open_desk

if TYPE_CHECKING:
    from fiducial_server.model.user import Credential, User

ORIGIN = "command"

command = typer.Typer(
    help="Organizations, users, keys, the audit trail, and tidying up.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
user = typer.Typer(help="Users.", no_args_is_help=True, rich_markup_mode=None)
key = typer.Typer(help="API keys.", no_args_is_help=True, rich_markup_mode=None)
ssh_key = typer.Typer(help="SSH public keys.", no_args_is_help=True, rich_markup_mode=None)
command.add_typer(organization.group, name="organization")
command.add_typer(user, name="user")
command.add_typer(key, name="key")
command.add_typer(ssh_key, name="ssh-key")
command.command("audit")(audit.audit)
command.command("tidy")(tidy.tidy)

Email = Annotated[str, typer.Argument(help="E-mail address")]


def _user(value: User) -> dict[str, Any]:
    from fiducial_server.model.times import to_iso

    return {
        "email": value.email,
        "id": value.id,
        "firstname": value.firstname,
        "lastname": value.lastname,
        "roles": ",".join(value.roles),
        "created_at": to_iso(value.created_at),
        "disabled": value.disabled_at is not None,
    }


def _credential(value: Credential) -> dict[str, Any]:
    from fiducial_server.model.times import to_iso

    return {
        "id": value.id,
        "kind": value.kind,
        "title": value.title,
        "prefix": value.prefix,
        "created_at": to_iso(value.created_at),
        "expires_at": to_iso(value.expires_at) if value.expires_at is not None else None,
        "revoked": value.revoked_at is not None,
    }


@user.command("add")
def user_add(
    email: Email,
    *,
    firstname: Annotated[str | None, typer.Option("--firstname")] = None,
    lastname: Annotated[str | None, typer.Option("--lastname")] = None,
    role: Annotated[list[str] | None, typer.Option("--role", help="admin, member or viewer; may be repeated")] = None,
    password_file: Annotated[Path | None, typer.Option("--password-file", help="File whose first line it is")] = None,
    act_as: ActAs = None,
    data_dir: o.DataDir = None,
    database_url: o.DatabaseUrl = None,
    as_json: o.AsJson = False,
) -> None:
    """Make a user. Without a password they can use API keys only."""
    with open_desk(data_dir, database_url, act_as) as desk:
        made = desk.access.create_user(
            desk.actor,
            email=email,
            password=_first_line(password_file),
            firstname=firstname,
            lastname=lastname,
            roles=tuple(role or ("member",)),
            origin=ORIGIN,
        )
        o.show(_user(made), as_json)


def _first_line(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        return file.read_text().splitlines()[0]
    except (OSError, IndexError, UnicodeDecodeError) as error:
        raise Invalid(f"cannot read {file}: {error}") from None


@user.command("list")
def user_list(
    act_as: ActAs = None, data_dir: o.DataDir = None, database_url: o.DatabaseUrl = None, as_json: o.AsJson = False
) -> None:
    """All users."""
    with open_desk(data_dir, database_url, act_as) as desk:
        o.show([_user(value) for value in desk.access.users(desk.actor).rows], as_json)


@user.command("disable")
def user_disable(
    email: Email,
    *,
    act_as: ActAs = None,
    data_dir: o.DataDir = None,
    database_url: o.DatabaseUrl = None,
    as_json: o.AsJson = False,
) -> None:
    """Stop all keys and the password of a user."""
    with open_desk(data_dir, database_url, act_as) as desk:
        o.show(_user(desk.access.disable_user(desk.actor, email, origin=ORIGIN)), as_json)


@key.command("add")
def key_add(
    email: Email,
    *,
    title: Annotated[str, typer.Option("--title", help="What the key is for")] = "made by command",
    expires: Annotated[str | None, typer.Option("--expires", help="ISO 8601 date or time")] = None,
    act_as: ActAs = None,
    data_dir: o.DataDir = None,
    database_url: o.DatabaseUrl = None,
    as_json: o.AsJson = False,
) -> None:
    """Make an API key. It is shown now and never again."""
    from fiducial_server.model.times import from_iso

    with open_desk(data_dir, database_url, act_as) as desk:
        until = from_iso(expires, "--expires") if expires else None
        made, secret = desk.access.create_key(desk.actor, email=email, title=title, expires_at=until, origin=ORIGIN)
        o.show({**_credential(made), "api_key": secret}, as_json)


@key.command("list")
def key_list(
    email: Email,
    *,
    act_as: ActAs = None,
    data_dir: o.DataDir = None,
    database_url: o.DatabaseUrl = None,
    as_json: o.AsJson = False,
) -> None:
    """A user's keys, without the secrets."""
    with open_desk(data_dir, database_url, act_as) as desk:
        o.show([_credential(value) for value in desk.access.keys(desk.actor, email)], as_json)


@key.command("revoke")
def key_revoke(
    key_id: Annotated[str, typer.Argument(help="Id of the key, from 'key list'")],
    *,
    act_as: ActAs = None,
    data_dir: o.DataDir = None,
    database_url: o.DatabaseUrl = None,
    as_json: o.AsJson = False,
) -> None:
    """Stop one key at once."""
    with open_desk(data_dir, database_url, act_as) as desk:
        o.show(_credential(desk.access.revoke_key(desk.actor, key_id, origin=ORIGIN)), as_json)


@ssh_key.command("add")
def ssh_key_add(
    email: Email,
    file: Annotated[Path, typer.Argument(help="File with the public key (ed25519)")],
    *,
    act_as: ActAs = None,
    data_dir: o.DataDir = None,
    database_url: o.DatabaseUrl = None,
    as_json: o.AsJson = False,
) -> None:
    """Let a user sign in with an SSH key."""
    with open_desk(data_dir, database_url, act_as) as desk:
        try:
            text = file.read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise Invalid(f"cannot read {file}: {error}") from None
        o.show(_credential(desk.access.add_ssh_key(desk.actor, email, text, origin=ORIGIN)), as_json)
