"""Tracks over frames: replaced as a whole, with ids that stay where frames stay."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fiducial.errors import Invalid, NotFound
from fiducial_server.db.engine import Database
from fiducial_server.model.actor import Actor
from fiducial_server.model.frame_range import merged
from fiducial_server.model.frame_track import FrameValue
from fiducial_server.model.ids import new_id
from fiducial_server.model.item import Item
from fiducial_server.model.label import LabelFilter, LabelKind, NewLabel, Source
from fiducial_server.services.bookmarks import Bookmarks
from fiducial_server.services.labels import Labels
from fiducial_server.services.projects import Projects
from fiducial_server.storage.base import BlobStore
from fiducial_server.testing.factories import make_video
from tests.unit.fiducial_server.services.label_helpers import event_count, row_count

K = LabelKind


@pytest.fixture
def labels(database: Database, store: BlobStore) -> Labels:
    return Labels(database, store, bookmarks=Bookmarks())


@pytest.fixture
def video(database: Database, actor: Actor) -> Item:
    return make_video(database, actor)


def put(labels: Labels, actor: Actor, item: Item, **values: tuple[tuple[int, int], ...]) -> tuple[int, int]:
    given = [FrameValue(ranges, value) for value, ranges in values.items()]
    change = labels.set_frame_ranges(actor, item.id, identifier="phase", kind=K.CATEGORY, values=given)
    return len(change.created), len(change.deleted)


def ids(labels: Labels, actor: Actor, item: Item) -> dict[tuple[str | None, int | None], str]:
    rows = labels.rows_at(actor, LabelFilter(item_ids=(item.id,)), offset=0, limit=9999)
    return {(row.label.text_value, row.mark.frame_start): row.mark.id for row in rows}


def test_a_track_is_replaced(labels: Labels, database: Database, actor: Actor, video: Item) -> None:
    assert put(labels, actor, video, systole=((0, 9), (20, 29)), diastole=((10, 19),)) == (3, 0)
    (systole, diastole) = labels.frame_ranges(actor, video.id)
    assert (systole.value, systole.ranges, systole.created_by) == ("systole", ((0, 9), (20, 29)), actor.email)
    assert (diastole.value, diastole.ranges, diastole.kind) == ("diastole", ((10, 19),), K.CATEGORY)
    before, events = ids(labels, actor, video), event_count(database, actor)
    assert put(labels, actor, video, systole=((20, 29), (0, 4), (3, 9)), diastole=((10, 19),)) == (0, 0)
    assert event_count(database, actor) == events
    assert put(labels, actor, video, systole=((5, 12), (20, 29)), diastole=((13, 25),)) == (2, 2)
    after = ids(labels, actor, video)
    assert {place: one for place, one in after.items() if place in before} == {
        place: one for place, one in before.items() if place in after
    }
    assert {track.value: track.ranges for track in labels.frame_ranges(actor, video.id)} == {
        "systole": ((5, 12), (20, 29)),
        "diastole": ((13, 25),),
    }
    assert put(labels, actor, video) == (0, 5)
    assert labels.frame_ranges(actor, video.id) == []
    assert ids(labels, actor, video) == {}


ranges = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 6)).map(lambda p: (p[0], p[0] + p[1])), max_size=4)
tracks = st.dictionaries(st.sampled_from(["a", "b", "c"]), ranges.map(tuple), max_size=3)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(tracks, min_size=1, max_size=4))
def test_what_is_read_is_what_was_set_and_frames_that_stay_keep_their_ids(
    labels: Labels, database: Database, actor: Actor, saves: list[dict[str, tuple[tuple[int, int], ...]]]
) -> None:
    item = make_video(database, actor)
    before: dict[tuple[str | None, int | None], str] = {}
    for save in saves:
        put(labels, actor, item, **save)
        wanted = {value: merged(spans) for value, spans in save.items() if spans}
        assert {track.value: track.ranges for track in labels.frame_ranges(actor, item.id)} == wanted
        after = ids(labels, actor, item)
        assert all(after[place] == one for place, one in before.items() if place in after)
        events, revisions = event_count(database, actor), row_count(database, actor, "revision")
        assert put(labels, actor, item, **save) == (0, 0)
        assert (event_count(database, actor), row_count(database, actor, "revision")) == (events, revisions)
        before = after


def test_tracks_are_apart_by_identifier_kind_set_and_author(
    labels: Labels, database: Database, actor: Actor, video: Item
) -> None:
    projects = Projects(database, Bookmarks())
    made = projects.create(actor, name="P", item_ids=[video.id])
    reader = projects.create_annotation_set(actor, project_id=made.id, name="Reader")
    labels.create(
        actor,
        video.id,
        [NewLabel(K.CATEGORY, "phase", frame_start=50, text_value="systole", author_email="other@example.org")],
    )
    put(labels, actor, video, systole=((0, 9),))
    labels.set_frame_ranges(
        actor,
        video.id,
        identifier="phase",
        kind=K.CATEGORY,
        values=[FrameValue(((0, 3),), "systole")],
        annotation_set_id=reader.id,
        source=Source.MODEL_DEPLOY,
        model_id="net",
    )
    labels.set_frame_ranges(actor, video.id, identifier="rate", kind=K.INTEGER, values=[FrameValue(((0, 3),), 70)])
    labels.set_frame_ranges(actor, video.id, identifier="blur", kind=K.FLAG, values=[FrameValue(((4, 4),))])
    put(labels, actor, video)
    left = {(t.identifier, t.value, t.created_by, t.annotation_set_id) for t in labels.frame_ranges(actor, video.id)}
    main = made.annotation_set_id
    assert left == {
        ("phase", "systole", "other@example.org", main),
        ("phase", "systole", actor.email, reader.id),
        ("rate", 70.0, actor.email, main),
        ("blur", None, actor.email, main),
    }
    (of_model,) = labels.frame_ranges(actor, video.id, annotation_set_id=reader.id)
    assert (of_model.source, of_model.model_id) == (Source.MODEL_DEPLOY, "net")
    assert len(labels.frame_ranges(actor, video.id, created_by="other@example.org")) == 1


def test_bad_tracks(labels: Labels, database: Database, actor: Actor, video: Item) -> None:
    def attempt(kind: LabelKind, *values: FrameValue, item_id: str = video.id) -> None:
        labels.set_frame_ranges(actor, item_id, identifier="x", kind=kind, values=values)

    with pytest.raises(Invalid, match="frame 100 is outside"):
        attempt(K.FLAG, FrameValue(((0, 3),)), FrameValue(((90, 100),)))
    with pytest.raises(Invalid, match="not a range"):
        attempt(K.FLAG, FrameValue(((5, 4),)))
    with pytest.raises(Invalid, match="needs its value"):
        attempt(K.CATEGORY, FrameValue(((0, 1),)))
    with pytest.raises(Invalid, match="finite number"):
        attempt(K.FLOAT, FrameValue(((0, 1),), "wide"))
    with pytest.raises(Invalid, match="cannot be set by frame ranges"):
        attempt(K.BOX, FrameValue(((0, 1),)))
    with pytest.raises(NotFound, match="Resource"):
        attempt(K.FLAG, FrameValue(((0, 1),)), item_id=new_id())
    assert row_count(database, actor, "annotation") == 0
