"""The audit trail: newest first, page by page, for administrators of their own organization."""

from __future__ import annotations

import pytest

from fiducial.errors import Forbidden, Invalid, NotFound
from fiducial_server.db.engine import Database
from fiducial_server.db.events import add_events, event_row
from fiducial_server.model.actor import Actor, Role
from fiducial_server.services import audit
from fiducial_server.services.audit import Audit


def note(database: Database, actor: Actor, *moments: int) -> list[str]:
    rows = [
        event_row(
            actor=actor,
            action="item.tag",
            subject_kind="item",
            subject_id="x",
            origin="test",
            details={"moment": at},
            at=at,
        )
        for at in moments
    ]
    database.transact(actor.organization_id, lambda scope: add_events(scope, rows))
    return [row["id"] for row in rows]


def test_the_newest_first_over_many_pages(
    database: Database, actors: tuple[Actor, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "_PAGE", 3)
    moments = [10**16 + number // 4 for number in range(20)]  # four at each moment
    mine = note(database, actors[0], *moments)
    others = note(database, actors[1], *moments)
    found = list(Audit(database).latest(actors[0], limit=20))
    assert [event.at for event in found] == sorted(moments, reverse=True)
    assert {event.id for event in found} == set(mine)
    assert (found[0].actor, found[0].details) == (actors[0].email, {"moment": found[0].at})
    for place in (0, 4, 7):
        rest = Audit(database).latest(actors[0], limit=5, before=found[place].id)
        assert list(rest) == found[place + 1 : place + 6]
    with pytest.raises(NotFound):
        Audit(database).latest(actors[0], limit=5, before=others[0])


def test_who_may_not(database: Database, actors: tuple[Actor, Actor]) -> None:
    member = Actor(actors[0].organization_id, actors[0].user_id, "ann@example.org", frozenset({Role.MEMBER}))
    with pytest.raises(Forbidden, match="only administrators may read the audit trail"):
        Audit(database).latest(member, limit=1)
    with pytest.raises(Invalid, match="limit"):
        Audit(database).latest(actors[0], limit=0)
