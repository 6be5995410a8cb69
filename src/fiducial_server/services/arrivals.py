"""Received files on their way into the tables: those that come at the same time are written together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fiducial.errors import Conflict, FiducialError, Invalid, NotFound
from fiducial.media.base import Header
from fiducial_server.db import channels, files, findings, items, jobs, tags
from fiducial_server.db.engine import Database
from fiducial_server.db.events import add_events, event_row
from fiducial_server.db.files import InstanceUse
from fiducial_server.db.scope import Scope
from fiducial_server.jobs.base import JobRef, JobRunner
from fiducial_server.model.actor import Actor
from fiducial_server.model.ids import new_id
from fiducial_server.model.item import Item, ItemFile, ItemKind, ItemState
from fiducial_server.model.times import Clock
from fiducial_server.services import conflicts
from fiducial_server.services.drafts import KIND_OF_GROUP
from fiducial_server.services.ingest import INGEST
from fiducial_server.services.together import Together


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file whose bytes are kept. ``item`` is the item it will be, or None when it joins the open group ``group_id``."""

    actor: Actor
    file: ItemFile
    header: Header
    origin: str
    item: Item | None = None
    group_id: str = ""


Outcome = Item | ItemFile


@dataclass(slots=True)
class _Round:
    """Rows of one transaction."""

    at: int
    items: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    tags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    findings: list[dict[str, Any]] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    """SHA-256 -> bytes."""


class Arrivals:
    """One transaction for all that arrive together: rows, events and one job with a unit for each new item."""

    def __init__(self, database: Database, runner: JobRunner, clock: Clock, *, strict_instance_uid: bool) -> None:
        self._database = database
        self._runner = runner
        self._clock = clock
        self._strict = strict_instance_uid
        self._together: Together[Arrival, Outcome] = Together(self._record)

    def add(self, organization_id: str, arrival: Arrival) -> Outcome:
        """The item, or the file of the group; raises why it could not be added. Committed when it returns."""
        return self._together.submit(organization_id, arrival)

    def begin(self, organization_id: str, arrival: Arrival, done: Callable[[Outcome | BaseException], None]) -> None:
        """As :meth:`add`, without waiting: ``done`` is told in another thread."""
        self._together.begin(organization_id, arrival, done)

    def close(self) -> None:
        """After what was begun is done."""
        self._together.close()

    def _record(self, organization_id: str, arrivals: Sequence[Arrival]) -> list[Outcome | BaseException]:
        job_id, at = new_id(), self._clock()
        outcomes = self._database.transact(organization_id, lambda scope: self._write(scope, arrivals, job_id, at))
        if any(isinstance(outcome, Item) for outcome in outcomes):
            self._runner.wake(JobRef(organization_id, job_id))
        return outcomes

    def _write(self, scope: Scope, arrivals: Sequence[Arrival], job_id: str, at: int) -> list[Outcome | BaseException]:
        new = _Round(at)
        refused = self._strictly_refused(scope, arrivals) if self._strict else {}
        outcomes: dict[int, Outcome | BaseException] = dict(refused)
        by_group: dict[str, list[int]] = {}
        for number, arrival in enumerate(arrivals):
            if number in outcomes:
                continue
            if arrival.item is not None:
                outcomes[number] = _draft_single(new, arrival, arrival.item)
            else:
                by_group.setdefault(arrival.group_id, []).append(number)
        for group_id in sorted(by_group):  # one order for all, as rows are held
            outcomes |= _draft_group(scope, new, group_id, {n: arrivals[n] for n in by_group[group_id]})
        _insert(scope, new, job_id)
        told = conflicts.tell(scope, _instances(new.files))
        singles = {row["id"]: row for row in new.items}
        _tell(scope, told, singles)
        return [_told(outcomes[n], told) for n in range(len(arrivals))]

    @staticmethod
    def _strictly_refused(scope: Scope, arrivals: Sequence[Arrival]) -> dict[int, FiducialError]:
        """Number of the arrival -> the error: its UID is taken, in the tables or by an earlier one of this round."""
        pairs = [(a.file.instance_uid, a.file.sha256) for a in arrivals if a.file.instance_uid]
        uses = conflicts.uses_of(scope, pairs)
        refused: dict[int, FiducialError] = {}
        for number, arrival in enumerate(arrivals):
            uid, sha256 = arrival.file.instance_uid, arrival.file.sha256
            if uid is None:
                continue
            found = conflicts.others(uses.get(uid, ()), sha256)
            if found:
                refused[number] = conflicts.refusal(uid, sha256, found)
            else:
                home = arrival.group_id if arrival.item is None else arrival.item.id
                uses.setdefault(uid, []).append(InstanceUse(home, sha256))
        return refused


