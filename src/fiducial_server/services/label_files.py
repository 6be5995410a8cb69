"""Files of labels: masks that come as PNG or NIfTI are kept as they came, beside their lossless runs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fiducial.errors import Damaged, Invalid, NotFound
from fiducial_server.db.files import insert_bytes
from fiducial_server.db.masks import insert_masks, mask_runs
from fiducial_server.model.actor import Actor
from fiducial_server.model.item import Item
from fiducial_server.model.label import Label, LabelKind, LabelRow, Mark, NewLabel
from fiducial_server.model.names import checked_name
from fiducial_server.services.content import Content
from fiducial_server.services.label_change import LabelChange
from fiducial_server.services.label_checks import CheckedLabel, checked_labels, require_labelable
from fiducial_server.services.label_making import make_label
from fiducial_server.services.label_part import (
    LabelPart,
    isolated,
    require_item,
    require_label,
    require_live_label,
    row_of,
)
from fiducial_server.services.label_target import Targets, require_live_item
from fiducial_server.services.mask_files import (
    NIFTI,
    PNG,
    ReadMask,
    check_grid,
    item_affine_ras,
    read_mask,
    require_mask_label,
)
from fiducial_server.services.project_part import require_open_project
from fiducial_server.storage.base import Spool

if TYPE_CHECKING:
    from fiducial.geometry.nifti_mask import LabelMap

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class _KeptMask:
    """One label of a volume: its runs, and the NIfTI file made of it, which is in the store."""

    value: int
    name: str
    runs: bytes
    file_sha256: str
    file_size: int


@dataclass(frozen=True, slots=True)
class _Source:
    """The label map as it came, and what its grid was judged by."""

    sha256: str
    size: int
    grid: str


class LabelFiles(LabelPart):
    """Masks in and out."""

    def attach_file(
        self,
        actor: Actor,
        item_id: str,
        mark_id: str,
        spool: Spool,
        mimetype: str | None = None,
        *,
        origin: str = "datamint",
    ) -> LabelRow:
        """Give a segmentation its mask, or another one. The same bytes again change nothing.

        A PNG must have the frame's size, a NIfTI the item's grid: Invalid tells both. What the file is, its content says;
        ``mimetype`` is not needed. On any error nothing is kept.
        """
        actor.require_writer("label")
        with spool:
            spool.finish()
            with self._database.read(actor.organization_id) as scope:
                label, item = self._label_on(require_label(scope, mark_id), require_item(scope, item_id), mark_id)
                if label.project_id is not None:
                    require_open_project(scope, label.project_id)
            require_mask_label(label.kind)
            with spool.open() as source:
                read = read_mask(source, item, row_of(label, mark_id).mark)
            sha256, size = spool.sha256, spool.size
            self._store.keep(spool)
        return self._change(actor, origin, lambda labels: _attach(labels, mark_id, read, sha256, size))

    def create_volume(
        self,
        actor: Actor,
        item_id: str,
        spool: Spool,
        names: Mapping[int, str],
        facts: NewLabel | None = None,
        *,
        origin: str = "datamint",
    ) -> list[str]:
        """One label over the whole item for each value of a NIfTI label map, in order of the values.

        ``names`` says what the values mean; a value without a name is named by its number, and a name whose value is
        nowhere makes no label. ``facts`` gives what all labels share (set, source, model, author); its kind and
        identifier are not read. Each label has a NIfTI file of 0 and 1 on the grid of the file that came (the item's own where an
        array without an affine came), and the file is kept too.
        """
        actor.require_writer("label")
        shared = facts or NewLabel(LabelKind.VOLUME_MASK, "")
        with spool:
            spool.finish()
            with self._database.read(actor.organization_id) as scope:
                item = require_item(scope, item_id)
            require_labelable(item)
            found, grid = _read_volume(spool, item)
            new = [replace(shared, kind=LabelKind.VOLUME_MASK, identifier=name) for _, name in _named(found, names)]
            checked = checked_labels(actor, item, new)
            kept = [
                self._keep_mask(found, value, name, item if grid == "shape" else None)
                for value, name in _named(found, names)
            ]
            source = _Source(spool.sha256, spool.size, grid)
            if kept:
                self._store.keep(spool)
        if not kept:
            return []
        return self._change(actor, origin, lambda labels: _create_volume(labels, item, checked, kept, source))

    def file(self, actor: Actor, item_id: str, label_id: str) -> Content:
        """The file as it came; for a mask that came another way, a PNG (frame) or NIfTI (volume), the same at any time."""
        with self._database.read(actor.organization_id) as scope:
            label, item = self._label_on(require_label(scope, label_id), require_item(scope, item_id), label_id)
        return self.file_of(actor, item, row_of(label, label_id))

    def file_of(self, actor: Actor, item: Item, row: LabelRow) -> Content:
        """The same of a label that was read already, on its item."""
        label, mark = row.label, row.mark
        if mark.file_sha256 is not None:
            return self._stored(label, mark, mark.file_sha256)
        runs = self.runs_of(actor, mark)
        if runs is None:
            raise NotFound(f"File of annotation {mark.id} not found: it has none", annotation_id=mark.id)
        return _encoded(label, item, runs)

    def runs_of(self, actor: Actor, mark: Mark) -> bytes | None:
        """The mask's lossless runs; None when it has none."""
        if mark.mask_sha256 is None:
            return None
        with self._database.read(actor.organization_id) as scope:
            return mask_runs(scope, mark.mask_sha256)

    def _stored(self, label: Label, mark: Mark, sha256: str) -> Content:
        size = self._store.size(sha256)
        if size is None:
            raise Damaged(f"the file {sha256} of annotation {mark.id} is not in the store")

        def read(start: int, length: int | None) -> Iterator[bytes]:
            return self._store.read(sha256, start, length)

        mimetype = mark.file_mimetype or "application/octet-stream"
        return Content(size, mimetype, _filename(label, mimetype), sha256, read)

    @staticmethod
    def _label_on(label: Label, item: Item, label_id: str) -> tuple[Label, Item]:
        if label.item_id != item.id:
            raise NotFound(f"Annotation {label_id} not found on resource {item.id}", annotation_id=label_id)
        return label, item

    def _keep_mask(self, found: LabelMap, value: int, name: str, item: Item | None) -> _KeptMask:
        """``item`` is given where the map says nothing of where it lies: its masks then lie on the item's own grid."""
        from fiducial.geometry.nifti_mask import volume_mask_to_nifti

        volume = found.labels[value]
        with self._store.spool() as spool:
            own = None if item is None else item_affine_ras(item)
            spool.write(volume_mask_to_nifti(volume, found.affine_ras if own is None else own))
            spool.finish()
            sha256, size = spool.sha256, spool.size
            self._store.keep(spool)
        return _KeptMask(value, name, volume.to_bytes(), sha256, size)


