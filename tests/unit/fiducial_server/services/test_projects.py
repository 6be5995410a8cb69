"""Projects: made whole, named once, counted, archived; their items, tasks, members and sets."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from fiducial.errors import AlreadyExists, Conflict, Forbidden, Invalid, NotFound
from fiducial_server.db.engine import Database
from fiducial_server.model.actor import Actor
from fiducial_server.model.ids import new_id
from fiducial_server.model.ontology import (
    FeatureKind,
    FeatureSpec,
    SegmentationGroup,
    SegmentationType,
    SegmentDefinition,
)
from fiducial_server.model.project import AnnotationSetKind, TaskState
from fiducial_server.services.bookmarks import Bookmarks
from fiducial_server.services.projects import Projects
from fiducial_server.services.tasks import work_status
from fiducial_server.testing.factories import as_viewer, make_item
from tests.unit.fiducial_server.services.label_helpers import event_count, row_count


@pytest.fixture
def projects(database: Database) -> Projects:
    return Projects(database, Bookmarks())


def test_a_new_project_has_all_its_parts(projects: Projects, database: Database, actor: Actor) -> None:
    items = [make_item(database, actor) for _ in range(3)]
    made = projects.create(
        actor, name="Lungs", description="CT", item_ids=[one.id for one in items], settings={"two_up_display": True}
    )
    assert projects.get(actor, made.id) == made
    assert (made.name, made.description, made.created_by) == ("Lungs", "CT", actor.email)
    assert (made.item_count, made.submitted_count, made.done_count) == (3, 0, 0)
    assert made.settings == {"two_up_display": True}
    assert [one.id for one in projects.items_of(actor, made.id).rows] == [one.id for one in items]
    (main,) = projects.annotation_sets(actor, made.id)
    assert (main.id, main.kind) == (made.annotation_set_id, AnnotationSetKind.MAIN)
    (member,) = projects.members(actor, made.id)
    assert member.email == actor.email
    assert projects.dataset(actor, made.dataset_id).item_count == 3
    assert [task.state for task in projects.statuses(actor, made.id)] == [TaskState.NEW] * 3


def test_names_are_unique_archived_or_not(projects: Projects, actor: Actor, stranger: Actor) -> None:
    first = projects.create(actor, name="Lungs")
    with pytest.raises(AlreadyExists) as refused:
        projects.create(actor, name="Lungs")
    assert refused.value.details["existing_id"] == first.id
    projects.archive(actor, first.id)
    with pytest.raises(AlreadyExists, match="archived"):
        projects.create(actor, name="Lungs")
    other = projects.create(actor, name="Liver")
    with pytest.raises(AlreadyExists):
        projects.patch(actor, other.id, {"name": "Lungs"})
    assert projects.create(stranger, name="Lungs").id != first.id
    assert projects.get_by_name(actor, "Lungs").id == first.id
    with pytest.raises(NotFound, match="'Kidneys' not found"):
        projects.get_by_name(actor, "Kidneys")


def test_one_of_many_at_once_gets_the_name(projects: Projects, actor: Actor) -> None:
    def attempt(_: int) -> str:
        try:
            return projects.create(actor, name="Race").id
        except AlreadyExists as error:
            return str(error.details["existing_id"])

    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(attempt, range(16)))
    assert len(ids) == 1
    assert len(projects.page_at(actor, offset=0, limit=100).rows) == 1


@pytest.mark.parametrize("name", ["", "  ", "a\0b", "x" * 256, "line\nbreak"])
def test_names_that_cannot_be(projects: Projects, database: Database, actor: Actor, name: str) -> None:
    with pytest.raises(Invalid, match="name"):
        projects.create(actor, name=name)
    assert row_count(database, actor, "project") == 0


def test_unknown_items_leave_no_project(projects: Projects, database: Database, actor: Actor, stranger: Actor) -> None:
    mine, theirs = make_item(database, actor), make_item(database, stranger)
    with pytest.raises(NotFound, match=f"not found: {theirs.id}"):
        projects.create(actor, name="Lungs", item_ids=[mine.id, theirs.id])
    for table in ("project", "dataset", "ontology", "annotation_set", "stage", "task", "data_row", "event"):
        assert row_count(database, actor, table) == 0


def test_pages_and_archived_ones(projects: Projects, actor: Actor) -> None:
    made = [projects.create(actor, name=f"P{place}") for place in range(7)]
    projects.archive(actor, made[2].id)
    live = [one.id for one in made if one.id != made[2].id]
    paged = [one.id for offset in (0, 3, 6) for one in projects.page_at(actor, offset=offset, limit=3).rows]
    assert paged == live
    assert [one.id for one in Projects(projects._database, Bookmarks()).page_at(actor, offset=4, limit=9).rows] == live[
        4:
    ]
    assert [one.id for one in projects.page_at(actor, offset=0, limit=9, archived=None).rows] == [
        one.id for one in made
    ]
    assert [one.id for one in projects.page_at(actor, offset=0, limit=9, archived=True).rows] == [made[2].id]


def test_archive_and_restore_twice_write_once(projects: Projects, database: Database, actor: Actor) -> None:
    made = projects.create(actor, name="Lungs")
    before = event_count(database, actor)
    archived = projects.archive(actor, made.id)
    assert archived.archived_at is not None
    assert archived.archived_by == actor.email
    assert projects.archive(actor, made.id) == archived
    with pytest.raises(Conflict, match="archived"):
        projects.patch(actor, made.id, {"description": "x"})
    assert projects.restore(actor, made.id).archived_at is None
    assert projects.restore(actor, made.id).archived_by is None
    assert event_count(database, actor) == before + 2


def test_patch(projects: Projects, database: Database, actor: Actor) -> None:
    made = projects.create(actor, name="Lungs", settings={"a": 1})
    patched = projects.patch(actor, made.id, {"description": "new", "settings": {"pinned_metrics": ["dice"]}})
    assert patched.description == "new"
    assert patched.settings == {"a": 1, "pinned_metrics": ["dice"]}
    before = event_count(database, actor)
    assert projects.patch(actor, made.id, {"description": "new"}) == patched
    assert event_count(database, actor) == before
    with pytest.raises(Invalid, match="cannot change dataset_id"):
        projects.patch(actor, made.id, {"dataset_id": "x"})
    with pytest.raises(Invalid, match="require_review must be"):
        projects.patch(actor, made.id, {"require_review": "yes"})


def test_adding_items_is_idempotent_and_whole(projects: Projects, database: Database, actor: Actor) -> None:
    made = projects.create(actor, name="Lungs")
    items = [make_item(database, actor).id for _ in range(4)]
    projects.add_items(actor, made.id, items[:2])
    projects.add_items(actor, made.id, [items[2], items[0], items[3], items[2]])
    before = event_count(database, actor)
    projects.add_items(actor, made.id, items)
    assert event_count(database, actor) == before
    assert [one.id for page in projects.all_items(actor, made.id) for one in page] == items
    with pytest.raises(NotFound):
        projects.add_items(actor, made.id, [make_item(database, actor).id, new_id()])
    assert projects.get(actor, made.id).item_count == 4
    projects.remove_items(actor, made.id, [items[1]])
    assert [one.id for one in projects.items_of(actor, made.id).rows] == [items[0], items[2], items[3]]
    with pytest.raises(NotFound, match=items[1]):
        projects.remove_items(actor, made.id, [items[0], items[1]])
    assert projects.get(actor, made.id).item_count == 3


def test_items_come_in_pages(projects: Projects, database: Database, actor: Actor) -> None:
    items = [make_item(database, actor).id for _ in range(5)]
    made = projects.create(actor, name="Lungs", item_ids=items)
    seen, after = [], None
    while True:
        page = projects.items_of(actor, made.id, after=after, limit=2)
        seen += [one.id for one in page.rows]
        after = page.next_key
        if after is None:
            break
    assert seen == items


def test_what_is_added_to_the_dataset_is_in_the_project(projects: Projects, database: Database, actor: Actor) -> None:
    made = projects.create(actor, name="Lungs")
    item = make_item(database, actor)
    projects.change_dataset_items(actor, made.dataset_id, add=[item.id])
    assert [one.id for one in projects.items_of(actor, made.id).rows] == [item.id]
    assert projects.dataset_item_ids(actor, made.dataset_id) == [item.id]
    assert len(projects.statuses(actor, made.id)) == 1
    assert [one.id for one in projects.datasets_at(actor, offset=0, limit=10).rows] == [made.dataset_id]
    projects.change_dataset_items(actor, made.dataset_id, remove=[item.id])
    assert projects.get(actor, made.id).item_count == 0


def test_many_at_once_add_items_to_one_project(projects: Projects, database: Database, actor: Actor) -> None:
    made = projects.create(actor, name="Lungs")
    items = [make_item(database, actor).id for _ in range(20)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda place: projects.add_items(actor, made.id, items[place : place + 5]), range(16)))
    assert sorted(projects.dataset_item_ids(actor, made.dataset_id)) == sorted(items)


@pytest.mark.parametrize(
    ("require_review", "word", "state", "counts"),
    [
        (False, "annotated", TaskState.DONE, (1, 1)),
        (False, "closed", TaskState.DONE, (1, 1)),
        (False, "opened", TaskState.STARTED, (0, 0)),
        (True, "annotated", TaskState.SUBMITTED, (1, 0)),
        (True, "closed", TaskState.DONE, (1, 1)),
    ],
)
def test_status_is_stored_counted_and_read_back(
    projects: Projects,
    database: Database,
    actor: Actor,
    require_review: bool,
    word: str,
    state: TaskState,
    counts: tuple[int, int],
) -> None:
    item = make_item(database, actor)
    made = projects.create(actor, name="Lungs", item_ids=[item.id], require_review=require_review)
    projects.set_status(actor, made.id, item.id, word)
    (task,) = projects.statuses(actor, made.id)
    assert (task.state, work_status(task)) == (state, word)
    assert task.label_hash is not None
    now = projects.get(actor, made.id)
    assert (now.submitted_count, now.done_count) == counts
    before = event_count(database, actor)
    projects.set_status(actor, made.id, item.id, word)
    assert event_count(database, actor) == before
    assert [one.id for one in projects.statuses(actor, made.id, status=word)] == [task.id]


def test_review_can_be_asked_for_later(projects: Projects, database: Database, actor: Actor) -> None:
    item = make_item(database, actor)
    made = projects.create(actor, name="Lungs", item_ids=[item.id])
    projects.patch(actor, made.id, {"require_review": True})
    for word, state in (
        ("annotated", TaskState.SUBMITTED),
        ("revision_request", TaskState.RETURNED),
        ("annotated", TaskState.SUBMITTED),
        ("approved", TaskState.DONE),
    ):
        projects.set_status(actor, made.id, item.id, word)
        assert projects.statuses(actor, made.id)[0].state is state
    projects.set_status(actor, made.id, item.id, "opened")
    with pytest.raises(Conflict, match="cannot be approved"):
        projects.set_status(actor, made.id, item.id, "approved")


def test_the_least_advanced_set_counts(projects: Projects, database: Database, actor: Actor) -> None:
    item = make_item(database, actor)
    made = projects.create(actor, name="Lungs", item_ids=[item.id])
    reader = projects.create_annotation_set(actor, project_id=made.id, name="Reader 2", item_ids=[item.id])
    projects.set_status(actor, made.id, item.id, "annotated", made.annotation_set_id)
    assert projects.get(actor, made.id).done_count == 0
    projects.set_status(actor, made.id, item.id, "closed", reader.id)
    assert projects.get(actor, made.id).done_count == 1
    projects.set_status(actor, made.id, item.id, "opened")
    assert {task.state for task in projects.statuses(actor, made.id)} == {TaskState.STARTED}


def test_status_errors(projects: Projects, database: Database, actor: Actor) -> None:
    made = projects.create(actor, name="Lungs")
    item = make_item(database, actor)
    with pytest.raises(NotFound, match=f"{item.id} not found in project 'Lungs'"):
        projects.set_status(actor, made.id, item.id, "opened")
    with pytest.raises(Invalid, match="none of opened"):
        projects.set_status(actor, made.id, item.id, "done")
    with pytest.raises(NotFound, match="Annotation set"):
        projects.set_status(actor, made.id, item.id, "opened", new_id())


def test_members(projects: Projects, actor: Actor, stranger: Actor) -> None:
    made = projects.create(actor, name="Lungs")
    changed = projects.set_member(actor, made.id, actor.user_id, roles=["PROJECT_ANNOTATOR"])
    assert changed.roles == ("PROJECT_ANNOTATOR",)
    with pytest.raises(NotFound, match="User"):
        projects.set_member(actor, made.id, stranger.user_id, roles=[])
    projects.remove_member(actor, made.id, actor.user_id)
    assert projects.members(actor, made.id) == []
    with pytest.raises(NotFound, match="Member"):
        projects.remove_member(actor, made.id, actor.user_id)


def test_annotation_sets(projects: Projects, database: Database, actor: Actor) -> None:
    items = [make_item(database, actor).id for _ in range(3)]
    made = projects.create(actor, name="Lungs", item_ids=items)
    spec = FeatureSpec(FeatureKind.BOX, "nodule", scope="frame")
    reader = projects.create_annotation_set(
        actor, project_id=made.id, name="Reader", item_ids=items[:1], specs=[spec], settings={"return_url": "x"}
    )
    assert projects.annotation_set(actor, reader.id) == reader
    assert [one.identifier for one in projects.specs(actor, made.id, reader.id)] == ["nodule"]
    projects.change_set_items(actor, reader.id, add=items, remove=items[:1])
    assert sorted(projects.set_items(actor, reader.id)) == sorted(items[1:])
    patched = projects.patch_annotation_set(actor, reader.id, {"name": "Reader 1", "status": "active"})
    assert (patched.name, patched.status, patched.settings["return_url"]) == ("Reader 1", "active", "x")
    assert projects.annotation_set(actor, reader.id) == patched
    with pytest.raises(Conflict, match="main set"):
        projects.change_set_items(actor, made.annotation_set_id, remove=items[:1])
    with pytest.raises(NotFound, match="not found in project"):
        projects.change_set_items(actor, reader.id, add=[make_item(database, actor).id])


def test_specs_are_written_as_a_whole_and_masks_stay(projects: Projects, database: Database, actor: Actor) -> None:
    made = projects.create(
        actor,
        name="Lungs",
        specs=[
            FeatureSpec(FeatureKind.RADIO, "view", scope="image", required=True, values=("axial", "coronal")),
            FeatureSpec(FeatureKind.BOX, "nodule", scope="frame", color="#ff0000"),
        ],
        segmentation_group=SegmentationGroup(
            SegmentationType.SINGLE_LABEL, (SegmentDefinition("lung", 3, "#00ff00"), SegmentDefinition("heart"))
        ),
    )
    listed = {one.identifier: one for one in projects.specs(actor, made.id)}
    assert list(listed) == ["view", "nodule", "lung", "heart"]
    assert (listed["view"].values, listed["view"].required) == (("axial", "coronal"), True)
    assert (listed["lung"].index, listed["heart"].index) == (3, 1)
    nodule = listed["nodule"].hash
    before = event_count(database, actor)
    assert projects.set_specs(actor, made.id, [FeatureSpec(FeatureKind.BOX, "nodule")])
    assert {one.identifier for one in projects.specs(actor, made.id)} == {"nodule", "lung", "heart"}
    projects.set_specs(actor, made.id, [FeatureSpec(FeatureKind.BOX, "nodule")])
    assert event_count(database, actor) == before + 1
    renamed = projects.rename_feature(actor, made.id, listed["nodule"].id, "Nodule")
    assert (renamed.identifier, renamed.hash, renamed.color) == ("Nodule", nodule, "#ff0000")
    projects.set_specs(actor, made.id, [FeatureSpec(FeatureKind.BOX, "Nodule"), FeatureSpec(FeatureKind.BOX, "nodule")])
    hashes = {one.identifier: one.hash for one in projects.specs(actor, made.id)}
    assert hashes["Nodule"] == nodule
    assert hashes["nodule"] != nodule
    with pytest.raises(Conflict, match="named 'nodule'"):
        projects.rename_feature(actor, made.id, listed["nodule"].id, "nodule")


def test_segmentation_group(projects: Projects, actor: Actor) -> None:
    made = projects.create(actor, name="Lungs")
    set_id = made.annotation_set_id
    assert projects.segmentation_group(actor, set_id).segments == ()
    group = SegmentationGroup(
        SegmentationType.MULTI_LABEL,
        (SegmentDefinition("lung", 1, "#112233"), SegmentDefinition("heart", 2, "#445566")),
    )
    assert projects.set_segmentation_group(actor, set_id, group) == group
    added = SegmentationGroup(SegmentationType.MULTI_LABEL, (SegmentDefinition("aorta", 2, "#000000"),))
    projects.patch_annotation_set(actor, set_id, {"segmentation_group": added})
    indices = {one.identifier: one.index for one in projects.segmentation_group(actor, set_id).segments}
    assert indices == {"lung": 1, "aorta": 2, "heart": 3}
    renamed = projects.set_segmentation_group(
        actor, set_id, SegmentationGroup(group.kind, (SegmentDefinition("Lung", 1),)), renames={"lung": "Lung"}
    )
    assert renamed.segments == (SegmentDefinition("Lung", 1, "#112233"),)
    for wrong in (
        (SegmentDefinition("a", 1), SegmentDefinition("a", 2)),
        (SegmentDefinition("a", 1), SegmentDefinition("b", 1)),
    ):
        with pytest.raises(Invalid, match=r"twice|two identifiers"):
            projects.set_segmentation_group(actor, set_id, SegmentationGroup(group.kind, wrong))
    with pytest.raises(Invalid, match="whole number from 1"):
        projects.set_segmentation_group(actor, set_id, SegmentationGroup(group.kind, (SegmentDefinition("a", 0),)))


def test_nothing_of_another_organization_is_seen(
    projects: Projects, database: Database, actor: Actor, stranger: Actor
) -> None:
    item = make_item(database, actor)
    made = projects.create(actor, name="Lungs", item_ids=[item.id])
    attempts = [
        lambda: projects.get(stranger, made.id),
        lambda: projects.patch(stranger, made.id, {"name": "x"}),
        lambda: projects.archive(stranger, made.id),
        lambda: projects.items_of(stranger, made.id),
        lambda: projects.add_items(stranger, made.id, []),
        lambda: projects.set_status(stranger, made.id, item.id, "closed"),
        lambda: projects.statuses(stranger, made.id),
        lambda: projects.members(stranger, made.id),
        lambda: projects.annotation_sets(stranger, made.id),
        lambda: projects.annotation_set(stranger, made.annotation_set_id),
        lambda: projects.create_annotation_set(stranger, project_id=made.id, name="x"),
        lambda: projects.segmentation_group(stranger, made.annotation_set_id),
        lambda: projects.specs(stranger, made.id),
        lambda: projects.dataset(stranger, made.dataset_id),
        lambda: projects.change_dataset_items(stranger, made.dataset_id, add=[]),
    ]
    for attempt in attempts:
        with pytest.raises(NotFound, match=" not found"):
            attempt()
    assert projects.page_at(stranger, offset=0, limit=9, archived=None).rows == []
    assert row_count(database, stranger, "event") == 0


def test_viewers_only_look(projects: Projects, actor: Actor) -> None:
    made = projects.create(actor, name="Lungs")
    viewer = as_viewer(actor)
    assert projects.get(viewer, made.id).id == made.id
    for attempt in (
        lambda: projects.create(viewer, name="x"),
        lambda: projects.patch(viewer, made.id, {"name": "x"}),
        lambda: projects.archive(viewer, made.id),
        lambda: projects.add_items(viewer, made.id, []),
        lambda: projects.set_specs(viewer, made.id, []),
    ):
        with pytest.raises(Forbidden, match="may only look"):
            attempt()
