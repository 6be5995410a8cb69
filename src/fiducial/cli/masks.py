"""Masks that are uploaded with their images, each onto the frame that it is of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fiducial.errors import FiducialError, Invalid

if TYPE_CHECKING:
    from fiducial.api.client import Api
    from fiducial.api.local_file import LocalFile
    from fiducial.cli.companions import Companion
    from fiducial.entities import Resource

Names = Mapping[Any, str] | None
_VOLUMES = (".nii", ".nii.gz")


@dataclass(frozen=True)
class Job:
    """One mask file of one uploaded file, which is the resource ``resource_id``, or a part of it."""

    companion: Companion
    file: LocalFile
    resource_id: str

    @property
    def is_volume(self) -> bool:
        return self.companion.path.name.lower().endswith(_VOLUMES)


@dataclass
class MaskUpload:
    """``resume``: what is there already under the same names, on the same frames, is not sent again."""

    api: Api
    names: Names = None
    resume: bool = True
    connections: int = 4
    as_sent: Callable[[LocalFile], LocalFile] = lambda file: file
    _resources: dict[str, Resource] = field(default_factory=dict)
    _there: Mapping[str, set[tuple[str, int | None]]] = field(default_factory=dict)

    def send(self, jobs: Sequence[Job]) -> list[dict[str, Any]]:
        """A row for each: ``path``, ``resource_id``, ``annotations`` (ids), ``there``, ``error``. The others go on after one."""
        ids = list(dict.fromkeys(job.resource_id for job in jobs))
        self._there = self._existing(ids) if self.resume else {}
        with ThreadPoolExecutor(self.connections) as pool:
            waited = list(pool.map(self._ready, ids))
            self._resources = {one.id: one for one in waited if not isinstance(one, Exception)}
            failed = {i: one for i, one in zip(ids, waited, strict=True) if isinstance(one, Exception)}
            return list(pool.map(lambda job: self._row(job, failed.get(job.resource_id)), jobs))

    def _existing(self, ids: Sequence[str]) -> Mapping[str, set[tuple[str, int | None]]]:
        found: dict[str, set[tuple[str, int | None]]] = defaultdict(set)
        for one in self.api.annotations.get_list(list(ids), annotation_type="segmentation"):
            found[str(one.resource_id)].add((one.identifier, one.frame_index))
        return found

    def _ready(self, resource_id: str) -> Resource | Exception:
        """Frames have numbers when the server has put a series in order."""
        try:
            return self.api.resources.wait_until_ready(resource_id)[0]
        except FiducialError as error:
            return error

    def _row(self, job: Job, problem: Exception | None) -> dict[str, Any]:
        told: dict[str, Any] = {"path": str(job.companion.path), "resource_id": job.resource_id}
        there, ids = False, []
        try:
            if problem is not None:
                raise problem
            there = self._is_there(job)
            ids = [] if there else self._send(job)
        except (FiducialError, OSError) as error:
            return {**told, "annotations": [], "there": False, "error": str(error)}
        return {**told, "annotations": ids, "there": there, "error": None}

    def _send(self, job: Job) -> list[str]:
        path, annotations = job.companion.path, self.api.annotations
        if job.is_volume:
            return annotations.upload_volume_segmentation(job.resource_id, path, self._volume_names())
        return annotations.upload_segmentations(job.resource_id, path, self.names, self._frame(job))

    def _volume_names(self) -> dict[int, str]:
        return {value: name for value, name in (self.names or {}).items() if isinstance(value, int)}

    def _frame(self, job: Job) -> int | None:
        """The frame that a picture is a mask of; None: it is of the only one, or has as many frames as the resource."""
        if job.companion.frame is not None:
            return job.companion.frame
        files = self.api.resources.files(job.resource_id)
        if len(files) > 1:
            wanted = self.as_sent(job.file).sha256
            return next(int(one["index"]) for one in files if one["sha256"] == wanted)
        frames = int((self._resources[job.resource_id].metadata or {}).get("frame_count") or 1)
        if frames > 1 and _frames_in(job.companion.path) != frames:
            raise Invalid(
                f"{job.companion.path} does not say which of the {frames} frames it is of: put {{frame}} into the pattern"
            )
        return None

    def _is_there(self, job: Job) -> bool:
        known = self._there.get(job.resource_id)
        if not known:
            return False
        wanted = (
            _volume_labels(job.companion.path, self._volume_names()) if job.is_volume else self._picture_labels(job)
        )
        return bool(wanted) and wanted <= known

    def _picture_labels(self, job: Job) -> set[tuple[str, int | None]]:
        from fiducial.api.segmentation import frames_of, named_masks

        masks = named_masks(frames_of(job.companion.path), self.names, self._frame(job))
        return {(one.name, one.frame_index) for one in masks}


def _frames_in(path: Path) -> int:
    from fiducial.api.segmentation import frames_of

    return len(frames_of(path))


def _volume_labels(path: Path, names: Mapping[int, str]) -> set[tuple[str, int | None]]:
    import nibabel
    import numpy as np

    try:
        values = np.unique(np.asanyarray(nibabel.load(path).dataobj))
    except Exception as error:  # nibabel raises what its parts raise
        raise Invalid(f"{path} is not a readable NIfTI file: {error}") from error
    return {(names.get(int(value), str(int(value))), None) for value in values if value}
