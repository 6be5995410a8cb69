"""Finding items: every filter against a plain Python reading of it, pages by key and by offset, and the index behind each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from fiducial.errors import Invalid, NotFound
from fiducial_server.db import files, item_lists, items, tables, tags
from fiducial_server.db.channels import add_missing
from fiducial_server.db.engine import Database
from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope
from fiducial_server.model.actor import Actor
from fiducial_server.model.ids import first_id_at, id_at, new_id
from fiducial_server.model.item import Item, ItemFilter, ItemKind, ItemState, ItemStatus
from fiducial_server.services.bookmarks import Bookmarks
from fiducial_server.services.items import Items
from fiducial_server.testing.memory_store import MemoryStore

START = 1_700_000_000_000_000
COUNT = 240


@dataclass
class Shelf:
    """Items of every sort, and projects ``even`` (every 2nd item) and ``third`` (every 3rd)."""

    database: Database
    actor: Actor
    service: Items
    items: list[Item]
    projects: dict[str, str]
    datasets: dict[str, str]

    def names(self, narrowing: ItemFilter, size: int = 7) -> list[str]:
        """Names of all items of a list, walked by key."""
        found: list[str] = []
        after = None
        while True:
            page = self.service.page(self.actor, narrowing, after=after, limit=size)
            found += [item.name for item in page.rows]
            if page.next_key is None:
                return found
            assert len(page.rows) == size
            after = page.next_key


def make(number: int) -> Item:
    at = START + (number // 3) * 500  # three items in each moment
    published = number % 4 != 0
    return Item(
        id=id_at(at),
        kind=ItemKind.IMAGE,
        name=f"n{number % 50:02}",
        mimetype="image/png" if number % 5 else "application/dicom",
        status=ItemStatus.PUBLISHED if published else ItemStatus.INBOX,
        state=ItemState.OPEN if number % 60 == 59 else ItemState.READY,
        size=1,
        created_at=at,
        created_by=f"u{number % 2}@x",
        channel=f"c{number % 6}" if number % 7 else None,
        modality=("CT", "MR", None)[number % 3],
        published_at=at + 1 if published else None,
        published_by="p@x" if published else None,
        deleted_at=at + 9 if number % 11 == 10 else None,
        updated_at=at,
        tags=tuple(tag for tag, n in (("two", 2), ("five", 5), ("nine", 9)) if number % n == 0),
    )


@pytest.fixture
def shelf(database: Database, actor: Actor, stranger: Actor) -> Shelf:
    made = [make(number) for number in range(COUNT)]
    other = [make(number) for number in range(30)]
    projects = {name: new_id() for name in ("even", "third")}
    datasets = {name: new_id() for name in ("even", "third")}

    def work(scope: Scope) -> None:
        _put(scope, made)
        for name, step in (("even", 2), ("third", 3)):
            _project(scope, name, projects[name], datasets[name], [item.id for item in made[::step]])

    database.transact(actor.organization_id, work)
    database.transact(stranger.organization_id, lambda scope: _put(scope, other))
    return Shelf(database, actor, Items(database, MemoryStore(), Bookmarks()), made, projects, datasets)


def _put(scope: Scope, made: list[Item]) -> None:
    add_missing(scope, {item.channel for item in made if item.channel}, START)
    items.insert(scope, [items.item_row(item) for item in made])
    tags.add(scope, {item.id: item.tags for item in made if item.tags})


def _project(scope: Scope, name: str, project_id: str, dataset_id: str, item_ids: list[str]) -> None:
    ontology, common = new_id(), {"created_at": START, "created_by": "x", "updated_at": START}
    scope.insert(tables.dataset, [{"id": dataset_id, "name": name, **common}])
    scope.insert(tables.ontology, [{"id": ontology, "name": name, "settings": {}, **common}])
    project = {
        "id": project_id,
        "name": name,
        "dataset_id": dataset_id,
        "ontology_id": ontology,
        "annotation_set_id": new_id(),
    }
    settings = {"require_review": False, "locked_ontology": False, "settings": {}}
    scope.insert(tables.project, [{**project, **settings, **common}])
    scope.insert(tables.project_dataset, [{"project_id": project_id, "dataset_id": dataset_id}])
    links = [
        {"id": new_id(), "dataset_id": dataset_id, "item_id": i, "position": n, "created_at": START, "created_by": "x"}
        for n, i in enumerate(item_ids)
    ]
    scope.insert(tables.data_row, links)


def plain(shelf: Shelf, narrowing: ItemFilter) -> list[Item]:
    """The same filter, read by hand."""
    numbered = enumerate(shelf.items)
    return [item for number, item in numbered if _matches(item, number, narrowing)]


def _matches(item: Item, number: int, f: ItemFilter) -> bool:
    have = set(item.tags)
    tagged = not f.tags or (have & set(f.tags) if f.tags_match == "union" else have >= set(f.tags))
    inside = {name for name, step in (("even", 2), ("third", 3)) if number % step == 0}
    wanted = set(f.projects)
    in_projects = not wanted or (inside & wanted if f.projects_match == "union" else inside >= wanted)
    alive = {"exclude": item.deleted_at is None, "only": item.deleted_at is not None, "include": True}[f.deleted]
    same = all(
        getattr(f, name) is None or getattr(item, name) == getattr(f, name)
        for name in ("status", "modality", "mimetype", "channel", "name")
    )
    in_time = (f.created_from is None or item.created_at >= f.created_from) and (
        f.created_to is None or item.created_at < f.created_to
    )
    listed = f.ids is None or item.id in f.ids
    return bool(item.state is not ItemState.OPEN and tagged and in_projects and alive and same and in_time and listed)


FILTERS = [
    ItemFilter(),
    ItemFilter(status=ItemStatus.INBOX),
    ItemFilter(modality="MR"),
    ItemFilter(mimetype="application/dicom", status=ItemStatus.PUBLISHED),
    ItemFilter(channel="c3"),
    ItemFilter(channel="c3", modality="CT", name="n09"),
    ItemFilter(name="n07"),
    ItemFilter(created_from=START + 5000, created_to=START + 20_000),
    ItemFilter(tags=("five",)),
    ItemFilter(tags=("five",), created_from=START + 5000, created_to=START + 20_000),
    ItemFilter(tags=("two", "nine")),
    ItemFilter(tags=("two", "nine"), tags_match="intersection"),
    ItemFilter(tags=("two",), status=ItemStatus.INBOX),
    ItemFilter(deleted="only"),
    ItemFilter(deleted="only", modality="CT"),
    ItemFilter(deleted="include", channel="c1"),
    ItemFilter(projects=("even",)),
    ItemFilter(projects=("even", "third")),
    ItemFilter(projects=("even", "third"), projects_match="union"),
    ItemFilter(projects=("third",), tags=("two", "five"), tags_match="union"),
    ItemFilter(tags=("none such",)),
    ItemFilter(channel="none such"),
]


@pytest.mark.parametrize("number", range(len(FILTERS)))
@pytest.mark.parametrize("order", ["created_at", "name", "modality", "created_by", "published_by", "published_at"])
@pytest.mark.parametrize("ascending", [True, False])
def test_every_filter_in_every_order(shelf: Shelf, number: int, order: str, ascending: bool) -> None:
    from dataclasses import replace

    narrowing = replace(FILTERS[number], order_field=order, ascending=ascending)
    found: list[Item] = []
    after = None
    while True:
        page = shelf.service.page(shelf.actor, narrowing, after=after, limit=7)
        found += page.rows
        after = page.next_key
        if after is None:
            break
    assert found == sorted(found, key=lambda item: _rank(item, order, ascending))
    expected = plain(shelf, narrowing)
    assert sorted(item.id for item in found) == sorted(item.id for item in expected)
    assert shelf.service.bounded_count(shelf.actor, narrowing) == (len(expected), True)


def _rank(item: Item, order: str, ascending: bool) -> tuple[Any, ...]:
    """Missing values last in either direction; ties in order of arrival, or against it."""
    value = getattr(item, order)
    missing = value is None
    sign = 1 if ascending else -1
    word = tuple(sign * ord(c) for c in value) if isinstance(value, str) else sign * (value or 0)
    return (
        missing,
        () if missing and isinstance(word, tuple) else word if not missing else 0,
        sign * int(item.id.replace("-", ""), 16),
    )


def test_ids_narrow(shelf: Shelf) -> None:
    wanted = tuple(item.id for item in shelf.items[5:90:8])
    narrowing = ItemFilter(ids=(*wanted, new_id()))
    assert shelf.names(narrowing) == [item.name for item in plain(shelf, narrowing)]
    assert shelf.names(ItemFilter(ids=())) == []


def test_a_project_by_its_id_and_an_unknown_one(shelf: Shelf) -> None:
    by_name = shelf.names(ItemFilter(projects=("even",)))
    assert shelf.names(ItemFilter(projects=(shelf.projects["even"],))) == by_name
    assert shelf.names(ItemFilter(dataset_id=shelf.datasets["even"])) == by_name
    with pytest.raises(NotFound, match="'odd' not found"):
        shelf.service.page(shelf.actor, ItemFilter(projects=("even", "odd")))


def test_tags_come_with_the_items(shelf: Shelf) -> None:
    page = shelf.service.page(shelf.actor, ItemFilter(), limit=40)
    by_id = {item.id: item for item in shelf.items}
    assert all(set(item.tags) == set(by_id[item.id].tags) for item in page.rows)


def test_pages_by_offset_equal_pages_by_key(shelf: Shelf) -> None:
    for narrowing in (ItemFilter(), ItemFilter(order_field="modality", ascending=False), ItemFilter(tags=("two",))):
        everything = [item.id for item in shelf.service.page(shelf.actor, narrowing, limit=5000).rows]
        for offset in (0, 10, 20, 30, 35, 7, 180, len(everything) - 1, len(everything), 5000):
            page = shelf.service.page_at(shelf.actor, narrowing, offset=offset, limit=10)
            assert [item.id for item in page.rows] == everything[offset : offset + 10]
        cold = Items(shelf.database, MemoryStore(), Bookmarks())
        page = cold.page_at(shelf.actor, narrowing, offset=40, limit=10)
        assert [item.id for item in page.rows] == everything[40:50]


def test_bad_lists(shelf: Shelf) -> None:
    with pytest.raises(Invalid, match="cannot be ordered by 'size'"):
        shelf.service.page(shelf.actor, ItemFilter(order_field="size"))
    with pytest.raises(Invalid):
        shelf.service.page_at(shelf.actor, ItemFilter(), offset=-1, limit=1)
    with pytest.raises(Invalid, match="another list"):
        shelf.service.page(shelf.actor, ItemFilter(), after=("x",))


def test_the_count_is_bounded(shelf: Shelf) -> None:
    assert shelf.service.bounded_count(shelf.actor, ItemFilter(), at_most=10) == (10, False)


def test_not_annotated(shelf: Shelf) -> None:
    labelled = shelf.items[1]

    def work(scope: Scope) -> None:
        ontology, feature = new_id(), new_id()
        common = {"created_at": START, "created_by": "x", "updated_at": START}
        scope.insert(tables.ontology, [{"id": ontology, "name": "o", "settings": {}, **common}])
        flags = {"position": 0, "required": False, "archived": False, "dynamic": False, "values": [], "settings": {}}
        made = {
            "id": feature,
            "ontology_id": ontology,
            "kind": "flag",
            "identifier": "i",
            "hash": "h",
            "created_at": START,
        }
        scope.insert(tables.feature, [{**made, **flags}])
        row = {
            "id": new_id(),
            "item_id": labelled.id,
            "feature_id": feature,
            "kind": "flag",
            "instance": "",
            "attributes": [],
        }
        facts = {"source": "manual", "is_model": False, "confidence": 1.0, "status": "new", "revision": 1}
        scope.insert(tables.annotation, [{**row, **facts, **common}])

    shelf.database.transact(shelf.actor.organization_id, work)
    found = shelf.service.page(shelf.actor, ItemFilter(not_annotated=True), limit=5000).rows
    assert len(found) == len(plain(shelf, ItemFilter())) - 1
    assert labelled.id not in {item.id for item in found}


# --- the index behind each list ----------------------------------------------------------------------------------------

INDEXED = [
    (ItemFilter(), "ix_item_created"),
    (ItemFilter(ascending=False), "ix_item_created"),
    (ItemFilter(status=ItemStatus.PUBLISHED), "ix_item_status"),
    (ItemFilter(modality="CT", status=ItemStatus.PUBLISHED), "ix_item_modality"),
    (ItemFilter(mimetype="image/png"), "ix_item_mimetype"),
    (ItemFilter(channel="c1", modality="CT", mimetype="a", status=ItemStatus.INBOX), "ix_item_channel"),
    (ItemFilter(name="n1"), "ix_item_name"),
    (ItemFilter(tags=("two",)), "ix_item_tag_tag"),
    (ItemFilter(created_from=5), "ix_item_created"),
    (ItemFilter(dataset_id="d"), "uq_data_row_organization_id"),
    (ItemFilter(order_field="name"), "ix_item_name"),
    (ItemFilter(order_field="modality"), "ix_item_modality"),
    (ItemFilter(order_field="published_at", status=ItemStatus.PUBLISHED), "ix_item_published_at"),
    (ItemFilter(order_field="published_by"), "ix_item_published_by"),
    (ItemFilter(order_field="created_by"), "ix_item_created_by"),
]


@pytest.mark.parametrize("number", range(len(INDEXED)))
@pytest.mark.parametrize("later", [False, True])
def test_a_page_is_read_along_an_index(database: Database, number: int, later: bool) -> None:
    if not database.is_sqlite:
        pytest.skip("the plan's words are SQLite's")
    narrowing, index = INDEXED[number]
    way = item_lists.plan(narrowing, [("d",)] if narrowing.dataset_id else [])
    place = None
    if later:
        place = tuple(0 if column.name in {"created_at", "published_at"} else "x" for column in way.order)
    query = item_lists._ordered(way, sa.select(tables.item), 0, place).limit(101)
    text = " | ".join(_explain(database, query))
    assert "TEMP B-TREE" not in text, text
    assert index in text or (index.startswith("uq_") and "sqlite_autoindex_data_row" in text), text


def _explain(database: Database, query: sa.Select[Any]) -> list[str]:
    compiled = query.compile(database.engine, compile_kwargs={"render_postcompile": True})
    values = {**compiled.params, ORG.key: "o"}
    with database.engine.connect() as connection:
        ordered = tuple(values[name] for name in compiled.positiontup or ())
        return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", ordered)]


def test_ids_sort_as_their_moments() -> None:
    moments = [0, 1, 999, 1000, 1001, START, START + 1, START + 2, START + 1000, 2 * START]
    ids = [id_at(moment) for moment in moments]
    assert ids == sorted(ids)
    assert all(first_id_at(moment) <= made for moment, made in zip(moments, ids, strict=True))
    assert all(made < first_id_at(moment + 1) for moment, made in zip(moments, ids, strict=True))


def test_the_look_for_other_bytes_passes_over_equal_ones_within_the_index(database: Database, actor: Actor) -> None:
    if not database.is_sqlite:
        pytest.skip("the plan's words are SQLite's")
    seen: list[tuple[str, tuple[Any, ...]]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: tuple[Any, ...], _x: Any, _many: bool) -> None:
        seen.append((statement, values))

    sa.event.listen(database.engine, "before_cursor_execute", note)
    with database.read(actor.organization_id) as scope:
        files.uses_of_instances(scope, ["1.2", "1.3"], other_than=["a"])
        files.same_bytes(scope, "item", ["a"])
    sa.event.remove(database.engine, "before_cursor_execute", note)
    plans = []
    with database.engine.connect() as connection:
        for statement, values in seen:
            if statement.startswith("SELECT"):
                plans.append(str([r[3] for r in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]))
    assert "ix_item_file_instance (organization_id=? AND instance_uid=?)" in plans[0]
    assert "ix_item_file_sha256 (organization_id=? AND sha256=?)" in plans[1]