def _attach(labels: LabelChange, mark_id: str, read: ReadMask, sha256: str, size: int) -> LabelRow:
    change = labels.change
    before = require_live_label(change.scope, mark_id)
    require_mask_label(before.kind)
    mask_sha256 = hashlib.sha256(read.runs).hexdigest()
    mark = row_of(before, mark_id).mark
    if (mark.mask_sha256, mark.file_sha256) == (mask_sha256, sha256):
        return row_of(before, mark_id)
    insert_bytes(change.scope, {sha256: size}, change.at)
    insert_masks(change.scope, {mask_sha256: read.runs})
    held = isolated(labels, before, [mark_id])
    given = replace(held.marks[0], mask_sha256=mask_sha256, file_sha256=sha256, file_mimetype=read.mimetype)
    after = labels.save(held, replace(held, kind=read.kind, marks=(given,)))
    labels.finish("annotation.attach_file", mark_id, {"item_id": before.item_id, "sha256": sha256})
    return row_of(after, mark_id)


def _read_volume(spool: Spool, item: Item) -> tuple[LabelMap, str]:
    from fiducial.geometry.nifti_mask import label_map_from_nifti

    if spool.size == 0:
        raise Invalid("the segmentation file is empty", field="file")
    with spool.open() as source:
        found = label_map_from_nifti(source)
    return found, check_grid(found, item)


def _named(found: LabelMap, names: Mapping[int, str]) -> list[tuple[int, str]]:
    return [(value, checked_name(names.get(value, str(value)), "segmentation_map")) for value in sorted(found.labels)]


def _create_volume(
    labels: LabelChange,
    item: Item,
    checked: Sequence[CheckedLabel],
    kept: Sequence[_KeptMask],
    source: _Source,
) -> list[str]:
    change = labels.change
    require_live_item(change, item.id)
    masks = {hashlib.sha256(one.runs).hexdigest(): one.runs for one in kept}
    insert_masks(change.scope, masks)
    insert_bytes(
        change.scope, {source.sha256: source.size, **{one.file_sha256: one.file_size for one in kept}}, change.at
    )
    targets = Targets(change, item.id)
    made = []
    for one, mask in zip(checked, kept, strict=True):
        label = make_label(labels, targets, item, one)
        mark = replace(
            label.marks[0],
            mask_sha256=hashlib.sha256(mask.runs).hexdigest(),
            file_sha256=mask.file_sha256,
            file_mimetype=NIFTI,
            extra={
                **one.new.extra,
                "source_sha256": source.sha256,
                "source_value": mask.value,
                "grid_checked_by": source.grid,
            },
        )
        made.append(replace(label, marks=(mark,)))
    labels.create(made)
    labels.finish("annotation.create", None, {"item_id": item.id, "file": source.sha256, "grid": source.grid})
    return [label.marks[0].id for label in made]


def _encoded(label: Label, item: Item, runs: bytes) -> Content:
    import numpy as np

    from fiducial.geometry.mask import Mask
    from fiducial.geometry.nifti_mask import volume_mask_to_nifti
    from fiducial.geometry.png import mask_to_png
    from fiducial.geometry.volume_mask import VolumeMask

    if label.kind is LabelKind.MASK:
        return _held(label, mask_to_png(Mask.from_bytes(runs)), PNG)
    own = item_affine_ras(item)
    affine = np.eye(4) if own is None else own
    return _held(label, volume_mask_to_nifti(VolumeMask.from_bytes(runs), affine), NIFTI)


def _held(label: Label, body: bytes, mimetype: str) -> Content:
    def read(start: int, length: int | None) -> Iterator[bytes]:
        end = len(body) if length is None else min(start + length, len(body))
        return (body[place : min(place + _PIECE, end)] for place in range(start, end, _PIECE))

    return Content(len(body), mimetype, _filename(label, mimetype), hashlib.sha256(body).hexdigest(), read)


def _filename(label: Label, mimetype: str) -> str:
    ending = {PNG: ".png", NIFTI: ".nii.gz"}.get(mimetype, "")
    return f"{label.identifier}{ending}"
