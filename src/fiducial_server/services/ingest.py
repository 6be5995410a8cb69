"""What follows an upload: a series is ordered, geometry is checked, a thumbnail made, and the item is ready or says why not.

It never touches the bytes that came, and running it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fiducial.errors import Damaged, FiducialError, Unavailable, Unsupported
from fiducial.media.base import Finding, Reader, Severity
from fiducial_server.db import derived, files, findings, items
from fiducial_server.db.derived import Derived
from fiducial_server.db.engine import Database
from fiducial_server.db.events import add_event
from fiducial_server.db.scope import Scope
from fiducial_server.model.actor import Actor
from fiducial_server.model.item import Item, ItemFile, ItemKind, ItemState
from fiducial_server.model.job import Job, JobUnit
from fiducial_server.model.times import Clock, now_us
from fiducial_server.services import conflicts
from fiducial_server.services.drafts import of_header
from fiducial_server.services.series import Assembled, assemble, series_reader
from fiducial_server.storage.base import BlobStore

if TYPE_CHECKING:
    from collections.abc import Iterator

INGEST = "ingest"
THUMBNAIL = "thumbnail"
MULTIFRAME = "multiframe"
_SERIES = frozenset({ItemKind.DICOM_SERIES, ItemKind.IMAGE_GROUP})


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What the look at the pixels gave."""

    state: ItemState
    reason: str | None = None
    finding: Finding | None = None
    thumbnail: Derived | None = None


class Ingest:
    """The handler of ``ingest`` jobs."""

    def __init__(self, database: Database, store: BlobStore, clock: Clock = now_us) -> None:
        self._database = database
        self._store = store
        self._clock = clock

    def handle(self, organization_id: str, job: Job, unit: JobUnit) -> None:
        """One unit of an ``ingest`` job: its subject is an item."""
        self.run(organization_id, unit.subject_id)

    def run(self, organization_id: str, item_id: str) -> None:
        """Bring a PENDING item to READY or FAILED with its reason. Others are left as they are.

        Raises what made it fail, so that the job's unit says it too; Unavailable leaves the item PENDING.
        """
        with self._database.read(organization_id) as scope:
            item = items.find(scope, item_id)
            kept = files.files_of(scope, item_id) if item is not None else []
        if item is None or item.state is not ItemState.PENDING:
            return
        try:
            assembled = assemble(item.kind, kept) if item.kind in _SERIES else None
            outcome = self._look(item, assembled.files if assembled is not None else kept)
        except Unavailable:
            raise
        except Exception as error:
            reason = str(error) if isinstance(error, FiducialError) else f"internal error: {type(error).__name__}"
            self._record(organization_id, item, None, _Outcome(ItemState.FAILED, reason))
            raise
        self._record(organization_id, item, assembled, outcome)
        if outcome.state is ItemState.FAILED:
            raise Damaged(outcome.reason or "damaged", id=item_id)

    def _look(self, item: Item, kept: Sequence[ItemFile]) -> _Outcome:
        """Decode the middle frame for a thumbnail: what cannot be shown is a finding, what is damaged fails the item."""
        from fiducial.media.thumbnail import THUMBNAIL_MIMETYPE, thumbnail

        if sum(file.frame_count for file in kept) == 0:
            return _Outcome(ItemState.READY)
        try:
            with open_reader(self._store, item.kind, kept) as reader:
                picture = thumbnail(reader)
        except Unsupported as error:
            told = Finding("not-renderable", Severity.WARNING, f"cannot be shown: {error.message}")
            return _Outcome(ItemState.READY, finding=told)
        except Damaged as error:
            told = Finding("damaged-pixels", Severity.ERROR, error.message)
            return _Outcome(ItemState.FAILED, error.message, told)
        made = keep_derived(self._store, THUMBNAIL, THUMBNAIL_MIMETYPE, self._clock(), lambda write: write(picture))
        return _Outcome(ItemState.READY, thumbnail=made)

    def _record(self, organization_id: str, item: Item, assembled: Assembled | None, outcome: _Outcome) -> None:
        at = self._clock()

        def work(scope: Scope) -> None:
            row = items.hold(scope, item.id)
            if row is None or row.state != ItemState.PENDING:
                return
            derived.clear(scope, item.id)
            if assembled is not None:
                files.renumber(scope, item.id, assembled.files)
                _write_series(scope, item, assembled, outcome)
            else:
                _write_single(scope, item, outcome)
            if outcome.thumbnail is not None:
                derived.put(scope, item.id, outcome.thumbnail)
            ended = {"state": str(outcome.state), "state_reason": outcome.reason, "updated_at": at}
            items.update(scope, [item.id], ended)
            _note(scope, item, outcome, at)

        self._database.transact(organization_id, work)


