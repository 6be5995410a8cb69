"""Many files that are one item: opened, filled in any order, closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fiducial.errors import Conflict, Invalid, NotFound
from fiducial_server.db import channels, files, items, jobs, tags, upload_tokens
from fiducial_server.db.engine import Database
from fiducial_server.db.events import add_event
from fiducial_server.db.scope import Scope
from fiducial_server.jobs.base import JobRef, JobRunner
from fiducial_server.model.actor import Actor
from fiducial_server.model.ids import id_at, new_id
from fiducial_server.model.item import Item, ItemFile, ItemKind, ItemState
from fiducial_server.model.times import Clock
from fiducial_server.services.arrivals import Arrival, refusal
from fiducial_server.services.drafts import UploadFacts, new_item
from fiducial_server.services.ingest import INGEST
from fiducial_server.services.texts import clean_text


class Groups:
    """The life of a group; the files themselves come through :mod:`fiducial_server.services.arrivals`."""

    def __init__(self, database: Database, runner: JobRunner, clock: Clock) -> None:
        self._database = database
        self._runner = runner
        self._clock = clock

    def open(self, actor: Actor, facts: UploadFacts, token: str | None, origin: str) -> Item:
        at = self._clock()
        group = new_item(id_at(at), actor, facts, at)
        word = None if token is None else clean_text(token, "token", 255)

        def work(scope: Scope) -> Item:
            known = None if word is None else _under_token(scope, actor, word)
            if known is not None:
                return known
            channels.add_missing(scope, [group.channel] if group.channel else [], at)
            items.insert(scope, [items.item_row(group)])
            tags.add(scope, {group.id: group.tags})
            if word is not None:
                upload_tokens.put(scope, actor.user_id, word, group.id, at)
            _note(scope, actor, "group.open", group.id, origin=origin, details={"name": group.name}, at=at)
            return group

        try:
            return self._database.transact(actor.organization_id, work)
        except Conflict:  # another connection opened it under this token just now
            return self._database.transact(actor.organization_id, work)

    def require(self, actor: Actor, item_id: str) -> None:
        """NotFound when it is no group, open or closed."""
        with self._database.read(actor.organization_id) as scope:
            _present(scope, item_id)

    def require_room(self, arrival: Arrival) -> None:
        """Refuse a file that cannot join its group before its bytes are kept; the transaction looks again."""
        with self._database.read(arrival.actor.organization_id) as scope:
            row = _present(scope, arrival.group_id)
            why_not = refusal(row, ItemKind(row.kind), arrival)
            if why_not is not None and not files.same_bytes(scope, row.id, [arrival.file.sha256]):
                raise why_not

    def files(self, actor: Actor, item_id: str) -> Sequence[ItemFile]:
        with self._database.read(actor.organization_id) as scope:
            _present(scope, item_id)
            return files.files_of(scope, item_id)

    def close(self, actor: Actor, item_id: str, origin: str) -> Item:
        job_id, at = new_id(), self._clock()

        def work(scope: Scope) -> tuple[Item, bool]:
            row = _held(scope, item_id)
            if row.state != ItemState.OPEN:
                return items.with_details(scope, [row])[0], False
            if row.file_count == 0:
                raise Invalid(f"the group {item_id} has no files; send some, or abandon it", id=item_id)
            items.update(scope, [item_id], {"state": str(ItemState.PENDING), "updated_at": at})
            jobs.insert(scope, job_id, kind=INGEST, created_by=actor.email, at=at, units=[(item_id, {})], payload={})
            details = {"files": row.file_count, "size": row.size}
            _note(scope, actor, "group.close", item_id, origin=origin, details=details, at=at)
            closed = items.with_details(scope, [row])[0]
            return replace(closed, state=ItemState.PENDING, updated_at=at), True

        item, closed_now = self._database.transact(actor.organization_id, work)
        if closed_now:
            self._runner.wake(JobRef(actor.organization_id, job_id))
        return item

    def abandon(self, actor: Actor, item_id: str, origin: str) -> list[str]:
        """SHA-256 of the bytes that no item of the organization has any more; their rows are gone."""
        at = self._clock()

        def work(scope: Scope) -> list[str]:
            row = _held(scope, item_id)
            if row.state != ItemState.OPEN:
                raise Conflict(f"the group {item_id} is closed; delete the item instead", id=item_id)
            hashes = sorted(set(files.hashes_of(scope, [item_id]).get(item_id, ())))
            items.remove(scope, item_id)
            _note(
                scope,
                actor,
                "group.abandon",
                item_id,
                origin=origin,
                details={"name": row.name, "files": row.file_count},
                at=at,
            )
            return files.forget_unused(scope, hashes)

        return self._database.transact(actor.organization_id, work)


def _under_token(scope: Scope, actor: Actor, token: str) -> Item | None:
    item_id = upload_tokens.find(scope, actor.user_id, token)
    known = None if item_id is None else items.find(scope, item_id)
    if known is not None and known.deleted_at is None:
        return known
    if item_id is not None:
        upload_tokens.forget(scope, actor.user_id, token)
    return None


def _present(scope: Scope, item_id: str) -> Any:
    """The row of a group; a single upload is none, and never takes files."""
    row = items.facts_of(scope, [item_id], "state", "kind", "deleted_at").get(item_id)
    if row is None or row.deleted_at is not None or not _is_group(row):
        raise NotFound(f"Group {item_id} not found")
    return row


def _held(scope: Scope, item_id: str) -> Any:
    row = items.hold(scope, item_id)
    if row is None or row.deleted_at is not None or not _is_group(row):
        raise NotFound(f"Group {item_id} not found")
    return row


def _is_group(row: Any) -> bool:
    return row.kind in {"group", "dicom_series", "image_group"}


def _note(
    scope: Scope, actor: Actor, action: str, item_id: str, *, origin: str, details: dict[str, Any], at: int
) -> None:
    add_event(
        scope,
        actor=actor,
        action=action,
        subject_kind="item",
        subject_id=item_id,
        origin=origin,
        details=details,
        at=at,
    )
