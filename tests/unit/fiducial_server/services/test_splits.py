"""Splits: assigned whole or not at all, with everything that was so before."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fiducial.errors import Conflict, Forbidden, Invalid, NotFound
from fiducial_server.db.engine import Database
from fiducial_server.model.actor import Actor
from fiducial_server.model.ids import new_id
from fiducial_server.services.bookmarks import Bookmarks
from fiducial_server.services.items import Items
from fiducial_server.services.projects import Projects
from fiducial_server.storage.base import BlobStore
from fiducial_server.testing.factories import as_viewer, make_item
from tests.unit.fiducial_server.services.label_helpers import event_count, row_count


class Ticking:
    """A clock whose every look is a second later."""

    def __init__(self) -> None:
        self.now = 1_700_000_000_000_000

    def __call__(self) -> int:
        self.now += 1_000_000
        return self.now


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def projects(database: Database, clock: Ticking) -> Projects:
    return Projects(database, Bookmarks(), clock)


@pytest.fixture
def items(database: Database, actor: Actor) -> list[str]:
    return [make_item(database, actor).id for _ in range(4)]


@pytest.fixture
def project_id(projects: Projects, actor: Actor, items: list[str]) -> str:
    return projects.create(actor, name="Lungs", item_ids=items).id


@pytest.fixture
def now(projects: Projects, actor: Actor, project_id: str) -> Callable[..., dict[str, str]]:
    """Split by item, now or at a time."""

    def look(**narrowed: object) -> dict[str, str]:
        pages = projects.splits(actor, project_id, **narrowed)  # type: ignore[arg-type]
        return {one.item_id: one.split_name for page in pages for one in page}

    return look


Now = Callable[..., dict[str, str]]


def test_what_was_so_at_any_time(
    projects: Projects, actor: Actor, project_id: str, items: list[str], now: Now, clock: Ticking
) -> None:
    before = clock.now
    assert projects.assign_split(actor, project_id, items[:3], "train") == 3
    first = clock.now
    assert projects.assign_split(actor, project_id, items[2:], "test") == 2
    second = clock.now
    assert now(as_of=before) == {}
    assert now(as_of=first) == now(as_of=second - 1) == dict.fromkeys(items[:3], "train")
    assert now() == now(as_of=second) == {items[0]: "train", items[1]: "train", items[2]: "test", items[3]: "test"}
    assert set(now(split_name="test")) == set(items[2:])
    assert now(split_name="train", as_of=first) == dict.fromkeys(items[:3], "train")
    found = projects.split_of(actor, project_id, items[2])
    assert found is not None
    assert (found.split_name, found.created_by, found.created_at, found.ended_at) == ("test", actor.email, second, None)


def test_the_same_again_changes_nothing(
    projects: Projects, database: Database, actor: Actor, project_id: str, items: list[str], now: Now
) -> None:
    projects.assign_split(actor, project_id, items[:2], "train")
    rows, events = row_count(database, actor, "split_assignment"), event_count(database, actor)
    assert projects.assign_split(actor, project_id, [*items[:2], items[0]], "train") == 0
    assert projects.assign_split(actor, project_id, [], "train") == 0
    assert (row_count(database, actor, "split_assignment"), event_count(database, actor)) == (rows, events)
    assert projects.assign_split(actor, project_id, items, "train") == 2
    assert event_count(database, actor) == events + 1
    assert now() == dict.fromkeys(items, "train")


def test_all_or_none(
    projects: Projects, database: Database, actor: Actor, stranger: Actor, project_id: str, items: list[str], now: Now
) -> None:
    for foreign in (make_item(database, actor).id, make_item(database, stranger).id, new_id()):
        with pytest.raises(NotFound, match=f"not found in project 'Lungs': {foreign}"):
            projects.assign_split(actor, project_id, [items[0], foreign], "train")
        with pytest.raises(NotFound, match=" not found"):
            projects.split_of(actor, project_id, foreign)
    for wrong in ("", " ", "x" * 256, "a\0b"):
        with pytest.raises(Invalid, match="split_name"):
            projects.assign_split(actor, project_id, items, wrong)
    assert now() == {}
    assert projects.split_of(actor, project_id, items[0]) is None


def test_who_may(projects: Projects, actor: Actor, stranger: Actor, project_id: str, items: list[str]) -> None:
    with pytest.raises(Forbidden, match="may only look"):
        projects.assign_split(as_viewer(actor), project_id, items, "train")
    for attempt in (
        lambda: list(projects.splits(stranger, project_id)),
        lambda: projects.split_of(stranger, project_id, items[0]),
        lambda: projects.assign_split(stranger, project_id, items, "train"),
    ):
        with pytest.raises(NotFound, match=r"Project .* not found"):
            attempt()
    projects.assign_split(actor, project_id, items, "train")
    projects.archive(actor, project_id)
    with pytest.raises(Conflict, match="archived"):
        projects.assign_split(actor, project_id, items, "test")
    assert sum(len(page) for page in projects.splits(as_viewer(actor), project_id)) == 4


def test_items_that_leave_are_in_no_split(
    projects: Projects, database: Database, store: BlobStore, actor: Actor, project_id: str, items: list[str], now: Now
) -> None:
    projects.assign_split(actor, project_id, items, "train")
    projects.remove_items(actor, project_id, items[:1])
    assert set(now()) == set(items[1:])
    projects.add_items(actor, project_id, items[:1])
    assert projects.split_of(actor, project_id, items[0]) is None
    bin_ = Items(database, store, Bookmarks())
    bin_.delete(actor, items[1:2])
    assert set(now()) == set(items[2:])
    with pytest.raises(NotFound):
        projects.split_of(actor, project_id, items[1])
    bin_.restore(actor, items[1:2])
    assert set(now()) == set(items[1:])


def test_a_long_list_comes_in_pages(
    projects: Projects, actor: Actor, project_id: str, items: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fiducial_server.services.splits.AT_ONCE", 3)
    projects.assign_split(actor, project_id, items, "train")
    assert [len(page) for page in projects.splits(actor, project_id)] == [3, 1]
    assert [one.item_id for page in projects.splits(actor, project_id) for one in page] == items
