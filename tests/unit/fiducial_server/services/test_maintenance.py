"""Bytes that nothing names go; bytes that anything names stay, whatever happens meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path

import pytest

from fiducial.errors import Conflict, Invalid
from fiducial_server.db.engine import Database
from fiducial_server.db.files import insert_bytes
from fiducial_server.model.actor import Actor
from fiducial_server.model.times import now_us
from fiducial_server.services.maintenance import BATCH, HOUR_US, Leftover, Maintenance
from fiducial_server.storage.base import BlobStore
from fiducial_server.storage.local import LocalStore
from fiducial_server.storage.objects import object_name
from fiducial_server.testing.memory_store import MemoryStore
from tests.unit.fiducial_server.services.items_stage import Stage, ct_slice, png, stage

__all__ = ["stage"]

NOW = now_us()
DAY_US = 24 * HOUR_US


@pytest.fixture(params=["local", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlobStore]:
    opened: BlobStore = LocalStore(tmp_path / "store") if request.param == "local" else MemoryStore()
    yield opened
    opened.close()


def age(store: BlobStore, at: int) -> None:
    """Everything was stored at that moment."""
    if isinstance(store, MemoryStore):
        store.kept = {key: (content, at) for key, (content, _) in store.kept.items()}
        return
    assert isinstance(store, LocalStore)
    for key, _, _ in list(store.keys()):
        os.utime(store.root / "objects" / object_name(key), ns=(at * 1000, at * 1000))


def keep(store: BlobStore, content: bytes) -> str:
    with store.spool() as spool:
        spool.write(content)
        store.keep(spool)
    return spool.sha256


def name(database: Database, actor: Actor, *keys: str) -> None:
    database.transact(actor.organization_id, lambda scope: insert_bytes(scope, dict.fromkeys(keys, 1), NOW))


def held(store: BlobStore) -> set[str]:
    return set(map(itemgetter(0), store.keys()))


def test_what_any_organization_names_is_never_touched(
    database: Database, actors: tuple[Actor, Actor], store: BlobStore
) -> None:
    first, second, both, nobodys = (keep(store, content) for content in (b"first", b"second", b"both", b"nobody's"))
    name(database, actors[0], first, both)
    name(database, actors[1], second, both)
    age(store, NOW - 2 * DAY_US)
    work = Maintenance(database, store, lambda: NOW)
    assert list(work.leftovers()) == [Leftover(nobodys, 8, NOW - 2 * DAY_US)]
    assert held(store) == {first, second, both, nobodys}
    assert list(work.tidy()) == [Leftover(nobodys, 8, NOW - 2 * DAY_US)]
    assert held(store) == {first, second, both}
    assert list(work.tidy()) == []


def test_young_bytes_stay(database: Database, actors: tuple[Actor, Actor], store: BlobStore) -> None:
    named, young = keep(store, b"named"), keep(store, b"young")
    name(database, actors[0], named)
    age(store, NOW - DAY_US + 1_000_000)
    work = Maintenance(database, store, lambda: NOW)
    assert list(work.tidy()) == []
    assert [found.sha256 for found in work.tidy(older_than_hours=23)] == [young]


@pytest.mark.parametrize("hours", [0, 0.99, -5, float("nan"), float("inf")])
def test_rows_that_are_on_their_way_are_waited_for(
    database: Database, actors: tuple[Actor, Actor], store: BlobStore, hours: float
) -> None:
    work = Maintenance(database, store, lambda: NOW)
    for ask in (work.leftovers, work.tidy):
        with pytest.raises(Invalid, match="older_than_hours"):
            ask(older_than_hours=hours)


def test_more_than_one_batch(database: Database, actors: tuple[Actor, Actor]) -> None:
    store = MemoryStore()
    store.kept = {f"{number:064x}": (b"x", NOW - 2 * DAY_US) for number in range(2 * BATCH + 7)}
    named = [f"{number:064x}" for number in range(0, 2 * BATCH + 7, 3)]
    name(database, actors[1], *named)
    deleted = list(Maintenance(database, store, lambda: NOW).tidy())
    assert len(deleted) == 2 * BATCH + 7 - len(named)
    assert held(store) == set(named)
    store.close()


def test_bytes_that_are_named_or_come_again_after_they_were_found_stay(
    database: Database, actors: tuple[Actor, Actor], store: BlobStore
) -> None:
    named = keep(store, b"named")
    name(database, actors[0], named)
    found = {keep(store, content): content for content in (b"1", b"2", b"3")}
    age(store, NOW - 2 * DAY_US)
    deleting = Maintenance(database, store, lambda: NOW).tidy()
    gone = next(deleting).sha256  # the batch was looked up; two of it wait
    one, other = set(found) - {gone}
    name(database, actors[1], one)
    keep(store, found[other])
    assert list(deleting) == []
    assert held(store) == {named, one, other}


def test_a_store_of_another_database_is_left_alone(
    database: Database, actors: tuple[Actor, Actor], store: BlobStore
) -> None:
    assert list(Maintenance(database, store, lambda: NOW).tidy()) == []
    key = keep(store, b"another server's")
    age(store, NOW - 2 * DAY_US)
    with pytest.raises(Conflict, match="do not belong together"):
        Maintenance(database, store, lambda: NOW).tidy()
    assert held(store) == {key}


def test_items_and_thumbnails_stay_and_what_a_crash_left_goes(stage: Stage) -> None:
    items = [stage.send(ct_slice()), stage.send(png(), "a.png")]
    stage.work()
    there = held(stage.store)
    lost = keep(stage.store, b"the row never came")
    age(stage.store, 1)
    assert [found.sha256 for found in Maintenance(stage.database, stage.store).tidy()] == [lost]
    assert held(stage.store) == there
    for item in items:
        assert stage.items.content(stage.actor, item.id).whole()
        assert stage.items.thumbnail(stage.actor, item.id).data
