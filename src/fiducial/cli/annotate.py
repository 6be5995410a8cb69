"""``fiducial annotate``: annotations from a CSV."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fiducial.cli.connect import AsJson, Key, Server, connect, print_json
from fiducial.cli.exits import FAILED, exit_codes, tell
from fiducial.errors import FiducialError, Unauthenticated, Unavailable

if TYPE_CHECKING:
    from fiducial.api.client import Api
    from fiducial.cli.annotation_rows import AnnotationRow, WrongCell

_TOLD = 20
Table = Annotated[
    Path,
    typer.Argument(
        metavar="CSV",
        help="Its first row names the columns: resource, type, identifier, and any of value, units, frame_index, frame_end, "
        "points, coordinates, closed, source, model, confidence, author, imported_from, worklist, set_name.",
    ),
]
ProjectName = Annotated[
    str | None, typer.Option("--project", "-p", help="Project (name or id) that the file names and annotations are of.")
]
Dry = Annotated[bool, typer.Option("--dry-run", help="Look at every row, and send nothing.")]


def annotate(
    table: Table,
    *,
    project: ProjectName = None,
    dry_run: Dry = False,
    server: Server = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Annotate resources from a CSV. Nothing is sent until every row is right; what is wrong is told by row and column.

    The rows of one resource are written together, all or none. A file name must be of one resource only.
    """
    with exit_codes():
        from fiducial.cli.annotation_rows import read_rows

        rows, wrong = read_rows(table)
        api = connect(server, key)
        project_id = None if project is None else api.projects._id_of(project)
        ids, unknown = _resolved(api, rows, project_id)
        wrong = sorted([*wrong, *unknown], key=lambda one: one.number)
        if wrong:
            _tell_wrong(table, wrong)
            raise typer.Exit(FAILED)
        told = [] if dry_run else _send(api, rows, ids, project_id)
    failed = [one for one in told if one["error"] is not None]
    for one in failed:
        tell(f"failed: {table}, rows {', '.join(map(str, one['rows']))}: {one['error']}")
    _print(rows, ids, told, dry_run=dry_run, as_json=as_json)
    if failed:
        raise typer.Exit(FAILED)


def _tell_wrong(table: Path, wrong: Sequence[WrongCell]) -> None:
    for one in wrong[:_TOLD]:
        tell(f"error: {one.told(table)}")
    if len(wrong) > _TOLD:
        tell(f"error: and {len(wrong) - _TOLD} more rows are wrong")
    tell("nothing was sent")


def _resolved(
    api: Api, rows: Sequence[AnnotationRow], project_id: str | None
) -> tuple[dict[str, str], list[WrongCell]]:
    """Ids by what the rows call their resources, and the rows whose resource is none or not only one."""
    from fiducial.api.entity_base_api import is_uuid
    from fiducial.cli.annotation_rows import WrongCell

    called = list(dict.fromkeys(row.resource for row in rows))
    names = {} if project_id is None else _by_name(api, project_id)
    ids: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for one in called:
        found = names.get(one, [])
        if len(found) == 1:
            ids[one] = found[0]
        elif found:
            reasons[one] = f"{len(found)} resources of the project have the name {one!r}: use their ids"
        elif is_uuid(one):
            ids[one] = one
        elif project_id is None:
            reasons[one] = f"{one!r} is no id; a file name needs --project"
        else:
            reasons[one] = f"no resource of the project has the name {one!r}"
    reasons |= _unknown(api, {name: i for name, i in ids.items() if name == i}, names)
    return ids, [WrongCell(row.number, "resource", reasons[row.resource]) for row in rows if row.resource in reasons]


def _by_name(api: Api, project_id: str) -> dict[str, list[str]]:
    """Ids of the project's resources by file name, and by id."""
    found: dict[str, list[str]] = defaultdict(list)
    for resource in api.projects.get_project_resources(project_id):
        found[resource.filename].append(resource.id)
        found[resource.id] = [resource.id]
    return dict(found)


def _unknown(api: Api, ids: Mapping[str, str], names: Mapping[str, list[str]]) -> dict[str, str]:
    """Why ids that no project told of are none."""
    from fiducial.api.entity_base_api import in_parallel
    from fiducial.exceptions import ItemNotFoundError

    def look(one: str) -> str | None:
        try:
            api.resources.get_by_id(one)
        except ItemNotFoundError:
            return f"there is no resource {one}"
        return None

    asked = [one for one in ids if one not in names]
    return {one: reason for one, reason in zip(asked, in_parallel(look, asked), strict=True) if reason is not None}


def _send(
    api: Api, rows: Sequence[AnnotationRow], ids: Mapping[str, str], project_id: str | None
) -> list[dict[str, Any]]:
    """What became of each resource's rows."""
    by_resource: dict[str, list[AnnotationRow]] = defaultdict(list)
    for row in rows:
        by_resource[ids[row.resource]].append(row)
    told: list[dict[str, Any]] = []
    stopped: str | None = None
    for resource_id, listed in by_resource.items():
        numbers = [row.number for row in listed]
        one: dict[str, Any] = {"resource_id": resource_id, "rows": numbers, "annotations": [], "error": None}
        told.append(one)
        if stopped is not None:
            one["error"] = stopped
            continue
        try:
            one["annotations"] = api.annotations.create(resource_id, [_item(row, project_id) for row in listed])
        except FiducialError as error:
            one["error"] = str(error)
            if isinstance(error, (Unauthenticated, Unavailable)):
                stopped = "not sent after the failure before"
    return told


def _item(row: AnnotationRow, project_id: str | None) -> dict[str, Any]:
    return {**row.fields, **({} if project_id is None else {"project_id": project_id})}


def _print(
    rows: Sequence[AnnotationRow],
    ids: Mapping[str, str],
    told: Sequence[Mapping[str, Any]],
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    resources = len({ids[row.resource] for row in rows})
    made = sum(len(one["annotations"]) for one in told)
    if as_json:
        failed = sum(one["error"] is not None for one in told)
        document = {"rows": len(rows), "resources": told, "annotations": made, "failed": failed, "dry_run": dry_run}
        print_json(document)
    elif dry_run:
        print(f"{len(rows)} rows on {resources} resources are right; nothing was sent")
    else:
        print(f"{made} annotations on {resources} resources")
