"""Labels of one item in one annotation set: read, and saved together with their masks, all or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from fiducial.errors import Conflict, FiducialError, Invalid, NotFound
from fiducial_server.db.annotations import find_labels
from fiducial_server.db.files import insert_bytes
from fiducial_server.db.marks import labels_of_marks
from fiducial_server.db.masks import insert_masks
from fiducial_server.db.scope import Scope
from fiducial_server.db.tasks import tasks_of_set
from fiducial_server.model.actor import Actor
from fiducial_server.model.item import Item
from fiducial_server.model.label import VALUE_KINDS, Label, LabelFilter, LabelKind, LabelRow, Mark, NewLabel
from fiducial_server.model.project import AnnotationSet
from fiducial_server.services.label_change import LabelChange
from fiducial_server.services.label_checks import MASK_KINDS, CheckedLabel, checked_labels, require_labelable
from fiducial_server.services.label_lists import LabelLists
from fiducial_server.services.label_making import make_label, new_instance
from fiducial_server.services.label_part import (
    isolated,
    require_item,
    require_label,
    require_live_label,
    row_of,
    split_marks,
)
from fiducial_server.services.label_target import Target, Targets, require_live_item
from fiducial_server.services.mask_files import ReadMask, frame_size, read_mask
from fiducial_server.services.project_part import require_open_project, require_set
from fiducial_server.storage.base import Spool

MOST_ENTRIES = 1000
_SHAPES = frozenset(LabelKind) - VALUE_KINDS - MASK_KINDS
AI_NAMES = ("viewable_ai_segs", "editable_ai_segs")
"""Keys of a set's settings: identifiers of models' segmentations that are shown to its annotators."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One label to be saved. ``replaces`` is the id of the label that it is to be from now on; None makes a new one.

    A label without a shape is a mask; ``width`` and ``height`` are the mask's, in pixels, where they were said.
    """

    label: NewLabel
    replaces: str | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """``ids`` in the order of the entries; each is in one of the others too."""

    ids: tuple[str, ...]
    created: tuple[str, ...]
    changed: tuple[str, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Image:
    """A mask that was read and is in the store."""

    read: ReadMask
    sha256: str
    size: int


class WorklistLabels(LabelLists):
    """Labels by annotation set and item."""

    def labels_in_set(
        self, actor: Actor, set_id: str, item_id: str, *, segmentations: bool, author: str | None = None
    ) -> Iterator[list[LabelRow]]:
        """Segmentations, or everything else, page by page; of one author (who wrote or is credited) where one is named.

        NotFound, with the first page, when there is no such set or item, or the item is not in the set.
        """
        with self._database.read(actor.organization_id) as scope:
            _require_in_set(scope, set_id, item_id)
        kinds = MASK_KINDS if segmentations else frozenset(LabelKind) - MASK_KINDS
        authors = None if author is None else (author.strip().lower(),)
        narrowing = LabelFilter(
            item_ids=(item_id,), annotation_set_id=set_id, kinds=tuple(sorted(kinds)), authors=authors
        )
        yield from self.pages(actor, narrowing)

    def model_segmentations(self, actor: Actor, set_id: str, item_id: str) -> Iterator[list[LabelRow]]:
        """Segmentations of the item that models made, in the set's project or in none, page by page.

        A set that names which of them its annotators see shows no others.
        """
        with self._database.read(actor.organization_id) as scope:
            of_set = _require_in_set(scope, set_id, item_id)
        lists = [of_set.settings.get(key) for key in AI_NAMES]
        names = tuple(dict.fromkeys(name for one in lists if one is not None for name in one))
        narrowing = LabelFilter(
            item_ids=(item_id,),
            kinds=tuple(sorted(MASK_KINDS)),
            is_model=True,
            identifiers=None if lists == [None, None] else names,
        )
        for page in self.pages(actor, narrowing):
            yield [row for row in page if row.label.project_id in {of_set.project_id, None}]

    def kinds_of(self, actor: Actor, ids: Sequence[str]) -> Mapping[str, LabelKind]:
        """What kind the labels with these ids are; NotFound names one that is unknown."""
        with self._database.read(actor.organization_id) as scope:
            owners = labels_of_marks(scope, ids)
            owners |= {one: require_label(scope, one).id for one in ids if one not in owners}
            found = find_labels(scope, set(owners.values()))
        return {one: found[owner].kind for one, owner in owners.items()}

    def save_in_set(
        self,
        actor: Actor,
        set_id: str,
        item_id: str,
        entries: Sequence[Entry],
        images: Sequence[Spool],
        *,
        origin: str = "datamint",
    ) -> Saved:
        """Every entry becomes a label of the set, or the next revision of the one it replaces; all or none.

        ``images`` are the masks of the entries without a shape, in their order: one for each, or none at all (a new mask
        then waits for its file, and a replaced one keeps its own). They are discarded unless they are kept. Saving the
        same again writes nothing.

        NotFound: no such set, item or label, or the item is not in the set, or the label not on it. Conflict: an archived
        project, a deleted label, an item that is not in order yet. Invalid: what is wrong, and with which entry.
        """
        actor.require_writer("label")
        with ExitStack() as undo:
            for spool in images:
                undo.callback(spool.discard)
            with self._database.read(actor.organization_id) as scope:
                of_set = _require_in_set(scope, set_id, item_id)
                require_open_project(scope, of_set.project_id)
                item = require_item(scope, item_id)
            require_labelable(item)
            _check_entries(item, entries)
            checked = checked_labels(actor, item, [one.label for one in entries])
            masks = self._read(item, entries, checked, images)
            for spool in images:
                self._store.keep(spool)
        if not entries:
            return Saved((), (), (), ())

        def work(labels: LabelChange) -> Saved:
            require_live_item(labels.change, item_id)
            return _Saving(labels, item, Targets(labels.change, item_id), set_id).all(entries, checked, masks)

        return self._change(actor, origin, work)

    @staticmethod
    def _read(
        item: Item, entries: Sequence[Entry], checked: Sequence[CheckedLabel], images: Sequence[Spool]
    ) -> dict[int, _Image]:
        """The masks by the place of their entry."""
        places = [place for place, one in enumerate(entries) if one.label.shape is None]
        if images and len(images) != len(places):
            raise Invalid(
                f"{len(images)} images came for {len(places)} entries without a geometry: send one image for each of them,"
                " in their order, or none (a client that can send only one image saves one entry at a time)",
                field="images",
                images=len(images),
                entries=len(places),
            )
        found = {}
        for place, spool in zip(places, images, strict=False):
            spool.finish()
            try:
                with spool.open() as source:
                    found[place] = _Image(read_mask(source, item, checked[place].mark), spool.sha256, spool.size)
            except FiducialError as error:
                raise type(error)(f"the image of entry {place}: {error.message}", **error.details) from error
        return found


def _require_in_set(scope: Scope, set_id: str, item_id: str) -> AnnotationSet:
    of_set = require_set(scope, set_id)
    require_item(scope, item_id)
    if not tasks_of_set(scope, set_id, [item_id]):
        raise NotFound(f"Resource {item_id} not found in annotation set {of_set.name!r}", item_id=item_id)
    return of_set


def _check_entries(item: Item, entries: Sequence[Entry]) -> None:
    if len(entries) > MOST_ENTRIES:
        raise Invalid(f"{len(entries)} entries came; {MOST_ENTRIES} is the most at once", field="payload")
    width, height = frame_size(item)
    replaced: dict[str, int] = {}
    for place, one in enumerate(entries):
        for name, said, own in (("width", one.width, width), ("height", one.height, height)):
            if said is not None and said != own:
                raise Invalid(
                    f"entry {place}: {name} is {said}, and {item.name!r} is {width} x {height} pixels",
                    field=f"[{place}].{name}",
                )
        if one.replaces is not None and replaced.setdefault(one.replaces, place) != place:
            raise Invalid(
                f"entries {replaced[one.replaces]} and {place} have one id: {one.replaces}", field=f"[{place}].id"
            )


@dataclass(slots=True)
class _Saving:
    """One save while it is written. Only the first look at the set says whether its project is open, so it is done first."""

    labels: LabelChange
    item: Item
    targets: Targets
    set_id: str

    def all(self, entries: Sequence[Entry], checked: Sequence[CheckedLabel], images: Mapping[int, _Image]) -> Saved:
        self.targets.of(self.set_id, None)
        _insert_images(self.labels, checked, images)
        ids: list[str] = []
        made: list[Label] = []
        changed: list[str] = []
        for place, (entry, one) in enumerate(zip(entries, checked, strict=True)):
            if entry.replaces is None:
                made.append(self._made(one, images.get(place)))
                ids.append(made[-1].marks[0].id)
            else:
                ids.append(entry.replaces)
                if self._replaced(place, entry.replaces, one, images.get(place)):
                    changed.append(entry.replaces)
        self.labels.create(made)
        details = {"item_id": self.item.id, "annotation_set_id": self.set_id}
        self.labels.finish("annotation.save", ids[0] if len(ids) == 1 else None, details)
        created = tuple(one.marks[0].id for one in made)
        told = {*created, *changed}
        return Saved(tuple(ids), created, tuple(changed), tuple(one for one in ids if one not in told))

    def _made(self, one: CheckedLabel, image: _Image | None) -> Label:
        new = replace(one, new=replace(one.new, annotation_set_id=self.set_id, project_id=None))
        return make_label(self.labels, self.targets, self.item, new, (_with_image(one.mark, image),))

    def _replaced(self, place: int, label_id: str, one: CheckedLabel, image: _Image | None) -> bool:
        """Whether the label is another now."""
        before = require_live_label(self.labels.change.scope, label_id)
        if before.item_id != self.item.id or before.annotation_set_id != self.set_id:
            raise NotFound(
                f"Annotation {label_id} not found on resource {self.item.id} in annotation set {self.set_id}",
                annotation_id=label_id,
            )
        _require_same_place(self.item, before, place, label_id, one)
        alone = replace(before, marks=split_marks(before, [label_id])[1])
        after = _after(self.targets.of(self.set_id, None), alone, one, image)
        if after == alone:
            return False
        held = isolated(self.labels, before, [label_id])
        self.labels.save(held, replace(after, id=held.id, revision=held.revision, updated_at=held.updated_at))
        return True


def _insert_images(labels: LabelChange, checked: Sequence[CheckedLabel], images: Mapping[int, _Image]) -> None:
    scope = labels.change.scope
    insert_bytes(scope, {one.sha256: one.size for one in images.values()}, labels.change.at)
    insert_masks(scope, {_runs_sha256(one): one.read.runs for one in images.values()})
    insert_masks(scope, {one.mark.mask_sha256 or "": one.mask for one in checked if one.mask is not None})


def _runs_sha256(image: _Image) -> str:
    return hashlib.sha256(image.read.runs).hexdigest()


def _with_image(mark: Mark, image: _Image | None) -> Mark:
    if image is None:
        return mark
    return replace(mark, mask_sha256=_runs_sha256(image), file_sha256=image.sha256, file_mimetype=image.read.mimetype)


def _require_same_place(item: Item, before: Label, place: int, label_id: str, one: CheckedLabel) -> None:
    frame, said = row_of(before, label_id).mark.frame_start, one.mark.frame_start
    if said is not None and frame != said and (frame is not None or item.frame_count > 1):
        where = "the whole resource" if frame is None else f"frame {frame}"
        raise Invalid(
            f"entry {place}: annotation {label_id} is on {where}, not on frame {said}", field=f"[{place}].frame_index"
        )
    wanted = _SHAPES if one.mark.shape is not None else MASK_KINDS
    if before.kind not in wanted:
        what = "a geometry" if one.mark.shape is not None else "a mask"
        raise Conflict(f"entry {place}: annotation {label_id} is a {before.kind}, and cannot be given {what}")


def _after(target: Target, label: Label, one: CheckedLabel, image: _Image | None) -> Label:
    """The label with what the entry says; what it does not say stays."""
    mark, new = label.marks[0], one.new
    kind = label.kind
    if image is not None:
        kind, mark = image.read.kind, _with_image(mark, image)
    elif one.mark.shape is not None:
        kind = new.kind
        mark = replace(mark, shape=one.mark.shape, patient_points=new.patient_points, extra={**mark.extra, **new.extra})
    after = replace(label, kind=kind, marks=(mark,))
    if new.set_name is not None:
        after = replace(after, set_name=new.set_name)
    if new.identifier == label.identifier and kind == label.kind:
        return after
    feature = target.book.for_label(kind, new.identifier, label.text_value)
    instance = label.instance if new.identifier == label.identifier else new_instance()
    return replace(after, identifier=new.identifier, feature_id=feature.id, instance=instance)
