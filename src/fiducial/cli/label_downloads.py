"""Annotations of resources as one JSON file, and their masks beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fiducial.cli.disk_names import plain
from fiducial.cli.file_downloads import sha256_of

if TYPE_CHECKING:
    from fiducial.api.client import Api
    from fiducial.entities import Project, Resource
    from fiducial.entities.annotations import Annotation

NAME = "annotations.json"
_BATCH = 500
_GZIP = b"\x1f\x8b"
_PNG = b"\x89PNG"


@dataclass
class Labels:
    """What was saved. A row of ``masks`` has ``path``, ``annotation_id``, ``there`` and ``error``."""

    count: int = 0
    masks: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class LabelDownloads:
    """Those of one project where there is one: a resource may be in several."""

    api: Api
    connections: int
    project: Project | None = None

    def fetch(self, resources: Sequence[Resource], folder: Path) -> Labels:
        """``annotations.json`` is a list of the annotations; ``mask`` of a segmentation is its file, as a path from there.

        A mask that is there from an earlier run is fetched again only where the annotation has another one now.
        """
        from fiducial.api.download import write_whole

        names = {one.id: f"{one.id}_{plain(one.filename)}" for one in resources}
        earlier = _earlier(folder)
        found = Labels()
        listed: list[dict[str, Any]] = []
        with ThreadPoolExecutor(self.connections) as pool:
            for start in range(0, len(resources), _BATCH):
                page = self._annotations([one.id for one in resources[start : start + _BATCH]])
                masked = [one for one in page if one.is_segmentation() and one.associated_file]
                rows = list(pool.map(lambda one: self._mask(one, folder, names, earlier), masked))
                found.masks += rows
                paths = {row["annotation_id"]: row for row in rows if row["error"] is None}
                listed += [_told(one, paths.get(one.id), folder) for one in page]
        found.count = len(listed)
        write_whole(folder / NAME, json.dumps(listed, indent=1, ensure_ascii=False).encode())
        return found

    def _annotations(self, ids: Sequence[str]) -> Sequence[Annotation]:
        narrower: dict[str, Any] = {} if self.project is None else {"project_id": self.project.id}
        return self.api.annotations.get_list(list(ids), **narrower)

    def _mask(
        self, one: Annotation, folder: Path, names: dict[str, str], earlier: dict[str, dict[str, Any]]
    ) -> dict[str, Any]:
        told: dict[str, Any] = {"annotation_id": one.id, "there": False, "error": None}
        base = folder / "annotations" / names[str(one.resource_id)] / f"{plain(one.identifier)}_{one.id}"
        known = earlier.get(str(one.id), {})
        if known.get("associated_file") == one.associated_file and _same(folder, known):
            return {**told, "path": str(folder / known["mask"]), "there": True}
        try:
            place = self._fetch(one, base)
        except Exception as problem:
            return {**told, "path": str(base), "error": str(problem) or type(problem).__name__}
        return {**told, "path": str(place)}

    def _fetch(self, one: Annotation, base: Path) -> Path:
        """The ending says what the content is."""
        from fiducial.api.download import fetch_to

        path = f"/annotations/{one.resource_id}/annotations/{one.id}/file"
        fetch_to(self.api.annotations, path, base)
        with base.open("rb") as file:
            place = base.with_name(base.name + _ending(file.read(4)))
        return base.replace(place)


def _told(one: Annotation, row: dict[str, Any] | None, folder: Path) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(one.asjson())
    if row is None:
        return fields
    path = Path(row["path"])
    return {**fields, "mask": path.relative_to(folder).as_posix(), "mask_sha256": sha256_of(path)}


def _earlier(folder: Path) -> dict[str, dict[str, Any]]:
    try:
        listed = json.loads((folder / NAME).read_text(encoding="utf-8"))
        return {str(one["id"]): one for one in listed if one.get("mask")}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _same(folder: Path, known: dict[str, Any]) -> bool:
    try:
        return sha256_of(folder / known["mask"]) == str(known["mask_sha256"])
    except (OSError, KeyError):
        return False


def _ending(content: bytes) -> str:
    return ".png" if content.startswith(_PNG) else ".nii.gz" if content.startswith(_GZIP) else ".nii"
