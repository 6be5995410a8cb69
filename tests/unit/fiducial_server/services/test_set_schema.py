"""What annotation sets may label is the project's one ontology: stable hashes, nothing twice, one definition of each."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from fiducial.errors import Conflict, NotFound
from fiducial_server.db import tables
from fiducial_server.db.engine import Database
from fiducial_server.model.actor import Actor
from fiducial_server.model.label import LabelKind, NewLabel
from fiducial_server.model.ontology import (
    FeatureKind,
    FeatureSpec,
    SegmentationGroup,
    SegmentationType,
    SegmentDefinition,
)
from fiducial_server.model.project import AnnotationSet, Feature, feature_hash
from fiducial_server.services.bookmarks import Bookmarks
from fiducial_server.services.labels import Labels
from fiducial_server.services.projects import Projects
from fiducial_server.storage.base import BlobStore
from fiducial_server.testing.factories import make_item
from tests.unit.fiducial_server.services.label_helpers import event_count

VIEW = FeatureSpec(FeatureKind.RADIO, "view", scope="image", required=True, values=("a", "b"))
LIVER = SegmentDefinition("liver", 1, "#ff0000")
TUMOUR = SegmentDefinition("tumour", 2, "#00ff00")


@pytest.fixture
def projects(database: Database) -> Projects:
    return Projects(database, Bookmarks())


@pytest.fixture
def project_id(projects: Projects, actor: Actor) -> str:
    return projects.create(actor, name="P").id


def _group(*segments: SegmentDefinition) -> SegmentationGroup:
    return SegmentationGroup(SegmentationType.SINGLE_LABEL, segments)


def _set(projects: Projects, actor: Actor, project_id: str, name: str, *segments: SegmentDefinition) -> AnnotationSet:
    return projects.create_annotation_set(
        actor, project_id=project_id, name=name, specs=[VIEW], segmentation_group=_group(*segments)
    )


def _features(projects: Projects, actor: Actor, project_id: str) -> dict[tuple[str, str], Feature]:
    return {(one.kind, one.identifier): one for one in projects.specs(actor, project_id)}


def _rows(database: Database) -> int:
    with database.system() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(tables.feature)) or 0)


def test_hashes_are_stable_and_nothing_is_stored_twice(
    projects: Projects, database: Database, store: BlobStore, actor: Actor
) -> None:
    item = make_item(database, actor).id
    made = projects.create(actor, name="P", item_ids=[item])
    first = _set(projects, actor, made.id, "first", LIVER)
    before = _features(projects, actor, made.id)
    assert before["mask", "liver"].hash == feature_hash(made.ontology_id, "mask", "liver")
    assert before["radio", "view"].hash == feature_hash(made.ontology_id, "radio", "view")
    _set(projects, actor, made.id, "second", LIVER, TUMOUR)
    projects.patch_annotation_set(actor, first.id, {"specs": [VIEW], "segmentation_group": _group(LIVER)})
    projects.set_segmentation_group(actor, made.annotation_set_id, _group(LIVER))
    Labels(database, store).create(
        actor, item, [NewLabel(LabelKind.MASK, "liver", 0), NewLabel(LabelKind.CATEGORY, "view", text_value="a")]
    )
    after = _features(projects, actor, made.id)
    assert {key: after[key] for key in before} == before
    assert _rows(database) == 3
    renamed = projects.set_segmentation_group(
        actor, first.id, _group(SegmentDefinition("hepar", 1, "#ff0000")), renames={"liver": "hepar"}
    )
    assert [one.identifier for one in renamed.segments] == ["hepar", "tumour"]
    assert _features(projects, actor, made.id)["mask", "hepar"].hash == before["mask", "liver"].hash


def test_a_refusal_writes_nothing(projects: Projects, database: Database, actor: Actor, project_id: str) -> None:
    _set(projects, actor, project_id, "first", LIVER)
    rows, events = _rows(database), event_count(database, actor)
    for segment in (SegmentDefinition("liver", 1, "#000000"), SegmentDefinition("liver", 9), SegmentDefinition("x", 1)):
        with pytest.raises(Conflict, match="'first' of this project"):
            _set(projects, actor, project_id, "second", SegmentDefinition("new", 5), segment)
    assert (_rows(database), event_count(database, actor)) == (rows, events)
    assert len(projects.annotation_sets(actor, project_id)) == 2


def test_one_of_two_at_once_defines(projects: Projects, actor: Actor, project_id: str) -> None:
    def define(number: int) -> str | None:
        try:
            _set(projects, actor, project_id, f"set {number}", SegmentDefinition("liver", 1, f"#00000{number}"))
        except Conflict:
            return None
        return f"#00000{number}"

    with ThreadPoolExecutor(4) as pool:
        (color,) = [one for one in pool.map(define, range(4)) if one is not None]
    assert _features(projects, actor, project_id)["mask", "liver"].color == color


def test_the_main_set_owns_what_the_project_was_made_with(projects: Projects, actor: Actor) -> None:
    made = projects.create(actor, name="Q", specs=[VIEW], segmentation_group=_group(LIVER))
    with pytest.raises(Conflict, match="'Main'"):
        _set(projects, actor, made.id, "other", SegmentDefinition("liver", 1, "#000000"))
    _set(projects, actor, made.id, "other", LIVER)
    projects.set_segmentation_group(actor, made.annotation_set_id, _group(SegmentDefinition("liver", 1, "#000000")))
    assert _features(projects, actor, made.id)["mask", "liver"].color == "#000000"


def test_what_one_set_gives_up_another_may_define(projects: Projects, actor: Actor, project_id: str) -> None:
    first, second = (_set(projects, actor, project_id, name, one) for name, one in (("a", LIVER), ("b", TUMOUR)))
    with pytest.raises(Conflict, match="delete it there"):
        projects.delete_segment(actor, second.id, "liver")
    with pytest.raises(NotFound, match="not found in the group"):
        projects.delete_segment(actor, first.id, "spleen")
    projects.delete_segment(actor, first.id, "liver")
    other = SegmentDefinition("liver", 7, "#123456")
    projects.patch_annotation_set(actor, second.id, {"segmentation_group": _group(other)})
    assert other in projects.segmentation_group(actor, first.id).segments
    with pytest.raises(Conflict, match="'b' of this project"):
        projects.patch_annotation_set(actor, first.id, {"segmentation_group": _group(LIVER)})
    projects.patch_annotation_set(actor, first.id, {"specs": []})
    changed = FeatureSpec(FeatureKind.RADIO, "view", scope="image", required=False, values=("c",))
    projects.patch_annotation_set(actor, second.id, {"specs": [changed]})
    assert _features(projects, actor, project_id)["radio", "view"].values == ("c",)


def test_replacing_leaves_what_others_define(projects: Projects, actor: Actor, project_id: str) -> None:
    first, second = (_set(projects, actor, project_id, name, one) for name, one in (("a", LIVER), ("b", TUMOUR)))
    group = projects.set_segmentation_group(actor, second.id, _group(SegmentDefinition("vessel", 3, "#0000ff")))
    assert [one.identifier for one in group.segments] == ["liver", "vessel"]
    assert projects.segmentation_group(actor, first.id).segments == group.segments


def test_a_category_for_images_and_frames_is_one_feature(projects: Projects, actor: Actor, project_id: str) -> None:
    both = [FeatureSpec(FeatureKind.FLAG, "dark", scope=scope) for scope in ("frame", "image")]
    made = projects.create_annotation_set(actor, project_id=project_id, name="s", specs=both)
    (one,) = projects.specs(actor, project_id, made.id)
    assert one.scopes == ("frame", "image")
    projects.patch_annotation_set(actor, made.id, {"specs": both[1:]})
    (one,) = projects.specs(actor, project_id, made.id)
    assert one.scopes == ("image",)


@pytest.fixture
def statements(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    sa.event.listen(database.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(database.engine, "before_cursor_execute", note)


def test_a_list_of_sets_takes_the_same_statements_however_long_it_is(
    projects: Projects, actor: Actor, statements: list[str]
) -> None:
    counts = []
    for size in (1, 6):
        for n in range(size):
            made = projects.create(actor, name=f"{size} {n}", specs=[VIEW])
            _set(projects, actor, made.id, "s", LIVER)
        statements.clear()
        listed, total = projects.list_sets(actor, offset=0, limit=100)
        counts.append(len(statements))
        assert len(listed) == total == 2 * (size if size == 1 else 7)
        for one in listed:
            assert one.specs == projects.specs(actor, one.value.project_id, one.value.id)
            assert one.group == projects.segmentation_group(actor, one.value.id)
    assert counts[0] == counts[1]
