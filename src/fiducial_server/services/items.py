"""Items: finding them, changing what is said of them, and getting at their bytes and frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from fiducial.errors import Invalid, NotFound
from fiducial.media.base import Affine, Axis, Reader
from fiducial_server.db import channels as channel_rows
from fiducial_server.db import files as file_rows
from fiducial_server.db import item_lists
from fiducial_server.db import items as rows
from fiducial_server.db import tags as tag_rows
from fiducial_server.db.engine import Database
from fiducial_server.db.events import add_events, event_row
from fiducial_server.db.item_lists import Plan
from fiducial_server.db.scope import Scope
from fiducial_server.model.actor import Actor
from fiducial_server.model.item import Item, ItemFile, ItemFilter, ItemKind, ItemStatus
from fiducial_server.model.page import Key, Page
from fiducial_server.model.times import Clock, now_us
from fiducial_server.services import channels
from fiducial_server.services.bookmarks import Bookmarks
from fiducial_server.services.channels import ChannelItem, ChannelView
from fiducial_server.services.content import Content, EncodedImage
from fiducial_server.services.drafts import LONGEST_MODALITY
from fiducial_server.services.headers import header_from_json
from fiducial_server.services.label_checks import require_labelable
from fiducial_server.services.looks import Looks
from fiducial_server.services.texts import clean_filename, clean_json, clean_tags, clean_text
from fiducial_server.storage.base import BlobStore

__all__ = ["ChannelItem", "ChannelView", "ItemGeometry", "Items", "RestoreOutcome"]

MOST_ROWS = 5000
MOST_NAMED = 20
"""Ids that an error message spells out."""
_LIST = "items"


@dataclass(frozen=True, slots=True)
class RestoreOutcome:
    """``skipped``: (id, ``not_found`` | ``not_deleted`` | ``file_missing``)."""

    restored: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ItemGeometry:
    """What label codecs need: ``width`` and ``height`` in pixels, affines from (column, row, slice) to LPS mm.

    ``per_frame_affines`` is given where the frames are no one grid but each file has its own place; in item order.
    """

    width: int | None
    height: int | None
    frame_count: int
    kind: ItemKind
    voxel_to_patient: Affine | None
    frame_of_reference_uid: str | None
    is_volume: bool
    per_frame_affines: tuple[Affine | None, ...] | None = None


class Items:
    """Everything but their arrival (:class:`fiducial_server.services.uploads.Uploads`)."""

    def __init__(self, database: Database, store: BlobStore, bookmarks: Bookmarks, clock: Clock = now_us) -> None:
        self._database = database
        self._store = store
        self._bookmarks = bookmarks
        self._clock = clock
        self._looks = Looks(database, store, clock)

    # --- finding ------------------------------------------------------------------------------------------------------

    def get(self, actor: Actor, item_id: str, *, deleted: bool = True) -> Item:
        """The item; with ``deleted=False`` one that was deleted is NotFound too."""
        with self._database.read(actor.organization_id) as scope:
            return _present(scope, item_id, deleted=deleted)

    def page(self, actor: Actor, narrowing: ItemFilter, *, after: Key | None = None, limit: int = 100) -> Page[Item]:
        """The next items after a key. Open groups are not listed. NotFound names a project that does not exist."""
        with self._database.read(actor.organization_id) as scope:
            return _read(scope, _plan(scope, narrowing), after, limit)

    def page_at(self, actor: Actor, narrowing: ItemFilter, *, offset: int, limit: int) -> Page[Item]:
        """The same by row number. Pages that follow each other cost the same wherever they are."""
        if offset < 0 or limit < 0:
            raise Invalid("offset and limit must not be negative", field="offset")
        org = actor.organization_id
        with self._database.read(org) as scope:
            way = _plan(scope, narrowing)
            after = None
            if offset:
                after = self._bookmarks.get(org, _LIST, narrowing, offset) or item_lists.key_before(scope, way, offset)
                if after is None:
                    return Page(())
            page = _read(scope, way, after, limit)
        if page.next_key is not None:
            self._bookmarks.put(org, _LIST, narrowing, offset + len(page.rows), page.next_key)
        return page

    def bounded_count(self, actor: Actor, narrowing: ItemFilter, at_most: int = 1_000) -> tuple[int, bool]:
        """How many items there are, counted up to ``at_most``; False when there are more."""
        with self._database.read(actor.organization_id) as scope:
            found = item_lists.count(scope, _plan(scope, narrowing), at_most)
        return min(found, at_most), found <= at_most

    def files(self, actor: Actor, item_id: str) -> Sequence[ItemFile]:
        """The item's files in their order: that of geometry once a series is ready."""
        with self._database.read(actor.organization_id) as scope:
            _present(scope, item_id)
            return file_rows.files_of(scope, item_id)

    def channels(
        self, actor: Actor, *, offset: int = 0, limit: int = 5000, project_name: str | None = None
    ) -> Page[ChannelView]:
        """Channels in order of the alphabet; with a project's name, those and only those items that are in it."""
        with self._database.read(actor.organization_id) as scope:
            return Page(channels.views(scope, offset=offset, limit=limit, project_name=project_name))

    def geometry(self, actor: Actor, item_id: str) -> ItemGeometry:
        """Conflict while a series is not in order: until then nobody knows which frame lies where."""
        with self._database.read(actor.organization_id) as scope:
            item = _present(scope, item_id)
            require_labelable(item)
            own_places = item.kind is ItemKind.DICOM_SERIES and not item.is_volume
            kept = file_rows.files_of(scope, item_id) if own_places else []
        return _geometry(item, _affines(kept) if own_places else None)

    # --- changing -----------------------------------------------------------------------------------------------------

    def publish(self, actor: Actor, ids: Sequence[str], *, origin: str = "datamint") -> None:
        """INBOX becomes PUBLISHED; those that are published stay as they are."""
        actor.require_writer("publish")
        at = self._clock()

        def work(scope: Scope) -> None:
            found = _all_present(scope, ids, "status")
            new = [item_id for item_id, row in found.items() if row.status != ItemStatus.PUBLISHED]
            values = {"status": str(ItemStatus.PUBLISHED), "published_at": at, "published_by": actor.email}
            rows.update(scope, new, {**values, "updated_at": at})
            _note(scope, actor, "item.publish", new, origin=origin, details={}, at=at)

        self._database.transact(actor.organization_id, work)

    def set_tags(self, actor: Actor, ids: Sequence[str], tags: Sequence[str], *, origin: str = "datamint") -> None:
        """The items' tags are now exactly these."""
        actor.require_writer("set tags")
        wanted, at = clean_tags(tags), self._clock()

        def work(scope: Scope) -> None:
            found = list(_all_present(scope, ids))
            before = tag_rows.tags_of(scope, found)
            changed = [item_id for item_id in found if set(before.get(item_id, ())) != set(wanted)]
            tag_rows.clear(scope, changed)
            tag_rows.add(scope, dict.fromkeys(changed, wanted))
            rows.update(scope, changed, {"updated_at": at})
            _note(scope, actor, "item.tag", changed, origin=origin, details={"tags": list(wanted)}, at=at)

        self._database.transact(actor.organization_id, work)

    def delete(self, actor: Actor, ids: Sequence[str], *, origin: str = "datamint") -> None:
        """Soft: the items leave the lists and can be restored. Those that are deleted stay as they are."""
        actor.require_writer("delete")
        at = self._clock()

        def work(scope: Scope) -> None:
            found = _all_present(scope, ids, "deleted_at", deleted=True)
            alive = [item_id for item_id, row in found.items() if row.deleted_at is None]
            rows.update(scope, alive, {"deleted_at": at, "deleted_by": actor.email, "updated_at": at})
            _note(scope, actor, "item.delete", alive, origin=origin, details={}, at=at)

        self._database.transact(actor.organization_id, work)

    def restore(self, actor: Actor, ids: Sequence[str], *, origin: str = "datamint") -> RestoreOutcome:
        """Bring deleted items back; what could not be brought back is told with its reason."""
        actor.require_writer("restore")
        wanted, at = list(dict.fromkeys(ids)), self._clock()
        with self._database.read(actor.organization_id) as scope:
            hashes = file_rows.hashes_of(scope, wanted)
        missing = {key for key in {h for found in hashes.values() for h in found} if self._store.size(key) is None}

        def work(scope: Scope) -> RestoreOutcome:
            found = rows.facts_of(scope, wanted, "deleted_at")
            reasons = {item_id: _why_not(found.get(item_id), hashes.get(item_id, ()), missing) for item_id in wanted}
            back = [item_id for item_id, reason in reasons.items() if reason is None]
            rows.update(scope, back, {"deleted_at": None, "deleted_by": None, "updated_at": at})
            _note(scope, actor, "item.restore", back, origin=origin, details={}, at=at)
            return RestoreOutcome(tuple(back), tuple((i, reason) for i, reason in reasons.items() if reason))

        return self._database.transact(actor.organization_id, work)

    def patch(self, actor: Actor, item_id: str, changes: Mapping[str, Any], *, origin: str = "datamint") -> Item:
        """Change name, modality, channel, user_metadata or tags; Invalid names what cannot be changed."""
        actor.require_writer("change items")
        values = _clean_changes(changes)
        tags, at = values.pop("tags", None), self._clock()

        def work(scope: Scope) -> Item:
            item = _present(scope, item_id, deleted=False)
            before = {name: getattr(item, name) for name in values if getattr(item, name) != values[name]}
            if tags is not None and set(tags) != set(item.tags):
                before["tags"] = list(item.tags)
                tag_rows.clear(scope, [item_id])
                tag_rows.add(scope, {item_id: tags})
            if before:
                channel = values.get("channel")
                channel_rows.add_missing(scope, [channel] if channel else [], at)
                rows.update(scope, [item_id], {**values, "updated_at": at})
                after = {name: list(tags or ()) if name == "tags" else values[name] for name in before}
                _note(
                    scope,
                    actor,
                    "item.update",
                    [item_id],
                    origin=origin,
                    details={"before": before, "after": after},
                    at=at,
                )
            return _present(scope, item_id)

        return self._database.transact(actor.organization_id, work)

    # --- bytes and frames ---------------------------------------------------------------------------------------------

    def content(self, actor: Actor, item_id: str) -> Content:
        """The item's one file; of a DICOM series one multi-frame file, made on demand, the same bytes every time."""
        return self._looks.content(actor.organization_id, self.get(actor, item_id))

    def file_content(self, actor: Actor, item_id: str, ordinal: int) -> Content:
        """One of the item's files as it came, byte for byte."""
        return self._looks.file_content(actor.organization_id, self.get(actor, item_id), ordinal)

    def frame(self, actor: Actor, item_id: str, index: int) -> EncodedImage:
        """Frame ``index`` (from 0) for looking at, as PNG. Invalid when there is no such frame."""
        return self._looks.frame(actor.organization_id, self.get(actor, item_id), index)

    def slice(self, actor: Actor, item_id: str, axis: Axis, index: int) -> EncodedImage:
        """One plane of a volume for looking at, as PNG. Unsupported with the reason when the item is none."""
        return self._looks.slice(actor.organization_id, self.get(actor, item_id), axis, index)

    def thumbnail(self, actor: Actor, item_id: str) -> EncodedImage:
        """A small picture. Unsupported when the item has no pixels."""
        return self._looks.thumbnail(actor.organization_id, self.get(actor, item_id))

    def reader(self, actor: Actor, item_id: str) -> AbstractContextManager[Reader]:
        """The item's frames as arrays, for the length of a ``with`` block in one thread."""
        return self._looks.reader(actor.organization_id, self.get(actor, item_id))

    def close(self) -> None:
        """Close files that were kept open for reading on."""
        self._looks.close()


