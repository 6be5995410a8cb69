"""Pages of labels over ranges of frames: any page is that slice of the whole list."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fiducial_server.db.engine import Database
from fiducial_server.model.actor import Actor
from fiducial_server.model.frame_track import FrameValue
from fiducial_server.model.ids import new_id
from fiducial_server.model.label import LabelFilter, LabelKind, NewLabel
from fiducial_server.services.bookmarks import Bookmarks
from fiducial_server.services.labels import Labels
from fiducial_server.services.projects import Projects
from fiducial_server.storage.base import BlobStore
from fiducial_server.testing.factories import make_item, make_video

FLAG = NewLabel(LabelKind.FLAG, "seen")
spans = st.lists(
    st.one_of(st.none(), st.tuples(st.integers(0, 90), st.integers(0, 9)).map(lambda p: (p[0], p[0] + p[1]))),
    max_size=8,
)


@pytest.fixture
def labels(database: Database, store: BlobStore) -> Labels:
    return Labels(database, store, bookmarks=Bookmarks())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spans, st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=6), st.integers(1, 13))
def test_any_page_is_that_slice_of_the_whole(
    labels: Labels,
    database: Database,
    actor: Actor,
    some: list[tuple[int, int] | None],
    pages: list[tuple[int, int]],
    step: int,
) -> None:
    item = make_video(database, actor)
    ids = []
    for span in some:
        start, end = span or (None, None)
        ids += labels.create(actor, item.id, [replace(FLAG, frame_start=start, frame_end=end)])
    asked = LabelFilter(item_ids=(item.id,))
    whole = labels.rows_at(actor, asked, offset=0, limit=10_000)
    expected = [(frame, one) for span, one in zip(some, ids, strict=True) for frame in _frames(span)]
    assert [row.mark.frame_start for row in whole] == [frame for frame, _ in expected]
    assert [row.label.marks[0].id for row in whole] == [one for _, one in expected]
    assert len({row.mark.id for row in whole}) == len(whole)
    cold = Labels(database, labels._store, bookmarks=Bookmarks())
    for offset, limit in pages:
        page = whole[offset : offset + limit]
        assert cold.rows_at(actor, asked, offset=offset, limit=limit) == page
        assert labels.rows_at(actor, asked, offset=offset, limit=limit) == page
    walked = []
    while page := labels.rows_at(actor, asked, offset=len(walked), limit=step):
        walked += page
    assert walked == whole
    assert labels.bounded_count(actor, asked) == (len(whole), True)


def _frames(span: tuple[int, int] | None) -> list[int | None]:
    return [None] if span is None else list(range(span[0], span[1] + 1))


def test_the_count_is_bounded(labels: Labels, database: Database, actor: Actor) -> None:
    item = make_video(database, actor)
    labels.create(actor, item.id, [replace(FLAG, frame_start=0, frame_end=20)])
    assert labels.bounded_count(actor, LabelFilter(), at_most=21) == (21, True)
    assert labels.bounded_count(actor, LabelFilter(), at_most=20) == (20, False)


def test_filters(labels: Labels, database: Database, actor: Actor) -> None:
    projects = Projects(database, Bookmarks())
    first, second, third = (make_item(database, actor) for _ in range(3))
    made = projects.create(actor, name="P", item_ids=[first.id, second.id])
    category = NewLabel(LabelKind.CATEGORY, "view", text_value="axial")
    a, b = labels.create(actor, first.id, [FLAG, category])
    (c,) = labels.create(actor, second.id, [FLAG])
    (d,) = labels.create(actor, third.id, [FLAG])
    labels.approve(actor, c)
    labels.delete(actor, [b])

    def found(**narrowing: object) -> list[str]:
        return [row.mark.id for row in labels.rows_at(actor, LabelFilter(**narrowing), offset=0, limit=99)]  # type: ignore[arg-type]

    created = labels.get_row(actor, c).label.created_at
    assert found() == [a, c, d]
    assert found(deleted="include") == [a, b, c, d]
    assert found(deleted="only") == [b]
    assert found(item_ids=(second.id, first.id, new_id())) == [a, c]
    assert found(item_ids=()) == []
    assert found(item_ids=(first.id, *(new_id() for _ in range(5000)))) == [a]
    assert found(kinds=(LabelKind.CATEGORY,), deleted="include") == [b]
    assert found(project_id=made.id) == [a, c]
    assert found(dataset_id=made.dataset_id) == [a, c]
    assert found(annotation_set_id=made.annotation_set_id) == [a, c]
    assert found(status="published") == [c]
    assert found(status="new") == [a, d]
    assert found(created_from=created) == [c, d]
    assert found(created_to=created) == [a]
    assert found(created_by="nobody@example.org") == []
    _delete_item(database, actor, first.id)
    assert found() == [c, d]
    assert found(deleted="include") == [a, b, c, d]


def _delete_item(database: Database, actor: Actor, item_id: str) -> None:
    from fiducial_server.db import items

    database.transact(actor.organization_id, lambda scope: items.update(scope, [item_id], {"deleted_at": 1}))


def test_a_label_of_many_marks_is_read_piece_by_piece(labels: Labels, database: Database, actor: Actor) -> None:
    item = make_video(database, actor)
    odd = tuple((frame, frame + frame % 4) for frame in range(0, 95, 5))
    for identifier in ("a", "b"):
        labels.set_frame_ranges(actor, item.id, identifier=identifier, kind=LabelKind.FLAG, values=[FrameValue(odd)])
    asked = LabelFilter(item_ids=(item.id,))
    whole = labels.rows_at(actor, asked, offset=0, limit=1000)
    assert len(whole) == 2 * sum(end - start + 1 for start, end in odd)
    ids = [row.mark.id for row in whole]
    for limit in (1, 3, 10, 60):
        cold = Labels(database, labels._store, bookmarks=Bookmarks())
        for offset in range(0, len(whole) + 2, 7):
            page = [row.mark.id for row in cold.rows_at(actor, asked, offset=offset, limit=limit)]
            assert page == ids[offset : offset + limit]
        walked: list[str] = []
        while page := [row.mark.id for row in labels.rows_at(actor, asked, offset=len(walked), limit=limit)]:
            walked += page
        assert walked == ids


PLANS = [
    ("created", {}, "ix_annotation_created"),
    ("one item", {"item_ids": ("{item}",)}, "ix_annotation_item"),
    ("items", {"item_ids": ("{item}", "other")}, "item_id=?"),
    ("project", {"project_id": "{project}"}, "ix_annotation_project"),
    ("set", {"annotation_set_id": "{set}"}, "ix_annotation_project"),
    ("kind", {"kinds": (LabelKind.FLAG,)}, "ix_annotation_kind"),
]


@pytest.mark.parametrize(("narrowing", "index"), [plan[1:] for plan in PLANS], ids=[plan[0] for plan in PLANS])
@pytest.mark.parametrize("offset", [0, 1])
def test_lists_are_read_from_an_index(
    labels: Labels,
    database: Database,
    actor: Actor,
    backend: str,
    narrowing: dict[str, object],
    index: str,
    offset: int,
) -> None:
    if backend != "sqlite":
        pytest.skip("looks at the plans of SQLite")
    item = make_item(database, actor)
    made = Projects(database, Bookmarks()).create(actor, name="P", item_ids=[item.id])
    labels.create(actor, item.id, [FLAG, FLAG])
    names = {"{item}": item.id, "{project}": made.id, "{set}": made.annotation_set_id}
    asked = LabelFilter(**{key: _filled(value, names) for key, value in narrowing.items()})  # type: ignore[arg-type]
    labels.rows_at(actor, asked, offset=0, limit=1)
    seen: list[tuple[str, object]] = []
    sa.event.listen(
        database.engine, "before_cursor_execute", lambda _c, _u, text, given, *_: seen.append((text, given))
    )
    assert len(labels.rows_at(actor, asked, offset=offset, limit=1)) == 1
    listing = next(one for one in seen if one[0].startswith("SELECT annotation.id"))
    with database.engine.connect() as connection:
        plan = connection.exec_driver_sql("EXPLAIN QUERY PLAN " + listing[0], listing[1]).all()
    steps = [str(step[3]) for step in plan]
    assert steps[0].startswith("SEARCH annotation USING")
    assert index in steps[0]
    assert not any(step.startswith("SCAN") and "VIRTUAL" not in step for step in steps)


def _filled(value: object, names: dict[str, str]) -> object:
    if isinstance(value, tuple):
        return tuple(_filled(one, names) for one in value)
    return names.get(value, value) if isinstance(value, str) else value
