"""The append-only history: what was done, by whom, through which door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import event
from fiducial_server.model.actor import Actor
from fiducial_server.model.event import Event
from fiducial_server.model.ids import new_id


def event_row(
    *,
    actor: Actor,
    action: str,
    subject_kind: str,
    subject_id: str | None,
    project_id: str | None = None,
    origin: str,
    details: Mapping[str, Any],
    at: int,
) -> dict[str, Any]:
    """The row of one event, for writers that insert many at once with :func:`add_events`."""
    return {
        "id": new_id(),
        "at": at,
        "actor": actor.email,
        "credential_id": actor.credential_id,
        "action": action,
        "subject_kind": subject_kind,
        "subject_id": subject_id,
        "project_id": project_id,
        "origin": origin,
        "details": dict(details),
    }


def add_events(scope: Scope, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows made by :func:`event_row`."""
    scope.insert(event, rows)


def add_first(connection: sa.Connection, organization_id: str, row: Mapping[str, Any]) -> None:
    """The first event of an organization that is being made."""
    connection.execute(sa.insert(event), [{**row, "organization_id": organization_id}])


def add_event(
    scope: Scope,
    *,
    actor: Actor,
    action: str,
    subject_kind: str,
    subject_id: str | None,
    project_id: str | None = None,
    origin: str,
    details: Mapping[str, Any],
    at: int,
) -> str:
    """Record one event in the caller's transaction; gives its id. ``action`` is ``noun.verb`` (``item.publish``)."""
    row = event_row(
        actor=actor,
        action=action,
        subject_kind=subject_kind,
        subject_id=subject_id,
        project_id=project_id,
        origin=origin,
        details=details,
        at=at,
    )
    scope.insert(event, [row])
    return str(row["id"])


def find(scope: Scope, event_id: str) -> Event | None:
    row = scope.execute(rows_of(event).where(event.c.id == event_id)).one_or_none()
    return None if row is None else _to_event(row)


def latest(scope: Scope, *, limit: int, before: tuple[int, str] | None = None) -> list[Event]:
    """The newest first; those after ``before``, the (at, id) of the last one that was seen, in that order."""
    query = rows_of(event)
    if before is not None:
        query = query.where(sa.tuple_(event.c.at, event.c.id) < sa.tuple_(*map(sa.literal, before)))
    return [_to_event(row) for row in scope.execute(query.order_by(event.c.at.desc(), event.c.id.desc()).limit(limit))]


def _to_event(row: Any) -> Event:
    return Event(
        id=row.id,
        at=row.at,
        actor=row.actor,
        credential_id=row.credential_id,
        action=row.action,
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
        project_id=row.project_id,
        origin=row.origin,
        details=row.details,
    )
