"""``fiducial list``: what is on the server, narrowed, as text or JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fiducial.cli.connect import AsJson, Key, Server, connect, print_json
from fiducial.cli.exits import exit_codes
from fiducial.errors import Invalid

if TYPE_CHECKING:
    from fiducial.api.client import Api

group = typer.Typer(help="List what is on the server.", no_args_is_help=True)


class Status(StrEnum):
    INBOX = "inbox"
    PUBLISHED = "published"


class LabelStatus(StrEnum):
    NEW = "new"
    PUBLISHED = "published"


class Source(StrEnum):
    MANUAL = "manual"
    IMPORTED = "imported"
    MODEL_PIPELINE = "model_pipeline"
    MODEL_DEPLOY = "model_deploy"


class Deleted(StrEnum):
    EXCLUDE = "exclude"
    INCLUDE = "include"
    ONLY = "only"


class Order(StrEnum):
    FILENAME = "filename"
    CREATED_AT = "created_at"
    CREATED_BY = "created_by"
    MODALITY = "modality"
    PUBLISHED_ON = "published_on"
    PUBLISHED_BY = "published_by"


Limit = Annotated[int | None, typer.Option("--limit", "-n", min=1, help="At most so many.")]
ProjectName = Annotated[str | None, typer.Option("--project", "-p", help="Only of this project (name or id).")]
From = Annotated[str | None, typer.Option("--from", metavar="DATE", help="Made on this day or later, as 2026-01-31.")]
To = Annotated[str | None, typer.Option("--to", metavar="DATE", help="Made before this day.")]
DeletedOption = Annotated[Deleted, typer.Option("--deleted", help="Deleted ones: left out, too, or only.")]
All = Annotated[bool, typer.Option("--all", "-a", help="Archived ones too.")]


@group.command()
def resources(
    *,
    project: ProjectName = None,
    status: Annotated[Status | None, typer.Option("--status", help="Only of this status.")] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", "-t", help="With this tag, or any of several.")] = None,
    channel: Annotated[str | None, typer.Option("--channel", help="Of this channel.")] = None,
    modality: Annotated[str | None, typer.Option("--modality", help="Of this modality: CT, MR, US ...")] = None,
    mimetype: Annotated[str | None, typer.Option("--mimetype", help="Of this type: application/dicom ...")] = None,
    filename: Annotated[str | None, typer.Option("--filename", help="Of this file name.")] = None,
    from_: From = None,
    to: To = None,
    deleted: DeletedOption = Deleted.EXCLUDE,
    order: Annotated[Order | None, typer.Option("--order", help="In the order of this.")] = None,
    descending: Annotated[bool, typer.Option("--descending", help="The largest or latest first.")] = False,
    limit: Limit = None,
    server: Server = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """List resources."""
    with exit_codes():
        api = connect(server, key)
        found = api.resources.get_list(
            status=None if status is None else status.value,
            from_date=_day("--from", from_),
            to_date=_day("--to", to),
            tags=tag or None,
            modality=modality,
            mimetype=mimetype,
            order_field=None if order is None else order.value,
            order_ascending=None if order is None else not descending,
            channel=channel,
            project_name=_project(api, project),
            filename=filename,
            limit=limit,
            deleted=deleted.value,
        )
    columns = ("id", "status", "modality", "size", "upload_channel", "created_at", "filename")
    _print([one.asdict() for one in found], columns, as_json)


@group.command()
def projects(
    *, all_: All = False, limit: Limit = None, server: Server = None, key: Key = None, as_json: AsJson = False
) -> None:
    """List projects."""
    with exit_codes():
        api = connect(server, key)
        found = (api.projects.get_all() if all_ else api.projects.get_list())[:limit]
    columns = ("id", "annotated_resource_count", "resource_count", "archived", "created_by", "name")
    _print([one.asdict() for one in found], columns, as_json)


@group.command("annotations")
def annotations_(
    *,
    project: ProjectName = None,
    resource: Annotated[
        list[str] | None, typer.Option("--resource", "-r", help="Of this resource; several times.")
    ] = None,
    type_: Annotated[str | None, typer.Option("--type", help="Of this type: category, segmentation, line ...")] = None,
    annotator: Annotated[str | None, typer.Option("--annotator", help="By the owner of this e-mail address.")] = None,
    worklist: Annotated[str | None, typer.Option("--worklist", help="Of this worklist (id).")] = None,
    status: Annotated[LabelStatus | None, typer.Option("--status", help="new, or published: approved.")] = None,
    source: Annotated[Source | None, typer.Option("--source", help="By what they were made.")] = None,
    from_: From = None,
    to: To = None,
    deleted: DeletedOption = Deleted.EXCLUDE,
    limit: Limit = None,
    server: Server = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """List annotations."""
    with exit_codes():
        from fiducial.entities.annotations import AnnotationType

        api = connect(server, key)
        narrower: dict[str, Any] = {} if project is None else {"project_id": api.projects._id_of(project)}
        found = api.annotations.get_list(
            resource or None,
            None if type_ is None else AnnotationType(type_),
            annotator_email=annotator,
            from_date=_day("--from", from_),
            to_date=_day("--to", to),
            worklist_id=worklist,
            status=None if status is None else status.value,
            source=None if source is None else source.value,
            deleted=deleted.value,
            limit=limit,
            **narrower,
        )
    columns = ("id", "annotation_type", "resource_id", "frame_index", "created_by", "created_at", "identifier", "value")
    _print([{**one.asdict(), "value": one.value} for one in found], columns, as_json)


@group.command()
def channels(*, limit: Limit = None, server: Server = None, key: Key = None, as_json: AsJson = False) -> None:
    """List channels and how many resources each has."""
    with exit_codes():
        found = list(connect(server, key).channels.get_list(limit=limit))
    rows = [{**one.asdict(), "resources": len(one.resource_data)} for one in found]
    _print(rows, ("resources", "channel_name"), as_json)


@group.command()
def users(*, limit: Limit = None, server: Server = None, key: Key = None, as_json: AsJson = False) -> None:
    """List the people of the organization."""
    with exit_codes():
        found = list(connect(server, key).users.get_list(limit=limit))
    _print([one.asdict() for one in found], ("email", "roles", "created_at", "firstname", "lastname"), as_json)


def _project(api: Api, name: str | None) -> str | None:
    """Its id: resources are narrowed by name or id, and a name that is nobody's is an error, not an empty list."""
    return None if name is None else api.projects._id_of(name)


def _day(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(f"{option} {text!r} is no day: write it as 2026-01-31", field=option) from None


def _print(rows: Sequence[dict[str, Any]], columns: Sequence[str], as_json: bool) -> None:
    """A row of text has the columns, separated by tabs, so that other programs can read it."""
    if as_json:
        print_json(rows)
        return
    for row in rows:
        print("\t".join(_cell(row.get(column)) for column in columns))


def _cell(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ",".join(map(str, value))
    return "-" if value is None else " ".join(str(value).split())
