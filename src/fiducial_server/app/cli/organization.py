"""``fiducial admin organization``: further teams on one server, of which none sees another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fiducial_server.app.cli import options as o
from fiducial_server.app.cli.desk import opened

if TYPE_CHECKING:
    from fiducial_server.model.organization import Organization

group = typer.Typer(help="Organizations.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the organization")]
AdminEmail = Annotated[str, typer.Option("--admin-email", help="E-mail address of its first administrator, a new user")]


@group.command("add")
def add(
    name: Name,
    *,
    admin_email: AdminEmail,
    data_dir: o.DataDir = None,
    database_url: o.DatabaseUrl = None,
    as_json: o.AsJson = False,
) -> None:
    """Make an organization with its first administrator. The password and the API key are shown now and never again."""
    from fiducial_server.services.access import Access

    with o.telling_errors():
        settings = o.settings_from(data_dir=data_dir, database_url=database_url)
    with opened(settings) as database:
        made = Access(database).create_organization(name, admin_email)
        secrets = {"password": made.password, "api_key": made.api_key}
        o.show({"id": made.organization_id, "name": name.strip(), "admin_email": made.email, **secrets}, as_json)


@group.command("list")
def list_(*, data_dir: o.DataDir = None, database_url: o.DatabaseUrl = None, as_json: o.AsJson = False) -> None:
    """All organizations, oldest first."""
    from fiducial_server.services.access import Access

    with o.telling_errors():
        settings = o.settings_from(data_dir=data_dir, database_url=database_url)
    with opened(settings) as database:
        o.show([_row(value) for value in Access(database).organizations()], as_json)


def _row(value: Organization) -> dict[str, Any]:
    from fiducial_server.model.times import to_iso

    return {"id": value.id, "name": value.name, "created_at": to_iso(value.created_at)}
