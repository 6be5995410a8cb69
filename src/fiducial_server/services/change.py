"""One change on its way: who makes it, through which door, when, and in which transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fiducial_server.db.events import add_event
from fiducial_server.db.scope import Scope
from fiducial_server.model.actor import Actor


@dataclass(frozen=True, slots=True)
class Change:
    """``at`` is in microseconds; every row that the change writes carries it."""

    scope: Scope
    actor: Actor
    origin: str
    at: int

    def record(
        self, action: str, subject_id: str | None, details: Mapping[str, Any], *, project_id: str | None = None
    ) -> str:
        """Write the event of this change; its id. ``action`` is ``noun.verb``, and the noun is the subject's kind."""
        return add_event(
            self.scope,
            actor=self.actor,
            action=action,
            subject_kind=action.partition(".")[0],
            subject_id=subject_id,
            project_id=project_id,
            origin=self.origin,
            details=details,
            at=self.at,
        )
