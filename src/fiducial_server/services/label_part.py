"""What all parts of the labels service stand on, and how a label or its item is found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from fiducial.errors import Conflict, NotFound
from fiducial_server.db.annotations import find_labels
from fiducial_server.db.engine import Database
from fiducial_server.db.items import find
from fiducial_server.db.marks import label_of_mark
from fiducial_server.db.scope import Scope
from fiducial_server.model.actor import Actor
from fiducial_server.model.frame_range import carve, cut, offset_of
from fiducial_server.model.ids import new_id, parse_id
from fiducial_server.model.item import Item
from fiducial_server.model.label import Label, LabelRow, Mark
from fiducial_server.model.times import Clock, now_us
from fiducial_server.services.bookmarks import Bookmarks
from fiducial_server.services.change import Change
from fiducial_server.services.label_change import LabelChange
from fiducial_server.storage.base import BlobStore

T = TypeVar("T")


class LabelPart:
    """A part of the labels service."""

    def __init__(
        self, database: Database, store: BlobStore, clock: Clock = now_us, bookmarks: Bookmarks | None = None
    ) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._bookmarks = bookmarks or Bookmarks()

    def _change(self, actor: Actor, origin: str, work: Callable[[LabelChange], T]) -> T:
        """Run ``work`` in one transaction; all it writes has one time."""
        at = self._clock()
        return self._database.transact(
            actor.organization_id, lambda scope: work(LabelChange(Change(scope, actor, origin, at)))
        )


def require_item(scope: Scope, item_id: str) -> Item:
    """The item; NotFound when it is unknown or deleted."""
    found = find(scope, item_id)
    if found is None or found.deleted_at is not None:
        raise NotFound(f"Resource {item_id} not found", item_id=item_id)
    return found


def require_label(scope: Scope, label_id: str, *, lock: bool = False) -> Label:
    """The label that shows ``label_id``, the id of one of its marks or of one frame of a mark's range."""
    canonical = parse_id(label_id, "annotation id")
    annotation_id = label_of_mark(scope, canonical)
    found = find_labels(scope, [annotation_id], lock=lock) if annotation_id else {}
    if annotation_id and lock:  # what was read before the lock may have been cut meanwhile
        annotation_id = label_of_mark(scope, canonical)
    if annotation_id is None or annotation_id not in found:
        raise NotFound(f"Annotation {label_id} not found", annotation_id=label_id)
    return found[annotation_id]


def require_live_label(scope: Scope, label_id: str) -> Label:
    """Held until the transaction ends; Conflict when it is deleted."""
    found = require_label(scope, label_id, lock=True)
    if found.deleted_at is not None:
        raise Conflict(f"Annotation {label_id} is deleted", annotation_id=label_id)
    return found


def row_of(label: Label, label_id: str) -> LabelRow:
    """The label cut to the one frame that ``label_id`` names."""
    canonical = parse_id(label_id, "annotation id")
    for one in label.marks:
        offset = offset_of(one, canonical)
        if offset is not None:
            return LabelRow(label, cut(one, offset, offset))
    raise NotFound(f"Annotation {label_id} not found", annotation_id=label_id)


def split_marks(label: Label, label_ids: Iterable[str]) -> tuple[tuple[Mark, ...], tuple[Mark, ...]]:
    """(what stays, what is taken) of the label's marks when these frames are taken."""
    wanted = [parse_id(one, "annotation id") for one in label_ids]
    kept: list[Mark] = []
    taken: list[Mark] = []
    for one in label.marks:
        offsets = [offset for each in wanted if (offset := offset_of(one, each)) is not None]
        stays, goes = carve(one, offsets)
        kept += stays
        taken += goes
    return tuple(kept), tuple(taken)


def isolated(labels: LabelChange, label: Label, label_ids: Iterable[str]) -> Label:
    """The label that is these frames alone, so that they can be changed without the others.

    Where other frames remain, what is taken becomes a label of its own, with the same instance and the same ids.
    """
    kept, taken = split_marks(label, label_ids)
    if not kept:
        return label
    labels.save(label, replace(label, marks=kept))
    apart = replace(label, id=new_id(), marks=taken, revision=1, updated_at=labels.change.at)
    labels.create([apart])
    return apart
