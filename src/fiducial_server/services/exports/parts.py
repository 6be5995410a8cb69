"""What every archive stands on: rows, bytes, labels, and how the caller's dialect shows labels."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fiducial.errors import FiducialError, Unavailable
from fiducial_server.db.engine import Database
from fiducial_server.db.files import files_of
from fiducial_server.db.scope import Scope
from fiducial_server.model.actor import Actor
from fiducial_server.model.item import Item, ItemFile
from fiducial_server.model.label import LabelFilter, LabelRow
from fiducial_server.model.times import Clock, now_us
from fiducial_server.services.change import Change
from fiducial_server.services.exports.zip_stream import ZipStream
from fiducial_server.services.items import Items
from fiducial_server.services.labels import Labels
from fiducial_server.services.projects import Projects
from fiducial_server.storage.base import BlobStore

log = logging.getLogger(__name__)

Shown = Callable[[Sequence[LabelRow]], Sequence[dict[str, Any]]]
"""Rows as the dialect writes them: one object for each, in their order."""


class ArchivePart:
    """A part of the exports service."""

    def __init__(
        self,
        database: Database,
        store: BlobStore,
        items: Items,
        labels: Labels,
        *,
        projects: Projects,
        clock: Clock = now_us,
    ) -> None:
        self._database = database
        self._store = store
        self._items = items
        self._labels = labels
        self._projects = projects
        self._clock = clock

    def _note(
        self,
        actor: Actor,
        action: str,
        subject_id: str,
        details: Mapping[str, Any],
        *,
        origin: str,
        project_id: str | None = None,
    ) -> None:
        """Who takes out what, before the first byte of it goes: nothing leaves without its event."""
        at = self._clock()

        def work(scope: Scope) -> str:
            return Change(scope, actor, origin, at).record(action, subject_id, details, project_id=project_id)

        self._database.transact(actor.organization_id, work)

    def _files(self, actor: Actor, item: Item) -> Sequence[ItemFile]:
        with self._database.read(actor.organization_id) as scope:
            return files_of(scope, item.id)

    def _label_pages(self, actor: Actor, item: Item, **narrowing: Any) -> Iterator[list[LabelRow]]:
        return self._labels.pages(actor, LabelFilter(item_ids=(item.id,), **narrowing))


@dataclass(frozen=True, slots=True)
class Writing:
    """An archive on its way: for whom, since when (us), and how labels are shown in it."""

    zip: ZipStream
    actor: Actor
    at: int
    shown: Shown


def reason_of(error: Exception) -> str:
    """Why something is not in the archive. Unavailable is raised again: then the archive is cut, and not told as whole."""
    if isinstance(error, Unavailable):
        raise error
    if isinstance(error, FiducialError):
        return error.message
    log.error("something could not be exported by a defect of the server", exc_info=error)
    return f"internal error: {type(error).__name__}"