def _write_series(scope: Scope, item: Item, assembled: Assembled, outcome: _Outcome) -> None:
    full = of_header(item, assembled.header)
    row = items.item_row(full)
    changed = {name: row[name] for name in _OF_HEADER}
    items.update(scope, [item.id], changed)
    pairs = [(file.instance_uid, file.sha256) for file in assembled.files if file.instance_uid]
    told = conflicts.tell(scope, {item.id: pairs}).get(item.id, [])
    # What others told this item meanwhile stays.
    kept = [f for f in item.findings if f.code == conflicts.CODE]
    told = [f for f in told if f not in kept]
    own = [outcome.finding] if outcome.finding is not None else []
    findings.replace(scope, item.id, [*full.findings, *kept, *told, *own])


def _write_single(scope: Scope, item: Item, outcome: _Outcome) -> None:
    """Conflicts are looked for again: on a database with several writers, two uploads may have missed each other."""
    uses = files.files_of(scope, item.id)
    pairs = [(file.instance_uid, file.sha256) for file in uses if file.instance_uid]
    known = any(f.code == conflicts.CODE for f in item.findings)
    told = [] if known or not pairs else conflicts.tell(scope, {item.id: pairs}).get(item.id, [])
    own = [outcome.finding] if outcome.finding is not None else []
    findings.append(scope, [(item.id, f) for f in (*told, *own)])


_OF_HEADER = (
    "mimetype",
    "format",
    "modality",
    "patient_id",
    "study_uid",
    "series_uid",
    "instance_uid",
    "width",
    "height",
    "frame_count",
    "time_points",
    "is_volume",
    "duration_s",
    "fps",
    "geometry",
    "metadata",
)


def _note(scope: Scope, item: Item, outcome: _Outcome, at: int) -> None:
    add_event(
        scope,
        actor=Actor(scope.organization_id, "", item.created_by, frozenset()),
        action=f"item.{outcome.state}",
        subject_kind="item",
        subject_id=item.id,
        origin="job",
        details={} if outcome.reason is None else {"reason": outcome.reason},
        at=at,
    )


@contextmanager
def open_reader(store: BlobStore, kind: ItemKind, kept: Sequence[ItemFile]) -> Iterator[Reader]:
    """A reader of an item's frames, whether it is one file or a series."""
    if kind in _SERIES:
        with series_reader(store, kind, kept) as reader:
            yield reader
        return
    from fiducial.media.registry import open_media

    with ExitStack() as stack:
        source = stack.enter_context(store.open(kept[0].sha256))
        yield stack.enter_context(open_media(source))


def keep_derived(
    store: BlobStore, name: str, mimetype: str, at: int, write: Callable[[Callable[[bytes], Any]], Any]
) -> Derived:
    """Bytes that ``write`` gives piece by piece, kept in the store; nothing is left when it raises."""
    with store.spool() as spool:
        write(spool.write)
        spool.finish()
        made = Derived(name, spool.sha256, spool.size, mimetype, at)
        store.keep(spool)
    return made


__all__ = ["INGEST", "MULTIFRAME", "THUMBNAIL", "Ingest", "keep_derived", "open_reader"]