def _plan(scope: Scope, narrowing: ItemFilter) -> Plan:
    projects = item_lists.datasets_of_projects(scope, narrowing.projects) if narrowing.projects else []
    known = {name for name, _ in projects}
    unknown = [name for name in narrowing.projects if name not in known]
    if unknown:
        raise NotFound(f"Project {unknown[0]!r} not found", project=unknown[0])
    return item_lists.plan(narrowing, item_lists.dataset_groups(narrowing, projects))


def _read(scope: Scope, way: Plan, after: Key | None, limit: int) -> Page[Item]:
    found, next_key = item_lists.read_page(scope, way, after, min(limit, MOST_ROWS))
    return Page(rows.with_details(scope, found), next_key)


def _present(scope: Scope, item_id: str, *, deleted: bool = True) -> Item:
    item = rows.find(scope, item_id)
    if item is None or (item.deleted_at is not None and not deleted):
        raise NotFound(f"Resource {item_id} not found", id=item_id)
    return item


def _all_present(scope: Scope, ids: Sequence[str], *columns: str, deleted: bool = False) -> dict[str, Any]:
    """id -> row of all of them, each once; NotFound names those that are not there, before anything is changed."""
    wanted = list(dict.fromkeys(ids))
    found = rows.facts_of(scope, wanted, *{"deleted_at", *columns})
    missing = [i for i in wanted if i not in found or (found[i].deleted_at is not None and not deleted)]
    if missing:
        named = ", ".join(missing[:MOST_NAMED]) + (" ..." if len(missing) > MOST_NAMED else "")
        raise NotFound(f"Resource{'s' if len(missing) > 1 else ''} {named} not found", ids=missing[:1000])
    return {item_id: found[item_id] for item_id in wanted}


