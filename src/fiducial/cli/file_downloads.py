"""The original files of resources, fetched over several connections."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fiducial.cli.disk_names import plain

if TYPE_CHECKING:
    from fiducial.api.client import Api
    from fiducial.api.progress import Progress
    from fiducial.entities import Resource

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Wanted:
    """One original file of a resource, and where it goes."""

    resource_id: str
    index: int
    sha256: str
    size: int
    place: Path


@dataclass(frozen=True)
class FileDownloads:
    """``shown``: with a bar of how far it is."""

    api: Api
    connections: int
    shown: bool = True

    def fetch(self, resources: Sequence[Resource], folder: Path) -> list[dict[str, Any]]:
        """A row for each file: ``path``, ``resource_id``, ``sha256``, ``there`` and ``error``. The others go on after one."""
        from fiducial.api.progress import progress_of

        with ThreadPoolExecutor(self.connections) as pool:
            wanted = [one for found in pool.map(lambda r: self._wanted(r, folder), resources) for one in found]
            size = sum(one.size for one in wanted)
            with progress_of("downloading", len(wanted), size, self.shown) as progress:
                return list(pool.map(lambda one: self._row(one, progress), wanted))

    def _wanted(self, resource: Resource, folder: Path) -> list[Wanted]:
        base = folder / f"{resource.id}_{plain(resource.filename)}"
        files = self.api.resources.files(resource)
        several = len(files) > 1
        places = [base / f"{n:05d}_{plain(file['filename'])}" if several else base for n, file in enumerate(files)]
        return [
            Wanted(resource.id, int(file["index"]), file["sha256"], int(file["size"]), place)
            for file, place in zip(files, places, strict=True)
        ]

    def _row(self, one: Wanted, progress: Progress) -> dict[str, Any]:
        told: dict[str, Any] = {"path": str(one.place), "resource_id": one.resource_id, "sha256": one.sha256}
        there = _is_whole(one)
        error = None
        if there:
            progress.moved(one.size)
        else:
            try:
                self._whole(one, progress)
            except Exception as problem:
                error = str(problem) or type(problem).__name__
        progress.done()
        return {**told, "there": there, "error": error}

    def _whole(self, one: Wanted, progress: Progress) -> None:
        from fiducial.api.download import fetch_to
        from fiducial.errors import Damaged

        path = f"/resources/{one.resource_id}/files/{one.index}"
        sha256 = fetch_to(self.api.resources, path, one.place, progress.moved)
        if sha256 != one.sha256:
            one.place.unlink(missing_ok=True)
            raise Damaged(f"it arrived damaged: its SHA-256 is {sha256}, not {one.sha256}")


def _is_whole(one: Wanted) -> bool:
    try:
        return one.place.stat().st_size == one.size and sha256_of(one.place) == one.sha256
    except OSError:
        return False


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            digest.update(piece)
    return digest.hexdigest()