def _draft_single(new: _Round, arrival: Arrival, item: Item) -> Item:
    new.items.append(items.item_row(item))
    new.sizes[arrival.file.sha256] = arrival.file.size
    new.files.append(files.item_file_row(item.id, arrival.file))
    if item.tags:
        new.tags[item.id] = item.tags
    new.findings += [findings.finding_row(item.id, n, found) for n, found in enumerate(item.findings)]
    details = {"name": item.name, "size": item.size, "sha256": arrival.file.sha256, "kind": str(item.kind)}
    new.events.append(_event(arrival, "item.create", item.id, details, new.at))
    return item


def _draft_group(
    scope: Scope, new: _Round, group_id: str, arrivals: dict[int, Arrival]
) -> dict[int, Outcome | BaseException]:
    """Files for one group, in the order they came. What is there already is given back as it is."""
    row = items.hold(scope, group_id)
    if row is None or row.deleted_at is not None:
        return dict.fromkeys(arrivals, NotFound(f"Group {group_id} not found"))
    there = files.same_bytes(scope, group_id, sorted({a.file.sha256 for a in arrivals.values()}))
    last = files.last_ordinal(scope, group_id)
    kind = ItemKind(row.kind)
    outcomes: dict[int, Outcome | BaseException] = {}
    added: list[ItemFile] = []
    for number, arrival in arrivals.items():
        known = there.get(arrival.file.sha256)
        why_not = None if known else refusal(row, kind, arrival)
        if why_not is not None:
            outcomes[number] = why_not
            continue
        if known is None:
            last += 1
            known = there[arrival.file.sha256] = replace(arrival.file, ordinal=last)
            kind = KIND_OF_GROUP[arrival.header.kind]
            added.append(known)
            new.sizes[known.sha256] = known.size
            new.files.append(files.item_file_row(group_id, known))
            details = {"sha256": known.sha256, "name": known.filename, "ordinal": last}
            new.events.append(_event(arrival, "group.add_file", group_id, details, new.at))
        outcomes[number] = known
    if added:
        items.grow(scope, group_id, size=sum(f.size for f in added), files=len(added), at=new.at)
        if kind != row.kind:
            items.update(scope, [group_id], {"kind": str(kind), "mimetype": added[0].mimetype})
    return outcomes


def refusal(row: Any, kind: ItemKind, arrival: Arrival) -> FiducialError | None:
    """Why this file cannot join the group of that row, which is of that kind by now; None when it can."""
    name = arrival.file.filename
    if row.state != ItemState.OPEN:
        return Conflict(f"{name}: the group {row.id} is closed and takes no more files", id=row.id, state=row.state)
    wanted = KIND_OF_GROUP.get(arrival.header.kind)
    if wanted is None:
        return Invalid(
            f"{name}: a group takes DICOM files or pictures; send a {arrival.header.format} file as an item of its own",
            filename=name,
        )
    if kind not in (ItemKind.GROUP, wanted):
        return Invalid(
            f"{name}: the group {row.id} is a {kind} and takes no {arrival.header.format} file", filename=name
        )
    return None


def _event(arrival: Arrival, action: str, item_id: str, details: dict[str, Any], at: int) -> dict[str, Any]:
    return event_row(
        actor=arrival.actor,
        action=action,
        subject_kind="item",
        subject_id=item_id,
        origin=arrival.origin,
        details=details,
        at=at,
    )


def _insert(scope: Scope, new: _Round, job_id: str) -> None:
    channels.add_missing(scope, (row["channel"] for row in new.items if row["channel"]), new.at)
    files.insert_bytes(scope, new.sizes, new.at)
    items.insert(scope, new.items)
    files.insert(scope, new.files)
    tags.add(scope, new.tags)
    findings.insert(scope, new.findings)
    add_events(scope, new.events)
    if new.items:
        senders = {row["created_by"] for row in new.items}
        jobs.insert(
            scope,
            job_id,
            kind=INGEST,
            created_by=senders.pop() if len(senders) == 1 else "system",
            at=new.at,
            units=[(row["id"], {}) for row in new.items],
            payload={},
        )


def _instances(rows: Sequence[dict[str, Any]]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        if row["instance_uid"]:
            found.setdefault(row["item_id"], []).append((row["instance_uid"], row["sha256"]))
    return found


def _tell(scope: Scope, told: dict[str, list[Any]], singles: dict[str, Any]) -> None:
    """Findings of the new items; a group's are found again when it is closed, so they are not written before."""
    findings.append(scope, [(item_id, f) for item_id, found in told.items() if item_id in singles for f in found])


def _told(outcome: Outcome | BaseException, told: dict[str, list[Any]]) -> Outcome | BaseException:
    if isinstance(outcome, Item) and outcome.id in told:
        return replace(outcome, findings=(*outcome.findings, *told[outcome.id]))
    return outcome
