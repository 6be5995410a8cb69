"""A dataset as one ZIP: images in one form, masks, ``annotations.json``, and a manifest in which nothing is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from fiducial_server.model.actor import Actor
from fiducial_server.model.item import Item, ItemFile
from fiducial_server.model.label import LabelRow
from fiducial_server.model.page import Key
from fiducial_server.model.times import to_iso
from fiducial_server.services.content import Content
from fiducial_server.services.exports.image_format import ImageFormat, Member, members
from fiducial_server.services.exports.json_file import JsonFile
from fiducial_server.services.exports.names import Names
from fiducial_server.services.exports.parts import ArchivePart, Shown, Writing, reason_of
from fiducial_server.services.exports.zip_stream import ZipStream
from fiducial_server.services.label_checks import MASK_KINDS
from fiducial_server.services.mask_files import NIFTI, PNG

IMAGES, MASKS = "images", "masks"
MOST_TOLD = 100
"""Frames of one item that the manifest names as missing; all are counted."""
_GZIP = b"\x1f\x8b"


@dataclass(slots=True)
class _Outcome:
    """What became of one item."""

    item: Item
    originals: Sequence[ItemFile]
    path: str | None = None
    """The one file, or the folder of several."""
    file_count: int = 0
    missing: list[dict[str, Any]] = field(default_factory=list)
    missing_count: int = 0
    reason: str | None = None


class DatasetArchive(ArchivePart):
    """Archives of datasets."""

    def dataset(
        self, actor: Actor, dataset_id: str, wanted: ImageFormat, shown: Shown, *, origin: str = "datamint"
    ) -> Iterator[bytes]:
        """The archive's bytes. NotFound comes before the first of them; Unavailable may come later, and cuts it off.

        ``images/`` has each item as ``wanted`` (in a folder when it is of several files), ``masks/`` the segmentations by
        item and annotation id, ``annotations.json`` the labels by item, ``manifest.json`` every item with its hashes and,
        where it or a frame of it could not be written, the reason.
        """
        dataset = self._projects.dataset(actor, dataset_id)
        self._note(actor, "dataset.export", dataset.id, {"name": dataset.name, "format": wanted.value}, origin=origin)
        writing, names = Writing(ZipStream(), actor, self._clock(), shown), Names()
        head = {"dataset_id": dataset.id, "name": dataset.name, "created_at": to_iso(writing.at)}
        with JsonFile(self._store) as labels, JsonFile(self._store) as manifest:
            labels.begin(head, "resources")
            manifest.begin({**head, "created_by": actor.email, "format": wanted.value}, "items")
            for item in self._dataset_items(actor, dataset_id):
                outcome = _Outcome(item, self._files(actor, item))
                yield from self._images(writing, wanted, names, outcome)
                yield from self._annotations(writing, item, labels)
                manifest.entry(_told(outcome))
            labels.end()
            manifest.end()
            for name, file in (("annotations.json", labels), ("manifest.json", manifest)):
                yield from writing.zip.member(name, file.pieces(), size=file.size, at=writing.at)
        yield from writing.zip.end()

    def _dataset_items(self, actor: Actor, dataset_id: str) -> Iterator[Item]:
        after: Key | None = None
        while True:
            page = self._projects.dataset_items(actor, dataset_id, after=after)
            yield from page.rows
            if (after := page.next_key) is None:
                return

    def _images(self, writing: Writing, wanted: ImageFormat, names: Names, outcome: _Outcome) -> Iterator[bytes]:
        at = outcome.item.created_at
        for one in self._made(wanted, names, outcome):
            path = f"{IMAGES}/{one.name}"
            yield from writing.zip.member(path, one.pieces, size=one.size, at=at, compressed=one.compressed)
            outcome.path = f"{IMAGES}/{one.name.partition('/')[0]}"
            outcome.file_count += 1
        yield from writing.zip.waiting()

    def _made(self, wanted: ImageFormat, names: Names, outcome: _Outcome) -> Iterator[Member]:
        """The item's files; what could not be made is noted."""
        try:
            for made in members(wanted, outcome.item, outcome.originals, self._store, names):
                if isinstance(made, Member):
                    yield made
                    continue
                outcome.missing_count += 1
                if outcome.missing_count <= MOST_TOLD:
                    outcome.missing.append({"frame": made.frame, "reason": made.reason})
        except Exception as error:
            outcome.reason = reason_of(error)

    def _annotations(self, writing: Writing, item: Item, target: JsonFile) -> Iterator[bytes]:
        target.begin({"resource_id": item.id, "filename": item.name}, "annotations")
        for rows in self._label_pages(writing.actor, item):
            for row, shown in zip(rows, writing.shown(rows), strict=True):
                if row.label.kind in MASK_KINDS:
                    yield from self._mask(writing, item, row, shown)
                target.entry(shown)
        target.end()
        yield from writing.zip.waiting()

    def _mask(self, writing: Writing, item: Item, row: LabelRow, shown: dict[str, Any]) -> Iterator[bytes]:
        """The file as it came, else PNG or NIfTI. ``file`` says where it is in the archive, or there is a reason."""
        shown["file"] = None
        try:
            content = self._labels.file_of(writing.actor, item, row)
            path = f"{MASKS}/{item.id}/{row.mark.id}{_ending(content)}"
            pieces = content.read(0, None)
        except Exception as error:
            shown["file_missing"] = reason_of(error)
            return
        shown["file"] = path
        yield from writing.zip.member(path, pieces, size=content.size, at=row.label.created_at)


def _ending(content: Content) -> str:
    if content.mimetype != NIFTI:
        return ".png" if content.mimetype == PNG else ""
    return ".nii.gz" if b"".join(content.read(0, len(_GZIP))) == _GZIP else ".nii"


def _told(outcome: _Outcome) -> dict[str, Any]:
    """An entry of the manifest. ``sha256`` is of the original where it is one file."""
    item, files = outcome.item, outcome.originals
    return {
        "id": item.id,
        "filename": item.name,
        "kind": item.kind.value,
        "modality": item.modality,
        "sha256": files[0].sha256 if len(files) == 1 else None,
        "originals": [{"filename": f.filename, "sha256": f.sha256, "size": f.size} for f in files],
        "path": outcome.path,
        "file_count": outcome.file_count,
        "missing_frames": outcome.missing,
        "missing_frame_count": outcome.missing_count,
        "reason": outcome.reason,
    }
