"""``fiducial download``: a project or single resources into a folder, files and labels."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fiducial.cli.connect import AsJson, Connections, Key, Server, connect, print_json
from fiducial.cli.disk_names import plain
from fiducial.cli.exits import FAILED, exit_codes, tell
from fiducial.errors import Invalid

if TYPE_CHECKING:
    from fiducial.api.client import Api
    from fiducial.entities import Project, Resource


class Format(StrEnum):
    ORIGINAL = "original"
    JPG = "jpg"
    PNG = "png"
    TIFF = "tiff"
    DICOM = "dicom"
    NPY = "npy"
    NIFTI = "nifti"


What = Annotated[
    list[str], typer.Argument(metavar="PROJECT|ID...", help="A project (name or id), or ids of resources.")
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", metavar="DIR", help="Folder to download into, made if needed [default: the project's name]."
    ),
]
As = Annotated[
    Format,
    typer.Option(
        "--format",
        help="original: every file as it was uploaded. Otherwise one archive of a project's images, converted.",
    ),
]
Labels = Annotated[
    bool,
    typer.Option(
        "--annotations/--no-annotations", help="Save the annotations too: annotations.json, and the masks beside it."
    ),
]


def download(
    what: What,
    out: Out = None,
    *,
    format_: As = Format.ORIGINAL,
    annotations: Labels = True,
    connections: Connections = 4,
    server: Server = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Download files, each checked by its SHA-256. What is there already, whole, is not fetched again.

    A resource of one file is DIR/ID_NAME; one of several is the folder DIR/ID_NAME with its files in their order. The masks
    of a resource are in DIR/annotations/ID_NAME.
    """
    with exit_codes():
        from fiducial.cli.file_downloads import FileDownloads
        from fiducial.cli.label_downloads import LabelDownloads

        api = connect(server, key)
        project, resources = _found(api, what)
        folder = out or Path(plain(project.name) if project is not None else ".")
        if format_ is Format.ORIGINAL:
            rows = FileDownloads(api, connections, shown=not as_json).fetch(resources, folder)
        else:
            rows = [_archive(api, project, format_, folder, shown=not as_json)]
        labels = LabelDownloads(api, connections, project).fetch(resources, folder) if annotations else None
    failed = [row for row in [*rows, *(labels.masks if labels else [])] if row["error"] is not None]
    for row in failed:
        tell(f"failed: {row['path']}: {row['error']}")
    if as_json:
        told = {"files": rows, "resources": len(resources), "failed": len(failed)}
        print_json(told if labels is None else {**told, "annotations": labels.count, "masks": labels.masks})
    else:
        there = sum(row["there"] for row in rows)
        good = sum(row["error"] is None for row in rows)
        also = "" if labels is None else f", {labels.count} annotations with {len(labels.masks)} masks"
        print(f"{good} files of {len(resources)} resources in {folder} ({there} were there){also}")
    if failed:
        raise typer.Exit(FAILED)


def _found(api: Api, what: list[str]) -> tuple[Project | None, list[Resource]]:
    """All are resource ids, or there is one project."""
    from fiducial.api.entity_base_api import in_parallel, is_uuid
    from fiducial.exceptions import ItemNotFoundError

    if len(what) == 1:
        try:
            project_id = api.projects._id_of(what[0])
            resources = api.projects.get_project_resources(project_id)
            return api.projects.get_by_id(project_id), resources
        except ItemNotFoundError:
            if not is_uuid(what[0]):
                raise
    return None, in_parallel(api.resources.get_by_id, what)


def _archive(api: Api, project: Project | None, form: Format, folder: Path, *, shown: bool) -> dict[str, Any]:
    """A row as of a file. It is made anew each time: what it holds may have changed."""
    if project is None:
        raise Invalid(
            "--format is for a whole project: name one, or leave it out for the original files", field="format"
        )
    place = folder / f"{plain(project.name)}-{form.value}.zip"
    folder.mkdir(parents=True, exist_ok=True)
    api.datasets.download(project.dataset_id, place, form.value, progress_bar=shown)  # type: ignore[arg-type]
    return {"path": str(place), "there": False, "error": None}
