"""``fiducial project``: list, create, show, archive, restore, add."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fiducial.cli.connect import AsJson, Key, Server, connect, print_json
from fiducial.cli.exits import exit_codes

if TYPE_CHECKING:
    from fiducial.api.client import Api
    from fiducial.entities import Project

group = typer.Typer(help="Projects on the server.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="PROJECT", help="Name or id.")]
Ids = Annotated[list[str], typer.Argument(metavar="RESOURCE_ID...", help="Ids of resources.")]
NewName = Annotated[str, typer.Argument(metavar="NAME", help="Name of the new project.")]
Description = Annotated[str | None, typer.Option("--description", help="What it is for.")]
Review = Annotated[bool, typer.Option("--require-review", help="Work is done only when somebody has reviewed it.")]
All = Annotated[bool, typer.Option("--all", "-a", help="Archived ones too.")]
_SHOWN = (
    "id",
    "name",
    "description",
    "created_at",
    "created_by",
    "archived",
    "resource_count",
    "annotated_resource_count",
)


@group.command("list")
def list_(*, all_: All = False, server: Server = None, key: Key = None, as_json: AsJson = False) -> None:
    """List the projects."""
    with exit_codes():
        api = connect(server, key)
        projects = api.projects.get_all() if all_ else api.projects.get_list()
    if as_json:
        print_json([_row(project) for project in projects])
        return
    for project in projects:
        archived = "  (archived)" if project.archived else ""
        counts = f"{project.annotated_resource_count}/{project.resource_count}"
        print(f"{project.id}  {counts:>11}  {project.name}{archived}")


@group.command()
def create(
    name: NewName,
    *,
    description: Description = None,
    require_review: Review = False,
    server: Server = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Make a project, and print its id."""
    with exit_codes():
        project = connect(server, key).projects.create(name, description, require_review=require_review)
    print_json(_row(project)) if as_json else print(project.id)


@group.command()
def show(project: Name, *, server: Server = None, key: Key = None, as_json: AsJson = False) -> None:
    """Show one project."""
    with exit_codes():
        found = _find(connect(server, key), project)
    if as_json:
        print_json(_row(found))
        return
    for name, value in _row(found).items():
        print(f"{name.replace('_', ' ') + ':':<26}{'' if value is None else value}")


@group.command()
def archive(project: Name, *, server: Server = None, key: Key = None, as_json: AsJson = False) -> None:
    """Archive a project; nothing is lost, and restore brings it back."""
    with exit_codes():
        api = connect(server, key)
        found = _find(api, project)
        api.projects.delete(found)
    print_json({"id": found.id, "archived": True}) if as_json else print(f"archived {found.name}")


@group.command()
def restore(project: Name, *, server: Server = None, key: Key = None, as_json: AsJson = False) -> None:
    """Bring an archived project back."""
    with exit_codes():
        api = connect(server, key)
        found = api.projects.restore(_find(api, project))
    print_json({"id": found.id, "archived": False}) if as_json else print(f"restored {found.name}")


@group.command()
def add(project: Name, resources: Ids, *, server: Server = None, key: Key = None, as_json: AsJson = False) -> None:
    """Put resources into a project."""
    with exit_codes():
        api = connect(server, key)
        found = _find(api, project)
        api.projects.add_resources(resources, found)
    print_json({"id": found.id, "added": resources}) if as_json else print(
        f"{len(resources)} resources in {found.name}"
    )


def _find(api: Api, name: str) -> Project:
    return api.projects.get_by_id(api.projects._id_of(name))


def _row(project: Project) -> dict[str, Any]:
    return {name: getattr(project, name) for name in _SHOWN}
