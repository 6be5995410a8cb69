"""``fiducial admin audit``: who did what, when, through which door."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fiducial_server.app.cli import options as o
from fiducial_server.app.cli.desk import ActAs, open_desk

if TYPE_CHECKING:
    from fiducial_server.model.event import Event

Limit = Annotated[int, typer.Option("--limit", min=1, help="How many at most")]
Before = Annotated[str | None, typer.Option("--before", metavar="EVENT_ID", help="Only those before this event")]


def audit(
    *,
    limit: Limit = 50,
    before: Before = None,
    act_as: ActAs = None,
    data_dir: o.DataDir = None,
    database_url: o.DatabaseUrl = None,
    as_json: o.AsJson = False,
) -> None:
    """The latest events of the organization, newest first."""
    from fiducial_server.services.audit import Audit

    with open_desk(data_dir, database_url, act_as) as desk:
        found = Audit(desk.database).latest(desk.actor, limit=limit, before=before)
        if as_json:
            o.show_all(map(_row, found))
            return
        for event in found:
            row = _row(event)
            subject = f"{event.subject_kind} {event.subject_id or ''}".rstrip()
            print("  ".join((row["at"], event.actor, event.action, subject, event.origin, json.dumps(event.details))))


def _row(value: Event) -> dict[str, Any]:
    from fiducial_server.model.times import to_iso

    return {
        "id": value.id,
        "at": to_iso(value.at),
        "actor": value.actor,
        "credential_id": value.credential_id,
        "action": value.action,
        "subject_kind": value.subject_kind,
        "subject_id": value.subject_id,
        "project_id": value.project_id,
        "origin": value.origin,
        "details": dict(value.details),
    }
