"""``fiducial upload``: files, folders and patterns to the server."""

from __future__ import annotations

import logging
import shlex
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fiducial.cli.connect import AsJson, Connections, Key, Server, connect, print_json
from fiducial.cli.exits import FAILED, exit_codes, tell
from fiducial.errors import NotFound

if TYPE_CHECKING:
    from fiducial.api.client import Api
    from fiducial.api.local_file import LocalFile

Paths = Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, folders (all below) or patterns.")]
ProjectName = Annotated[str | None, typer.Option("--project", "-p", help="Project (name or id) to add them to.")]
Channel = Annotated[str | None, typer.Option("--channel", help="Channel to upload to.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", "-t", help="Tag; may be given several times.")]
Publish = Annotated[bool, typer.Option("--publish", help="Publish them at once, past the inbox.")]
Series = Annotated[bool, typer.Option("--series/--no-series", help="Make the files of a DICOM series one item.")]
Resume = Annotated[bool, typer.Option("--resume/--no-resume", help="Do not send again what the server has already.")]
Reports = Annotated[bool, typer.Option("--reports", help="Upload DICOM structured reports too.")]
_TOLD_HERE = logging.NullHandler()
"""Takes the library's warnings, which would go to standard error if nobody did: what failed is told at the end, once."""


def upload(
    paths: Paths,
    *,
    project: ProjectName = None,
    channel: Channel = None,
    tag: Tags = None,
    publish: Publish = False,
    series: Series = True,
    resume: Resume = True,
    reports: Reports = False,
    connections: Connections = 4,
    server: Server = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Upload files. What fails is told at the end, and the others go on; calling again sends only what is missing."""
    with exit_codes():
        from fiducial.api.local_file import expanded, local_file
        from fiducial.api.settings import value_of
        from fiducial.api.upload_options import is_report

        logging.getLogger("fiducial").addHandler(_TOLD_HERE)
        api = connect(server, key)
        target = _project_id(api, project or value_of("project"))
        files = [local_file(thing) for thing in expanded(paths)]
        kept = [file for file in files if reports or not is_report(file)]
        results = api.resources.upload_resources(
            kept,
            on_error="skip",
            tags=tag or None,
            channel=channel,
            publish=publish,
            publish_to=target,
            assemble_dicoms=series,
            discard_dicom_reports=False,
            progress_bar=not as_json,
            connections=connections,
            resume=resume,
        )
    failed = _report(kept, results, len(files) - len(kept), as_json)
    if failed:
        raise typer.Exit(FAILED)


def _project_id(api: Api, name: str | None) -> str | None:
    """Looked up before anything is sent, so that a wrong name costs nothing."""
    if name is None:
        return None
    try:
        return api.projects._id_of(name)
    except NotFound as error:
        told = f"there is no project named {name!r}; make it with: fiducial project create {shlex.quote(name)}"
        raise NotFound(told, name=name) from error


def _report(files: list[LocalFile], results: list[Any], left_out: int, as_json: bool) -> int:
    rows = [_row(file, result) for file, result in zip(files, results, strict=True)]
    failed = [row for row in rows if row["error"] is not None]
    items = {row["id"] for row in rows if row["id"] is not None}
    if as_json:
        print_json({"files": rows, "items": len(items), "failed": len(failed), "reports_left_out": left_out})
        return len(failed)
    for row in failed:
        tell(f"failed: {row['path']}: {row['error']}")
    left = f", {left_out} reports left out" if left_out else ""
    print(f"{len(rows) - len(failed)} files as {len(items)} items{left}{f', {len(failed)} failed' if failed else ''}")
    return len(failed)


def _row(file: LocalFile, result: Any) -> dict[str, Any]:
    failed = isinstance(result, Exception)
    return {
        "path": str(file.path),
        "id": None if failed else result,
        "error": _reason(file, result) if failed else None,
    }


def _reason(file: LocalFile, error: Exception) -> str:
    """What went wrong, without the file's name in front: the path says it."""
    return str(error).removeprefix(f"{file.path}: ").removeprefix(f"{file.name}: ")