def _why_not(row: Any, hashes: Sequence[str], missing: set[str]) -> str | None:
    """Why an item cannot be restored."""
    if row is None:
        return "not_found"
    if row.deleted_at is None:
        return "not_deleted"
    return "file_missing" if any(key in missing for key in hashes) else None


def _clean_changes(changes: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(changes) - set(_CHANGES))
    if unknown:
        raise Invalid(
            f"{', '.join(map(repr, unknown))} of a resource cannot be changed; what can: {', '.join(_CHANGES)}",
            fields=unknown,
        )
    return {name: _CHANGES[name](value) for name, value in changes.items()}


def _optional(what: str, longest: int) -> Callable[[Any], str | None]:
    return lambda value: None if value is None else clean_text(value, what, longest, empty=True) or None


_CHANGES: dict[str, Callable[[Any], Any]] = {
    "name": clean_filename,
    "modality": _optional("modality", LONGEST_MODALITY),
    "channel": _optional("channel", 255),
    "user_metadata": lambda value: clean_json(value, "user_metadata"),
    "tags": clean_tags,
}


def _note(
    scope: Scope, actor: Actor, action: str, ids: Sequence[str], *, origin: str, details: Mapping[str, Any], at: int
) -> None:
    """One event for each item."""
    add_events(
        scope,
        [
            event_row(
                actor=actor,
                action=action,
                subject_kind="item",
                subject_id=item_id,
                origin=origin,
                details=details,
                at=at,
            )
            for item_id in ids
        ],
    )


def _geometry(item: Item, affines: tuple[Affine | None, ...] | None) -> ItemGeometry:
    affine = item.voxel_to_patient
    return ItemGeometry(
        width=item.width,
        height=item.height,
        frame_count=item.frame_count,
        kind=item.kind,
        voxel_to_patient=None if affine is None else tuple((r[0], r[1], r[2], r[3]) for r in affine),
        frame_of_reference_uid=item.frame_of_reference_uid,
        is_volume=item.is_volume,
        per_frame_affines=affines,
    )


def _affines(kept: Sequence[ItemFile]) -> tuple[Affine | None, ...]:
    """The place of each frame; files of several frames say nothing here."""
    places: list[Affine | None] = []
    for file in kept:
        header = header_from_json(file.facts) if file.facts else None
        own = header.voxel_to_patient if header is not None and file.frame_count == 1 else None
        places += [own] * file.frame_count
    return tuple(places)
