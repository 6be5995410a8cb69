"""Files on their way in: allowed, whole, understood; then bytes, rows and follow-up work are on disk before the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

from fiducial.errors import Damaged, Invalid, TooLarge
from fiducial.media.base import Header
from fiducial_server.db import files
from fiducial_server.db.engine import Database
from fiducial_server.jobs.base import JobRunner
from fiducial_server.model.actor import Actor
from fiducial_server.model.ids import id_at
from fiducial_server.model.item import Item, ItemFile
from fiducial_server.model.times import Clock, now_us
from fiducial_server.services import conflicts
from fiducial_server.services.arrivals import Arrival, Arrivals, Outcome
from fiducial_server.services.drafts import UploadFacts, clean_facts, inspect, new_file, single_item
from fiducial_server.services.groups import Groups
from fiducial_server.services.texts import clean_filename
from fiducial_server.services.unclaimed import Unclaimed
from fiducial_server.storage.base import BlobStore, Spool

__all__ = ["GIB", "UploadFacts", "UploadRules", "Uploads"]

GIB = 1024**3
MOST_HASHES = 10_000
KEEPERS = 16
"""Files whose bytes wait for the disk side by side: the file system makes them durable in one go."""

Told = Callable[[Item | BaseException], None]


@dataclass(frozen=True, slots=True)
class UploadRules:
    """``max_bytes`` of one file. ``strict_instance_uid``: a SOP Instance UID that is there with other bytes is refused."""

    max_bytes: int = 64 * GIB
    strict_instance_uid: bool = False


class Uploads:
    """One file as an item of its own (:meth:`receive`), or many as one item: a group is opened, filled and closed."""

    def __init__(
        self,
        database: Database,
        store: BlobStore,
        runner: JobRunner,
        rules: UploadRules,
        clock: Clock = now_us,
    ) -> None:
        self.rules = rules
        self._database = database
        self._store = store
        self._clock = clock
        self._unclaimed = Unclaimed(database, store)
        self._arrivals = Arrivals(database, runner, clock, strict_instance_uid=rules.strict_instance_uid)
        self._groups = Groups(database, runner, clock)
        self._keepers = ThreadPoolExecutor(KEEPERS, thread_name_prefix="fiducial-keep")

    def begin(self) -> Spool:
        """Where the bytes of one file go. Whoever begins hands it to :meth:`receive` or :meth:`add_file`, or discards it."""
        return self._store.spool()

    def receive(self, actor: Actor, spool: Spool, facts: UploadFacts, *, origin: str = "datamint") -> Item:
        """One file becomes one item, always. When this returns, bytes, row, event and follow-up job are on disk.

        Raises Invalid (facts), TooLarge, Damaged, Unsupported, Conflict (strict UIDs), StorageFull; then nothing is left of it.
        """
        with ExitStack() as undo:
            undo.callback(spool.discard)
            made = self._keep(actor, spool, self._arrival(actor, spool, facts, origin))
        assert isinstance(made, Item)
        return made

    def begin_receive(
        self, actor: Actor, spool: Spool, facts: UploadFacts, done: Told, *, origin: str = "datamint"
    ) -> None:
        """As :meth:`receive`, but only the look at the file is done in this thread.

        ``done`` is told the item or the error in another thread. The waits for the disk go on side by side, and rows of
        files whose bytes are kept at the same time are written together: so many files cost little more than a few.
        """
        try:
            arrival = self._arrival(actor, spool, facts, origin)
            self._keepers.submit(self._keep_and_tell, actor.organization_id, spool, arrival, done)
        except BaseException as error:
            spool.discard()
            done(error)

    def _keep_and_tell(self, organization_id: str, spool: Spool, arrival: Arrival, done: Told) -> None:
        keeping = self._unclaimed.keep(spool)

        def recorded(outcome: Outcome | BaseException) -> None:
            error = outcome if isinstance(outcome, BaseException) else None
            try:
                keeping.__exit__(type(error) if error else None, error, None)
            finally:
                spool.discard()
                assert not isinstance(outcome, ItemFile)
                done(outcome)

        try:
            keeping.__enter__()
        except BaseException as error:
            spool.discard()
            done(error)
            return
        try:
            self._arrivals.begin(organization_id, arrival, recorded)
        except BaseException as error:
            recorded(error)

    def _arrival(self, actor: Actor, spool: Spool, facts: UploadFacts, origin: str) -> Arrival:
        """What the rows of a single file will say, once it is allowed, whole and understood."""
        actor.require_writer("upload")
        cleaned = clean_facts(facts)
        header = self._look(actor, spool, cleaned.filename)
        at = self._clock()
        item = single_item(id_at(at), actor, cleaned, header, size=spool.size, at=at)
        return Arrival(actor, new_file(cleaned.filename, spool, header, with_header=False), header, origin, item=item)

    def close(self) -> None:
        """End the threads that wait for the disk, after what they have begun."""
        self._keepers.shutdown()
        self._arrivals.close()

    def known(self, actor: Actor, hashes: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """SHA-256 -> ids of the items that are exactly this file, oldest first; hashes that are not there are left out."""
        if len(hashes) > MOST_HASHES:
            raise Invalid(f"{len(hashes)} hashes are too many at once; at most {MOST_HASHES}", field="sha256")
        wanted = sorted({str(sha256).lower() for sha256 in hashes})
        with self._database.read(actor.organization_id) as scope:
            return files.items_with_bytes(scope, wanted)

    # --- groups: many files, one item ---------------------------------------------------------------------------------

    def open_group(
        self, actor: Actor, facts: UploadFacts, *, token: str | None = None, origin: str = "datamint"
    ) -> Item:
        """An item that takes files until it is closed.

        ``token`` is the client's own name for it: the same token of the same user gives the same group again, also when
        it was closed meanwhile (its state says so), as long as it was not deleted.
        """
        actor.require_writer("upload")
        return self._groups.open(actor, clean_facts(facts), token, origin)

    def add_file(
        self, actor: Actor, item_id: str, spool: Spool, filename: str, *, origin: str = "datamint"
    ) -> ItemFile:
        """One more file of an open group, in any order, over any number of connections.

        The same bytes again give the file that is there, also after closing. Raises Conflict when the group is closed,
        Invalid when the file is of another kind than the group's, and what :meth:`receive` raises.
        """
        with ExitStack() as undo:
            undo.callback(spool.discard)
            actor.require_writer("upload")
            name = clean_filename(filename)
            header = self._look(actor, spool, name)
            file = new_file(name, spool, header, with_header=True)
            arrival = Arrival(actor, file, header, origin, group_id=item_id)
            self._groups.require_room(arrival)
            made = self._keep(actor, spool, arrival)
        assert isinstance(made, ItemFile)
        return made

    def group_files(self, actor: Actor, item_id: str) -> Sequence[ItemFile]:
        """The files that a group has, so that a broken upload sends only the others."""
        return self._groups.files(actor, item_id)

    def close_group(self, actor: Actor, item_id: str, *, origin: str = "datamint") -> Item:
        """No more files: the follow-up job orders them. Closing twice is harmless; a group without files is Invalid."""
        actor.require_writer("upload")
        return self._groups.close(actor, item_id, origin)

    def abandon_group(self, actor: Actor, item_id: str, *, origin: str = "datamint") -> None:
        """Take an open group away with its files; Conflict when it is closed."""
        actor.require_writer("upload")
        for sha256 in self._groups.abandon(actor, item_id, origin):
            self._unclaimed.forget(sha256)

    # --- the steps ----------------------------------------------------------------------------------------------------

    def _look(self, actor: Actor, spool: Spool, filename: str) -> Header:
        if spool.size > self.rules.max_bytes:
            raise TooLarge(
                f"{filename} has {spool.size} bytes; at most {self.rules.max_bytes} are allowed",
                filename=filename,
                limit=self.rules.max_bytes,
            )
        if spool.size == 0:
            raise Damaged(f"{filename}: the file is empty (0 bytes)", filename=filename)
        spool.finish()
        header = inspect(spool, filename)
        if self.rules.strict_instance_uid and header.instance_uid:
            self._refuse_conflict(actor, header.instance_uid, spool.sha256)
        return header

    def _refuse_conflict(self, actor: Actor, uid: str, sha256: str) -> None:
        """A first look, before anything is stored; the transaction looks again."""
        with self._database.read(actor.organization_id) as scope:
            found = conflicts.others(conflicts.uses_of(scope, [(uid, sha256)]).get(uid, ()), sha256)
        if found:
            raise conflicts.refusal(uid, sha256, found)

    def _keep(self, actor: Actor, spool: Spool, arrival: Arrival) -> Outcome:
        with self._unclaimed.keep(spool):
            return self._arrivals.add(actor.organization_id, arrival)
