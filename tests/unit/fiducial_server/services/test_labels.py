"""Labels: every kind created, read, changed, approved, deleted, with history; batches whole; bad ones refused."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from fiducial.errors import Conflict, Forbidden, Invalid, NotFound
from fiducial.geometry.mask import Mask
from fiducial.geometry.png import mask_from_png
from fiducial.geometry.registry import shape_from_json
from fiducial_server.db.engine import Database
from fiducial_server.model.actor import Actor
from fiducial_server.model.ids import frame_id, new_id
from fiducial_server.model.item import Item
from fiducial_server.model.label import LabelFilter, LabelKind, NewLabel, Source
from fiducial_server.model.project import TaskState
from fiducial_server.model.revision import RevisionAction
from fiducial_server.services.bookmarks import Bookmarks
from fiducial_server.services.labels import Labels
from fiducial_server.services.projects import Projects
from fiducial_server.storage.base import BlobStore
from fiducial_server.testing.factories import as_member, as_viewer, make_item, make_video
from tests.unit.fiducial_server.services.label_helpers import event_count, row_count

K = LabelKind
RING = [[1.0, 1.0], [20.0, 1.5], [10.0, 30.25]]
SHAPES: dict[LabelKind, dict[str, Any]] = {
    K.BOX: {"kind": "box", "left": 1.5, "top": 2.0, "right": 30.0, "bottom": 40.0},
    K.ROTATABLE_BOX: {"kind": "rotatable_box", "x": 20.0, "y": 20.0, "width": 8.0, "height": 4.0, "theta": 30.0},
    K.POLYGON: {"kind": "polygon", "parts": [[RING]]},
    K.POLYLINE: {"kind": "polyline", "points": RING},
    K.LINE: {"kind": "line", "points": RING[:2]},
    K.DISTANCE: {"kind": "distance", "points": RING[:2]},
    K.AREA: {"kind": "area", "points": RING},
    K.ANGLE: {"kind": "angle", "points": RING},
    K.SPLINE: {"kind": "spline", "points": RING},
    K.KEYPOINTS: {"kind": "keypoints", "points": [{"x": 3.0, "y": 4.0, "name": "nose"}]},
    K.POINT: {"kind": "point", "x": 3.0, "y": 4.0},
    K.CIRCLE: {"kind": "circle", "x": 20.0, "y": 20.0, "radius": 5.0},
    K.ELLIPSE: {"kind": "ellipse", "x": 20.0, "y": 20.0, "rx": 5.0, "ry": 3.0, "theta": 10.0},
}
VALUES: dict[LabelKind, dict[str, Any]] = {
    K.CATEGORY: {"text_value": "malignant"},
    K.FLAG: {},
    K.TEXT: {"text_value": "a note, with ünicode"},
    K.INTEGER: {"numeric_value": 3},
    K.FLOAT: {"numeric_value": 2.5, "unit": "mm"},
}


def shape_of(kind: LabelKind) -> dict[str, Any]:
    """A shape of each kind as its class writes it."""
    return shape_from_json(SHAPES[kind]).to_json()


def new_label(kind: LabelKind, **facts: Any) -> NewLabel:
    if kind in VALUES:
        return NewLabel(kind, f"my {kind}", **{**VALUES[kind], **facts})
    if kind is K.MASK:
        return NewLabel(kind, "my mask", **facts)
    return NewLabel(kind, f"my {kind}", **{"shape": shape_of(kind), **facts})


ALL_KINDS = [kind for kind in K if kind not in (K.VOLUME_MASK,)]
BOX = new_label(K.BOX)


@pytest.fixture
def labels(database: Database, store: BlobStore) -> Labels:
    return Labels(database, store, bookmarks=Bookmarks())


@pytest.fixture
def projects(database: Database) -> Projects:
    return Projects(database, Bookmarks())


@pytest.fixture
def picture(database: Database, actor: Actor) -> Item:
    return make_item(database, actor)


@pytest.fixture
def video(database: Database, actor: Actor) -> Item:
    return make_video(database, actor)


def rows(labels: Labels, actor: Actor, item: Item, **narrowing: Any) -> list[Any]:
    return labels.rows_at(actor, LabelFilter(item_ids=(item.id,), **narrowing), offset=0, limit=10_000)


@pytest.mark.parametrize("kind", ALL_KINDS)
@pytest.mark.parametrize("frames", [None, (7, 7), (3, 12)])
def test_every_kind_goes_in_and_out(
    labels: Labels, database: Database, actor: Actor, video: Item, kind: LabelKind, frames: tuple[int, int] | None
) -> None:
    start, end = frames or (None, None)
    given = new_label(kind, frame_start=start, frame_end=end, extra={"viewUp": [0, 1, 0]}, attributes=[{"name": "a"}])
    (label_id,) = labels.create(actor, video.id, [given])
    row = labels.get_row(actor, label_id)
    label = row.label
    assert row.mark.id == label_id
    assert (label.kind, label.identifier, label.item_id) == (kind, given.identifier, video.id)
    assert (label.text_value, label.numeric_value, label.unit) == (given.text_value, given.numeric_value, given.unit)
    assert (row.mark.shape, row.mark.extra, label.attributes) == (given.shape, {"viewUp": [0, 1, 0]}, [{"name": "a"}])
    assert (label.created_by, label.source, label.is_model, label.status) == (actor.email, Source.MANUAL, False, "new")
    assert (label.item_name, label.confidence, label.revision) == (video.name, 1.0, 1)
    listed = rows(labels, actor, video)
    expected = [None] if frames is None else list(range(frames[0], frames[1] + 1))
    assert [one.mark.frame_start for one in listed] == expected
    for place, one in enumerate(listed):
        assert one.mark.id == frame_id(label_id, place)
        assert labels.get_row(actor, one.mark.id).mark == one.mark
    approved = labels.approve(actor, label_id)
    assert (approved.label.status, approved.label.approved_by, approved.mark.id) == ("published", actor.email, label_id)
    renamed = labels.patch(actor, label_id, {"identifier": "other"})
    assert (renamed.label.identifier, renamed.mark.id) == ("other", label_id)
    assert [one.mark.id for one in rows(labels, actor, video)] != []
    assert {one.mark.id for one in rows(labels, actor, video)} == {one.mark.id for one in listed}
    labels.delete(actor, [label_id])
    assert labels.get_row(actor, label_id).label.deleted_by == actor.email
    assert label_id not in {one.mark.id for one in rows(labels, actor, video)}
    actions = [one.action for one in labels.history(actor, label_id)]
    assert actions == [
        RevisionAction.CREATE,
        RevisionAction.APPROVE,
        RevisionAction.UPDATE,
        RevisionAction.DELETE,
    ]


def test_history_tells_before_and_after(labels: Labels, actor: Actor, picture: Item) -> None:
    (label_id,) = labels.create(actor, picture.id, [BOX], origin="web")
    shape = {**shape_of(K.BOX), "left": 5.0}
    labels.patch(actor, label_id, {"shape": shape, "confidence": 0.5}, origin="encord")
    created, changed = labels.history(actor, label_id)
    assert (created.before, created.number, created.origin, created.by) == (None, 1, "web", actor.email)
    assert created.after is not None
    assert changed.before == created.after
    assert changed.after is not None
    assert changed.after["marks"][0]["shape"] == shape
    assert (changed.after["confidence"], changed.number, changed.origin) == (0.5, 2, "encord")


def test_saving_the_same_again_writes_nothing(
    labels: Labels, projects: Projects, database: Database, actor: Actor, picture: Item
) -> None:
    made = projects.create(actor, name="P", item_ids=[picture.id])
    (label_id,) = labels.create(actor, picture.id, [BOX])
    labels.approve(actor, label_id)
    events, revisions = event_count(database, actor), row_count(database, actor, "revision")
    edited = projects.statuses(actor, made.id)[0].last_edited_at
    same = {"identifier": BOX.identifier, "shape": BOX.shape, "confidence": 1.0, "unit": None, "project_id": made.id}
    labels.patch(actor, label_id, same)
    labels.approve(actor, label_id)
    assert (event_count(database, actor), row_count(database, actor, "revision")) == (events, revisions)
    assert projects.statuses(actor, made.id)[0].last_edited_at == edited
    labels.delete(actor, [label_id])
    labels.delete(actor, [label_id])
    assert (event_count(database, actor), row_count(database, actor, "revision")) == (events + 1, revisions + 1)
    with pytest.raises(Conflict, match="is deleted"):
        labels.patch(actor, label_id, {"identifier": "x"})
    labels.restore(actor, [label_id])
    labels.restore(actor, [label_id])
    assert event_count(database, actor) == events + 2
    assert labels.get_row(actor, label_id).label.deleted_at is None
    assert labels.history(actor, label_id)[-1].action is RevisionAction.RESTORE


BAD: list[tuple[NewLabel, str]] = [
    (replace(BOX, frame_start=100), "frame 100 is outside of 0..99"),
    (replace(BOX, frame_start=-1), "not a range"),
    (replace(BOX, frame_start=5, frame_end=4), "not a range"),
    (replace(BOX, frame_end=4), "frame_end without"),
    (replace(BOX, frame_start=True), "whole number"),
    (replace(BOX, identifier=""), "identifier is empty"),
    (replace(BOX, identifier="a\0b"), "identifier has control"),
    (replace(BOX, identifier="x" * 256), "256 characters"),
    (replace(BOX, shape=None), "needs its geometry"),
    (replace(BOX, shape={**shape_of(K.BOX), "left": float("nan")}), "nan"),
    (replace(BOX, shape={**shape_of(K.BOX), "right": 64.0}), "outside of the image"),
    (replace(BOX, shape={**shape_of(K.BOX), "right": "wide"}), "not a number"),
    (replace(BOX, shape={"kind": "blob"}), "none of box"),
    (replace(BOX, kind=K.LINE), "the geometry is a box, and the label a line"),
    (replace(BOX, shape=Mask.empty(10, 10).to_json(), kind=K.MASK), "10 x 10"),
    (new_label(K.CATEGORY, text_value=None), "needs its value"),
    (new_label(K.CATEGORY, text_value=" "), "value is empty"),
    (new_label(K.CATEGORY, shape=shape_of(K.BOX)), "has no geometry"),
    (new_label(K.TEXT, text_value="a\0b"), "NUL"),
    (new_label(K.FLOAT, numeric_value=None), "needs its number"),
    (new_label(K.FLOAT, numeric_value=float("inf")), "finite"),
    (new_label(K.INTEGER, numeric_value=1.5), "integer's value is 1.5"),
    (replace(BOX, extra={"a": float("nan")}), "extra cannot be kept"),
    (replace(BOX, attributes=[{"a": "\0"}]), "values has a NUL"),
    (replace(BOX, confidence=float("nan")), "confidence"),
    (replace(BOX, author_email="nobody"), "no e-mail"),
]


@pytest.mark.parametrize(("bad", "message"), BAD, ids=[message for _, message in BAD])
def test_one_bad_label_refuses_the_batch(
    labels: Labels, database: Database, actor: Actor, video: Item, bad: NewLabel, message: str
) -> None:
    with pytest.raises(Invalid, match=message):
        labels.create(actor, video.id, [bad])
    with pytest.raises(Invalid, match=message) as refused:
        labels.create(actor, video.id, [BOX, BOX, bad])
    assert refused.value.details["index"] == 2
    assert str(refused.value).startswith("label 2 (")
    for table in ("annotation", "mark", "revision", "event", "feature", "mask"):
        assert row_count(database, actor, table) == 0


def test_items_that_cannot_be_labelled(labels: Labels, database: Database, actor: Actor, stranger: Actor) -> None:
    for item_id in (new_id(), make_item(database, stranger).id, make_item(database, actor, deleted_at=1).id):
        with pytest.raises(NotFound, match=f"Resource {item_id} not found"):
            labels.create(actor, item_id, [BOX])
    opened = make_item(database, actor, kind="dicom_series", state="open", file_count=3)
    with pytest.raises(Conflict, match="still takes files"):
        labels.create(actor, opened.id, [BOX])
    pending = make_item(database, actor, kind="dicom_series", state="pending", file_count=3, frame_count=3)
    with pytest.raises(Conflict, match="put in order"):
        labels.create(actor, pending.id, [BOX])
    single = make_item(database, actor, state="pending")
    assert labels.create(actor, single.id, [BOX])
    assert labels.create(actor, single.id, []) == []


def test_authors_are_credited_by_administrators_only(labels: Labels, actor: Actor, picture: Item) -> None:
    other = replace(BOX, author_email="Doctor@Example.org")
    with pytest.raises(Forbidden, match="administrators"):
        labels.create(as_member(actor), picture.id, [other])
    (label_id,) = labels.create(actor, picture.id, [other])
    label = labels.get_row(actor, label_id).label
    assert (label.created_by, label.credited_to) == (actor.email, "doctor@example.org")
    (own,) = labels.create(as_member(actor), picture.id, [replace(BOX, author_email=actor.email)])
    assert labels.get_row(actor, own).label.credited_to is None
    assert len(rows(labels, actor, picture, created_by="doctor@example.org")) == 1
    assert len(rows(labels, actor, picture, created_by=actor.email)) == 2


@pytest.mark.parametrize(
    ("facts", "source", "is_model"),
    [
        ({}, Source.MANUAL, False),
        ({"model_id": "unet"}, Source.MODEL_PIPELINE, True),
        ({"is_model": True, "source": Source.IMPORTED}, Source.IMPORTED, True),
        ({"source": Source.MODEL_DEPLOY}, Source.MODEL_DEPLOY, True),
        ({"source": Source.IMPORTED, "imported_from": "coco"}, Source.IMPORTED, False),
    ],
)
def test_source_and_model_are_one_set_of_facts(
    labels: Labels, actor: Actor, picture: Item, facts: dict[str, Any], source: Source, is_model: bool
) -> None:
    (label_id,) = labels.create(actor, picture.id, [replace(BOX, **facts)])
    label = labels.get_row(actor, label_id).label
    assert (label.source, label.is_model, label.imported_from) == (source, is_model, facts.get("imported_from"))
    assert [one.mark.id for one in rows(labels, actor, picture, source=source)] == [label_id]


def test_viewers_do_not_write(labels: Labels, actor: Actor, picture: Item) -> None:
    (label_id,) = labels.create(actor, picture.id, [BOX])
    viewer = as_viewer(actor)
    assert labels.get_row(viewer, label_id).mark.id == label_id
    for attempt in (
        lambda: labels.create(viewer, picture.id, [BOX]),
        lambda: labels.patch(viewer, label_id, {"identifier": "x"}),
        lambda: labels.approve(viewer, label_id),
        lambda: labels.delete(viewer, [label_id]),
        lambda: labels.set_frame_ranges(viewer, picture.id, identifier="x", kind=K.FLAG, values=[]),
    ):
        with pytest.raises(Forbidden):
            attempt()


def test_nothing_of_another_organization_is_seen(labels: Labels, actor: Actor, stranger: Actor, picture: Item) -> None:
    (label_id,) = labels.create(actor, picture.id, [BOX])
    for attempt in (
        lambda: labels.get_row(stranger, label_id),
        lambda: labels.patch(stranger, label_id, {"identifier": "x"}),
        lambda: labels.approve(stranger, label_id),
        lambda: labels.delete(stranger, [label_id]),
        lambda: labels.history(stranger, label_id),
        lambda: labels.file(stranger, picture.id, label_id),
        lambda: labels.frame_ranges(stranger, picture.id),
    ):
        with pytest.raises(NotFound, match=" not found"):
            attempt()
    assert rows(labels, stranger, picture) == []
    with pytest.raises(Invalid, match="annotation id must be a UUID"):
        labels.get_row(actor, "no-id")


# --- projects, sets, tasks ---------------------------------------------------------------------------------------------


def test_a_label_goes_to_the_one_project_of_its_item(
    labels: Labels, projects: Projects, actor: Actor, picture: Item
) -> None:
    (before,) = labels.create(actor, picture.id, [BOX])
    assert labels.get_row(actor, before).label.project_id is None
    first = projects.create(actor, name="P", item_ids=[picture.id])
    (inside,) = labels.create(actor, picture.id, [BOX])
    for label_id in (before, inside):  # the older one was adopted
        label = labels.get_row(actor, label_id).label
        assert (label.project_id, label.annotation_set_id) == (first.id, first.annotation_set_id)
        assert label.annotation_set_name == "Main"
    second = projects.create(actor, name="Q", item_ids=[picture.id])
    (unsorted,) = labels.create(actor, picture.id, [BOX])
    assert labels.get_row(actor, unsorted).label.project_id is None
    (named,) = labels.create(actor, picture.id, [replace(BOX, project_id=second.id)])
    assert labels.get_row(actor, named).label.project_id == second.id
    assert [one.mark.id for one in rows(labels, actor, picture, project_id=first.id)] == [before, inside]
    assert [one.identifier for one in projects.specs(actor, first.id)] == [BOX.identifier]
    moved = labels.patch(actor, unsorted, {"project_id": second.id})
    assert moved.label.annotation_set_id == second.annotation_set_id


def test_sets_that_do_not_fit(
    labels: Labels, projects: Projects, database: Database, actor: Actor, picture: Item
) -> None:
    with_it = projects.create(actor, name="P", item_ids=[picture.id])
    without = projects.create(actor, name="Q")
    with pytest.raises(Invalid, match="not in project 'Q'"):
        labels.create(actor, picture.id, [replace(BOX, annotation_set_id=without.annotation_set_id)])
    with pytest.raises(Invalid, match="is not of project"):
        labels.create(
            actor, picture.id, [replace(BOX, annotation_set_id=with_it.annotation_set_id, project_id=without.id)]
        )
    with pytest.raises(NotFound, match="Annotation set"):
        labels.create(actor, picture.id, [replace(BOX, annotation_set_id=new_id())])
    with pytest.raises(NotFound, match="Project"):
        labels.create(actor, picture.id, [replace(BOX, project_id=new_id())])
    projects.archive(actor, with_it.id)
    with pytest.raises(Conflict, match="archived"):
        labels.create(actor, picture.id, [replace(BOX, project_id=with_it.id)])
    assert row_count(database, actor, "annotation") == 0


def test_a_task_starts_with_its_first_label_and_every_edit_has_its_second(
    database: Database, store: BlobStore, projects: Projects, actor: Actor, picture: Item
) -> None:
    now = [1_700_000_000_000_000]
    labels = Labels(database, store, lambda: now[0], Bookmarks())
    made = projects.create(actor, name="P", item_ids=[picture.id])
    edits = []
    for later in (0, 1, 300_000, 5_000_000):
        now[0] += later
        labels.create(actor, picture.id, [BOX])
        (task,) = projects.statuses(actor, made.id)
        assert (task.state, task.label_hash is not None) == (TaskState.STARTED, True)
        edits.append(task.last_edited_at)
    assert all(after >= before + 1_000_000 for before, after in pairwise(edits))
    assert edits[-1] == now[0]
    projects.set_status(actor, made.id, picture.id, "annotated")
    labels.create(actor, picture.id, [BOX])
    assert projects.statuses(actor, made.id)[0].state is TaskState.DONE


def test_a_label_in_a_worklist_touches_that_task_only(
    labels: Labels, projects: Projects, actor: Actor, picture: Item
) -> None:
    made = projects.create(actor, name="P", item_ids=[picture.id])
    reader = projects.create_annotation_set(actor, project_id=made.id, name="Reader")
    labels.create(actor, picture.id, [replace(BOX, annotation_set_id=reader.id)])
    states = {task.annotation_set_id: task.state for task in projects.statuses(actor, made.id)}
    assert states == {made.annotation_set_id: TaskState.NEW, reader.id: TaskState.STARTED}
    assert projects.set_items(actor, reader.id) == [picture.id]


def test_a_locked_ontology_refuses_and_lists(
    labels: Labels, projects: Projects, database: Database, actor: Actor, picture: Item
) -> None:
    made = projects.create(actor, name="P", item_ids=[picture.id])
    labels.create(actor, picture.id, [BOX, new_label(K.CATEGORY)])
    projects.patch(actor, made.id, {"locked_ontology": True})
    before = row_count(database, actor, "annotation")
    with pytest.raises(Conflict, match=r"no 'other' \(box\): it has 'my box' \(box\), 'my category' \(radio\)"):
        labels.create(actor, picture.id, [BOX, replace(BOX, identifier="other")])
    with pytest.raises(Conflict, match="no value 'benign': it has 'malignant'"):
        labels.create(actor, picture.id, [new_label(K.CATEGORY, text_value="benign")])
    assert row_count(database, actor, "annotation") == before
    labels.create(actor, picture.id, [BOX, new_label(K.CATEGORY)])
    projects.patch(actor, made.id, {"locked_ontology": False})
    labels.create(actor, picture.id, [new_label(K.CATEGORY, text_value="benign")])
    (category,) = [one for one in projects.specs(actor, made.id) if one.kind == "radio"]
    assert category.values == ("malignant", "benign")


def test_renaming_a_feature_renames_its_labels(labels: Labels, projects: Projects, actor: Actor, picture: Item) -> None:
    made = projects.create(actor, name="P", item_ids=[picture.id])
    (label_id,) = labels.create(actor, picture.id, [BOX])
    (feature,) = projects.specs(actor, made.id)
    projects.rename_feature(actor, made.id, feature.id, "lesion")
    label = labels.get_row(actor, label_id).label
    assert (label.identifier, label.feature_id) == ("lesion", feature.id)


def test_features_of_one_name_are_told_apart_by_kind(
    labels: Labels, projects: Projects, actor: Actor, picture: Item
) -> None:
    made = projects.create(actor, name="P", item_ids=[picture.id])
    labels.create(actor, picture.id, [replace(BOX, identifier="x"), new_label(K.POINT, shape=shape_of(K.POINT))])
    labels.create(actor, picture.id, [replace(new_label(K.POINT), identifier="x")])
    assert [(one.kind, one.identifier) for one in projects.specs(actor, made.id)] == [
        ("box", "x"),
        ("point", "my point"),
        ("point", "x"),
    ]


# --- labels over ranges ------------------------------------------------------------------------------------------------


def test_one_frame_of_a_range_is_deleted_alone(labels: Labels, actor: Actor, video: Item) -> None:
    (label_id,) = labels.create(actor, video.id, [replace(BOX, frame_start=0, frame_end=9)])
    before = {one.mark.frame_start: one.mark.id for one in rows(labels, actor, video)}
    labels.delete(actor, [before[4], before[0]])
    after = {one.mark.frame_start: one.mark.id for one in rows(labels, actor, video)}
    assert after == {frame: one for frame, one in before.items() if frame not in (0, 4)}
    gone = labels.get_row(actor, before[4])
    assert (gone.label.deleted_by, gone.mark.frame_start, gone.mark.frame_end) == (actor.email, 4, 4)
    kept = labels.get_row(actor, before[5]).label
    assert kept.instance == gone.label.instance
    assert [(one.frame_start, one.frame_end) for one in kept.marks] == [(1, 3), (5, 9)]
    assert {one.mark.id for one in rows(labels, actor, video, deleted="only")} == {before[0], before[4]}
    labels.restore(actor, [before[4]])
    assert before[4] in {one.mark.id for one in rows(labels, actor, video)}
    labels.delete(actor, [one for frame, one in before.items() if frame != 0])
    assert rows(labels, actor, video) == []
    assert len(rows(labels, actor, video, deleted="include")) == 10
    assert labels.history(actor, label_id)[0].action is RevisionAction.CREATE


def test_one_frame_of_a_range_is_changed_alone(labels: Labels, actor: Actor, video: Item) -> None:
    labels.create(actor, video.id, [replace(BOX, frame_start=10, frame_end=12)])
    first, second, third = (one.mark.id for one in rows(labels, actor, video))
    moved = {**shape_of(K.BOX), "left": 0.0}
    changed = labels.patch(actor, second, {"shape": moved})
    assert (changed.mark.id, changed.mark.frame_start, changed.mark.shape) == (second, 11, moved)
    assert [labels.get_row(actor, one).mark.shape for one in (first, third)] == [BOX.shape, BOX.shape]
    labels.approve(actor, third)
    approved = {one.mark.id: one.label.approved_at is not None for one in rows(labels, actor, video)}
    assert approved == {first: False, second: False, third: True}
    assert {labels.get_row(actor, one).label.instance for one in (first, second, third)} == {changed.label.instance}
    other = labels.patch(actor, first, {"identifier": "other"})
    assert other.label.instance != changed.label.instance


def test_unknown_ids_delete_nothing(labels: Labels, actor: Actor, video: Item) -> None:
    (label_id,) = labels.create(actor, video.id, [replace(BOX, frame_start=0, frame_end=9)])
    for wrong in (new_id(), frame_id(label_id, 10)):
        with pytest.raises(NotFound, match=f"Annotation {wrong} not found"):
            labels.delete(actor, [label_id, wrong])
    assert len(rows(labels, actor, video)) == 10


def test_a_mask_that_comes_as_a_shape(labels: Labels, actor: Actor, picture: Item) -> None:
    import numpy as np

    pixels = np.zeros((48, 64), bool)
    pixels[3:9, 5:50] = True
    mask = Mask.from_array(pixels)
    (label_id,) = labels.create(actor, picture.id, [NewLabel(K.MASK, "lung", shape=mask.to_json(), frame_start=0)])
    content = labels.file(actor, picture.id, label_id)
    assert (content.mimetype, content.filename) == ("image/png", "lung.png")
    assert mask_from_png(content.whole(), (64, 48)) == mask
    assert labels.get_row(actor, label_id).mark.mask_sha256 is not None
    again = labels.file(actor, picture.id, label_id)
    assert (again.sha256, again.size) == (content.sha256, len(content.whole()))


# --- many --------------------------------------------------------------------------------------------------------------


def test_many_at_once_label_one_item(labels: Labels, projects: Projects, database: Database, actor: Actor) -> None:
    item = make_video(database, actor)
    made = projects.create(actor, name="P", item_ids=[item.id])

    def work(place: int) -> list[str]:
        some = [replace(BOX, identifier=f"thing {n % 3}", frame_start=place) for n in range(10)]
        return labels.create(actor, item.id, some)

    with ThreadPoolExecutor(8) as pool:
        ids = [one for some in pool.map(work, range(24)) for one in some]
    assert len(set(ids)) == 240
    assert {one.mark.id for one in rows(labels, actor, item)} == set(ids)
    assert [one.identifier for one in projects.specs(actor, made.id)] == sorted(f"thing {n}" for n in range(3))
    (task,) = projects.statuses(actor, made.id)
    assert task.last_edited_at is not None


def test_ten_thousand_labels(labels: Labels, projects: Projects, database: Database, actor: Actor) -> None:
    item = make_video(database, actor, frames=10_000)
    projects.create(actor, name="P", item_ids=[item.id])
    many = [replace(BOX, frame_start=n, identifier=f"thing {n % 5}") for n in range(10_000)]
    start = time.perf_counter()
    ids = labels.create(actor, item.id, many)
    created = time.perf_counter()
    listed = [
        one.mark.id
        for offset in (0, 5000)
        for one in labels.rows_at(actor, LabelFilter(item_ids=(item.id,)), offset=offset, limit=5000)
    ]
    read = time.perf_counter()
    labels.delete(actor, ids)
    deleted = time.perf_counter()
    print(
        f"\n10,000 labels: create {created - start:.2f} s, read {read - created:.2f} s, delete {deleted - read:.2f} s"
    )
    assert listed == ids
    assert rows(labels, actor, item) == []
