"""A project as one ZIP, in the form that datasets of older clients read: ``dataset.json``, ``images/``, ``masks/``.

Those read every mask as a PNG of 0 and 255 on one frame. So a mask over a volume is written as one such PNG for each slice
that has any of it, each an annotation of its own that names the volume's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from fiducial.errors import Damaged
from fiducial_server.db.tasks import done_tasks
from fiducial_server.model.actor import Actor
from fiducial_server.model.ids import frame_id
from fiducial_server.model.item import Item
from fiducial_server.model.label import LabelKind, LabelRow
from fiducial_server.model.project import Project
from fiducial_server.services.content import Content
from fiducial_server.services.exports.json_file import JsonFile
from fiducial_server.services.exports.names import Names, safe_name, split_ending
from fiducial_server.services.exports.parts import ArchivePart, Shown, Writing, reason_of
from fiducial_server.services.exports.zip_stream import ZipStream
from fiducial_server.services.label_checks import MASK_KINDS
from fiducial_server.services.labels import PUBLISHED

IMAGES, MASKS = "images", "masks"
_GZIP = b"\x1f\x8b"
_ENDINGS = {"dicom": ".dcm", "nifti": ".nii", "png": ".png", "jpeg": ".jpg", "tiff": ".tif", "bmp": ".bmp"}

About = Callable[[Item], Mapping[str, Any]]
"""An item as the dialect writes it."""
_Shows = tuple[LabelRow, dict[str, Any]]


@dataclass(slots=True)
class _Project:
    """What is asked for, and what could not be given."""

    project: Project
    every_label: bool
    unannotated: bool
    about: About
    names: Names = field(default_factory=Names)
    skipped: list[dict[str, Any]] = field(default_factory=list)


class ProjectArchive(ArchivePart):
    """Archives of projects."""

    def project(
        self,
        actor: Actor,
        project_id: str,
        *,
        every_label: bool,
        unannotated: bool,
        head: Callable[[Project], Mapping[str, Any]],
        about: About,
        shown: Shown,
        origin: str = "datamint",
    ) -> Iterator[bytes]:
        """The archive's bytes. NotFound comes before the first of them.

        Without ``every_label`` there are only labels that are finished: approved, or of a task that is done. Without
        ``unannotated`` there are only items with such labels. ``head`` begins ``dataset.json``; its ``resources`` are
        ``about`` each item with ``file`` and ``annotations``; ``skipped`` says what is not there and why.
        """
        asked = _Project(self._projects.get(actor, project_id), every_label, unannotated, about)
        details = {"name": asked.project.name, "format": "zip", "every_label": every_label, "unannotated": unannotated}
        self._note(actor, "project.export", project_id, details, origin=origin, project_id=project_id)
        writing = Writing(ZipStream(), actor, self._clock(), shown)
        with JsonFile(self._store) as target:
            target.begin(head(asked.project), "resources")
            for items in self._projects.all_items(actor, project_id):
                done = None if every_label else self._done(actor, project_id, items)
                for item in items:
                    yield from self._item(writing, asked, item, done, target)
            target.end({"skipped": asked.skipped})
            yield from writing.zip.member("dataset.json", target.pieces(), size=target.size, at=writing.at)
        yield from writing.zip.end()

    def _done(self, actor: Actor, project_id: str, items: Sequence[Item]) -> set[tuple[str, str]]:
        """(annotation set, item) of the tasks that are done."""
        with self._database.read(actor.organization_id) as scope:
            return done_tasks(scope, project_id, [item.id for item in items])

    def _item(
        self, writing: Writing, asked: _Project, item: Item, done: set[tuple[str, str]] | None, target: JsonFile
    ) -> Iterator[bytes]:
        pages = self._shown(writing, asked.project, item, done)
        first = next(pages, [])
        if not first and not asked.unannotated:
            return
        try:
            content = self._items.content(writing.actor, item.id)
            path = f"{IMAGES}/{asked.names.unique(_named(item, content))}"
            pieces = content.read(0, None)
        except Exception as error:
            asked.skipped.append({"resource_id": item.id, "filename": item.name, "reason": reason_of(error)})
            return
        yield from writing.zip.member(path, pieces, size=content.size, at=item.created_at, compressed=True)
        target.begin({**asked.about(item), "file": path}, "annotations")
        for row, shown in chain(first, *pages):
            if row.label.kind in MASK_KINDS:
                yield from self._frame_masks(writing, asked, row, shown, target)
            else:
                target.entry({**shown, "file": None})
        target.end()
        yield from writing.zip.waiting()

    def _shown(
        self, writing: Writing, project: Project, item: Item, done: set[tuple[str, str]] | None
    ) -> Iterator[list[_Shows]]:
        """Pages of the labels that are asked for; no page is empty."""
        for found in self._label_pages(writing.actor, item, project_id=project.id):
            rows = [row for row in found if done is None or _is_finished(row, done)]
            if rows:
                yield list(zip(rows, writing.shown(rows), strict=True))

    def _frame_masks(
        self, writing: Writing, asked: _Project, row: LabelRow, shown: dict[str, Any], target: JsonFile
    ) -> Iterator[bytes]:
        try:
            masks = self._planes(writing.actor, row)
        except Exception as error:
            asked.skipped.append({"annotation_id": row.mark.id, "reason": reason_of(error)})
            return
        for label_id, frame, png in masks:
            path = f"{MASKS}/{row.label.item_id}/{label_id}.png"
            whole = {} if label_id == row.mark.id else {"volume_annotation_id": row.mark.id}
            yield from writing.zip.member(path, (png,), size=len(png), at=row.label.created_at, compressed=True)
            target.entry({**shown, **whole, "id": label_id, "scope": "frame", "frame_index": frame, "file": path})

    def _planes(self, actor: Actor, row: LabelRow) -> Iterator[tuple[str, int, bytes]]:
        """(annotation id, frame, PNG of 0 and 255) of each frame on which the mask has a pixel, or of its one frame."""
        from fiducial.geometry.mask import Mask
        from fiducial.geometry.png import mask_to_png
        from fiducial.geometry.volume_mask import VolumeMask

        runs = self._labels.runs_of(actor, row.mark)
        if runs is None:
            raise Damaged("the segmentation has no mask yet")
        if row.label.kind is LabelKind.MASK:
            return iter([(row.mark.id, row.mark.frame_start or 0, mask_to_png(Mask.from_bytes(runs)))])
        slices = sorted(VolumeMask.from_bytes(runs).slices.items())
        return ((frame_id(row.mark.id, index), index, mask_to_png(mask)) for index, mask in slices)


def _is_finished(row: LabelRow, done: set[tuple[str, str]]) -> bool:
    label = row.label
    return label.status == PUBLISHED or (label.annotation_set_id or "", label.item_id) in done


def _named(item: Item, content: Content) -> str:
    """As the file is called; readers tell what it is by its ending."""
    name = safe_name(content.filename)
    if split_ending(name)[1]:
        return name
    packed = item.format == "nifti" and b"".join(content.read(0, len(_GZIP))) == _GZIP
    return f"{name}{_ENDINGS.get(item.format or '', '')}{'.gz' if packed else ''}"
