"""``fiducial download``: a project's files, or single resources, into a folder."""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fiducial.cli.connect import AsJson, Connections, Key, Server, connect, print_json
from fiducial.cli.exits import FAILED, exit_codes, tell

if TYPE_CHECKING:
    from fiducial.api.client import Api
    from fiducial.api.progress import Progress
    from fiducial.entities import Resource

What = Annotated[
    list[str], typer.Argument(metavar="PROJECT|ID...", help="A project (name or id), or ids of resources.")
]
Out = Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder to download into; made if needed.")]
_UNSAFE = re.compile(r'[\x00-\x1f<>:"/\\|?*]')
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Wanted:
    """One original file of a resource, and where it goes."""

    resource_id: str
    index: int
    sha256: str
    size: int
    place: Path


def download(
    what: What,
    out: Out,
    *,
    connections: Connections = 4,
    server: Server = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Download the original files, each checked by its SHA-256. What is there already, whole, is not fetched again.

    A resource of one file is DIR/ID_NAME; one of several is the folder DIR/ID_NAME with its files in their order.
    """
    with exit_codes():
        from fiducial.api.progress import progress_of

        api = connect(server, key)
        resources = _resources(api, what)
        with ThreadPoolExecutor(connections) as pool:
            wanted = [one for found in pool.map(lambda r: _wanted(api, r, out), resources) for one in found]
            size = sum(one.size for one in wanted)
            with progress_of("downloading", len(wanted), size, not as_json) as progress:
                rows = list(pool.map(lambda one: _fetch(api, one, progress), wanted))
    failed = [row for row in rows if row["error"] is not None]
    for row in failed:
        tell(f"failed: {row['path']}: {row['error']}")
    there = sum(row["there"] for row in rows)
    if as_json:
        print_json({"files": rows, "resources": len(resources), "failed": len(failed)})
    else:
        print(f"{len(rows) - len(failed)} files of {len(resources)} resources in {out} ({there} were there)")
    if failed:
        raise typer.Exit(FAILED)


def _resources(api: Api, what: list[str]) -> list[Resource]:
    """All are resource ids, or there is one project."""
    from fiducial.api.entity_base_api import in_parallel, is_uuid
    from fiducial.exceptions import ItemNotFoundError

    if len(what) == 1:
        try:
            return api.projects.get_project_resources(what[0])
        except ItemNotFoundError:
            if not is_uuid(what[0]):
                raise
    return in_parallel(api.resources.get_by_id, what)


def _wanted(api: Api, resource: Resource, out: Path) -> list[Wanted]:
    base = out / f"{resource.id}_{_plain(resource.filename)}"
    files = api.resources.files(resource)
    several = len(files) > 1
    places = [base / f"{n:05d}_{_plain(file['filename'])}" if several else base for n, file in enumerate(files)]
    return [
        Wanted(resource.id, int(file["index"]), file["sha256"], int(file["size"]), place)
        for file, place in zip(files, places, strict=True)
    ]


def _plain(name: str) -> str:
    """A name that stays inside the folder, on every system."""
    return _UNSAFE.sub("_", name).strip(". ")[-150:] or "file"


def _fetch(api: Api, one: Wanted, progress: Progress) -> dict[str, Any]:
    told: dict[str, Any] = {"path": str(one.place), "resource_id": one.resource_id, "sha256": one.sha256}
    there = _is_whole(one)
    error = None
    if there:
        progress.moved(one.size)
    else:
        try:
            _fetch_whole(api, one, progress)
        except Exception as problem:
            error = str(problem) or type(problem).__name__
    progress.done()
    return {**told, "there": there, "error": error}


def _fetch_whole(api: Api, one: Wanted, progress: Progress) -> None:
    from fiducial.api.download import fetch_to
    from fiducial.errors import Damaged

    path = f"/resources/{one.resource_id}/files/{one.index}"
    sha256 = fetch_to(api.resources, path, one.place, progress.moved)
    if sha256 != one.sha256:
        one.place.unlink(missing_ok=True)
        raise Damaged(f"it arrived damaged: its SHA-256 is {sha256}, not {one.sha256}")


def _is_whole(one: Wanted) -> bool:
    try:
        if one.place.stat().st_size != one.size:
            return False
        digest = hashlib.sha256()
        with one.place.open("rb") as file:
            while piece := file.read(_CHUNK):
                digest.update(piece)
    except OSError:
        return False
    return digest.hexdigest() == one.sha256
