"""From a project on a server to a snapshot on this disk, and from there to a dataset."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fiducial.dataset.base import FiducialDataset
from fiducial.dataset.image import FrameDataset, ImageDataset, VideoFrameDataset
from fiducial.dataset.item import ItemDataset
from fiducial.dataset.masks import SEGMENTATION
from fiducial.dataset.plane import SliceDataset
from fiducial.dataset.snapshot import ItemRecord, LabelRecord, Snapshot, load_snapshot
from fiducial.dataset.volume import VolumeDataset
from fiducial.errors import Damaged, Invalid, NotFound, Unsupported

if TYPE_CHECKING:
    from fiducial.entities import Annotation, Project, Resource

KINDS: Mapping[str, type[FiducialDataset]] = {
    "item": ItemDataset,
    "image": ImageDataset,
    "volume": VolumeDataset,
    "slice": SliceDataset,
    "frame": FrameDataset,
    "video_frame": VideoFrameDataset,
}
ASK_AT_ONCE = 200
"""Items whose labels are asked for in one request."""


def project_dataset(
    project: Project,
    root_dir: str | Path | None = None,
    auto_update: bool = True,
    return_as_semantic_segmentation: bool = False,
    by: str = "item",
    **options: Any,
) -> Any:
    """The project as training data: a :class:`TorchDataset` when torch is installed, else the numpy sequence inside it.

    ``root_dir`` keeps the files (default: a folder of the project in the user's cache). With ``auto_update`` new items and
    changed labels are fetched first, and what is there already is not fetched again; without, what was kept is used and no
    network is touched (NotFound when nothing was). ``by`` is ``item``, ``image``, ``volume``, ``slice`` (with ``axis=``),
    ``frame`` or ``video_frame``.
    """
    if by not in KINDS:
        raise Invalid(f"by must be one of {', '.join(KINDS)}, not {by!r}", field="by")
    root = _root(project.id) if root_dir is None else Path(root_dir)
    snapshot = take_snapshot(project, root) if auto_update else load_snapshot(root)
    if snapshot.project_id != project.id:
        raise Invalid(f"{root} holds the project {snapshot.project_name!r} ({snapshot.project_id})", field="root_dir")
    dataset = KINDS[by](snapshot, semantic=return_as_semantic_segmentation, **options)
    try:
        from fiducial.dataset.torch_dataset import TorchDataset
    except Unsupported:
        return dataset
    return TorchDataset(dataset)


def take_snapshot(project: Project, root: Path) -> Snapshot:
    """Fetch what is new or changed since the snapshot below ``root``, if there is one, and save it there.

    Every file is checked against the server's hash on arrival. Nothing is saved unless everything arrived.
    """
    root.mkdir(parents=True, exist_ok=True)
    known = _known_items(root, project.id)
    resources = [r for r in project.fetch_resources() if not r.deleted]
    fetched = _in_parallel(lambda r: _fetch_item(r, root, known.get(r.id)), resources)
    labels = _labels_of(project, resources, root)
    items = tuple(
        _item(resource, file, sha256, tuple(labels.get(resource.id, ())))
        for resource, (file, sha256) in zip(resources, fetched, strict=True)
    )
    snapshot = Snapshot(root, project.id, project.name, datetime.now(UTC).isoformat(), items)
    snapshot.save()
    return snapshot


def _root(project_id: str) -> Path:
    from fiducial.entities.cache_manager import default_cache_root

    return default_cache_root() / "datasets" / project_id


def _known_items(root: Path, project_id: str) -> dict[str, ItemRecord]:
    try:
        snapshot = load_snapshot(root)
    except (NotFound, Damaged):
        return {}
    if snapshot.project_id != project_id:
        raise Invalid(
            f"{root} holds another project, {snapshot.project_name!r}; choose another folder", field="root_dir"
        )
    return {item.id: item for item in snapshot.items}


def _in_parallel(work: Any, things: Sequence[Any]) -> list[Any]:
    from fiducial.api.entity_base_api import in_parallel

    return in_parallel(work, things)


def _fetch_item(resource: Resource, root: Path, known: ItemRecord | None) -> tuple[str, str]:
    """(path below root, SHA-256). An item's bytes never change, so what is there under its id is not fetched again."""
    from fiducial.api.download import fetch_to

    if known is not None and (root / known.file).is_file():
        return known.file, known.sha256
    part = root / "files" / f".{resource.id}.part"
    endpoint = resource._endpoint
    sha256 = fetch_to(endpoint, endpoint._path(resource.id, "file"), part)
    file = f"files/{sha256}"
    part.replace(root / file)
    return file, sha256


def _labels_of(project: Project, resources: Sequence[Resource], root: Path) -> dict[str, list[LabelRecord]]:
    annotations: list[Annotation] = []
    ids = [resource.id for resource in resources]
    for start in range(0, len(ids), ASK_AT_ONCE):
        annotations += project._root.annotations.get_list(resource=ids[start : start + ASK_AT_ONCE])
    files = _in_parallel(lambda a: _fetch_mask(a, root), annotations)
    found: dict[str, list[LabelRecord]] = {}
    for annotation, file in zip(annotations, files, strict=True):
        found.setdefault(str(annotation.resource_id), []).append(_label(annotation, file))
    return found


def _fetch_mask(annotation: Annotation, root: Path) -> str | None:
    """Path of the mask's bytes below root. The name holds the server's word for this version of the file."""
    from fiducial.api.download import fetch_to

    if str(annotation.annotation_type) != SEGMENTATION or not (annotation.file or annotation.associated_file):
        return None
    version = hashlib.sha256(f"{annotation.id} {annotation.associated_file} {annotation.file}".encode()).hexdigest()
    file = f"masks/{version}"
    if not (root / file).is_file():
        endpoint = annotation._endpoint
        path = endpoint._path(str(annotation.resource_id), "annotations", str(annotation.id), "file")
        fetch_to(endpoint, path, root / file)
    return file


def _label(annotation: Annotation, file: str | None) -> LabelRecord:
    geometry: Any = annotation.geometry
    return LabelRecord(
        id=str(annotation.id),
        identifier=annotation.identifier,
        kind=str(annotation.annotation_type),
        frame=annotation.frame_index,
        value=annotation.numeric_value if annotation.numeric_value is not None else annotation.text_value,
        geometry=geometry.model_dump() if hasattr(geometry, "model_dump") else geometry,
        file=file,
        author=annotation.created_by,
        source=getattr(annotation, "source", None),
    )


def _item(resource: Resource, file: str, sha256: str, labels: Iterable[LabelRecord]) -> ItemRecord:
    return ItemRecord(
        id=resource.id,
        name=resource.filename,
        kind=resource.kind,
        file=file,
        sha256=sha256,
        frame_count=int(resource.metadata.get("frame_count") or 0),
        modality=resource.modality,
        patient_id=resource.patient_id,
        study_uid=resource.study_uid,
        series_uid=resource.series_uid,
        tags=tuple(resource.tags or ()),
        labels=tuple(labels),
    )
