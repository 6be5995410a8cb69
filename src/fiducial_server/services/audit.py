"""Reading what was done in an organization; nothing here or elsewhere changes it."""

from __future__ import annotations

from collections.abc import Iterator

from fiducial.errors import Invalid, NotFound
from fiducial_server.db import events
from fiducial_server.db.engine import Database
from fiducial_server.model.actor import Actor
from fiducial_server.model.event import Event

_PAGE = 500


class Audit:
    """The audit trail, for administrators."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def latest(self, actor: Actor, *, limit: int, before: str | None = None) -> Iterator[Event]:
        """The newest events of the actor's organization, newest first, at most ``limit``, page by page as they are taken.

        ``before`` is the id of an event: only those before it. Raises Forbidden for others than administrators, Invalid for
        a limit below 1, and NotFound when there is no such event.
        """
        actor.require_admin("read the audit trail")
        if limit < 1:
            raise Invalid(f"limit is {limit}; it must be at least 1", field="limit")
        return self._pages(actor.organization_id, limit, self._place(actor, before))

    def _place(self, actor: Actor, event_id: str | None) -> tuple[int, str] | None:
        if event_id is None:
            return None
        with self._database.read(actor.organization_id) as scope:
            found = events.find(scope, event_id)
        if found is None:
            raise NotFound(f"Event {event_id!r} not found")
        return found.at, found.id

    def _pages(self, organization_id: str, left: int, before: tuple[int, str] | None) -> Iterator[Event]:
        while left > 0:
            with self._database.read(organization_id) as scope:
                page = events.latest(scope, limit=min(left, _PAGE), before=before)
            yield from page
            if len(page) < min(left, _PAGE):
                return
            left -= len(page)
            before = page[-1].at, page[-1].id
