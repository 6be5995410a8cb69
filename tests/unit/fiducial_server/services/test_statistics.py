"""Statistics: what they count, what they leave out, and how many statements they take."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from fiducial.errors import NotFound
from fiducial_server.db.engine import Database
from fiducial_server.model.actor import Actor
from fiducial_server.model.annotator import NewAnnotator
from fiducial_server.model.label import LabelKind, NewLabel
from fiducial_server.model.statistic import AnnotatorStatistic, Place
from fiducial_server.model.workflow import StatusWord
from fiducial_server.services.bookmarks import Bookmarks
from fiducial_server.services.items import Items
from fiducial_server.services.labels import Labels
from fiducial_server.services.projects import Projects
from fiducial_server.storage.base import BlobStore
from fiducial_server.testing.factories import make_video
from tests.unit.fiducial_server.services.people_stage import Stage, make_stage

KINDS = {kind: "value" if kind in {LabelKind.CATEGORY, LabelKind.TEXT} else kind.value for kind in LabelKind}
W = StatusWord


@pytest.fixture
def projects(database: Database) -> Projects:
    return Projects(database, Bookmarks())


@pytest.fixture
def stage(database: Database, projects: Projects, actor: Actor) -> Stage:
    return make_stage(database, projects, actor, items=3)


@pytest.fixture
def labels(database: Database, store: BlobStore) -> Labels:
    return Labels(database, store)


@pytest.fixture
def worked(stage: Stage, labels: Labels) -> Stage:
    """Ann: three labels on two items, one of a model, one deleted; Bob: a category on one, credited by the administrator."""
    one, two, _ = stage.items

    def make(actor: Actor, item: str, kind: LabelKind, name: str, **more: object) -> str:
        new = NewLabel(kind, name, annotation_set_id=stage.set_id, **more)  # type: ignore[arg-type]
        return labels.create(actor, item, [new])[0]

    make(stage.ann, one, LabelKind.FLAG, "seen")
    make(stage.ann, two, LabelKind.FLAG, "seen", is_model=True)
    make(stage.ann, two, LabelKind.CATEGORY, "view", text_value="axial")
    labels.delete(stage.ann, [make(stage.ann, one, LabelKind.TEXT, "gone", text_value="x")])
    make(stage.admin, one, LabelKind.CATEGORY, "view", text_value="coronal", author_email=stage.bob.email)
    stage.said(stage.ann, "annotated")
    stage.projects.say(stage.ann, stage.set_id, two, "opened")
    return stage


def by_email(stage: Stage, set_id: str | None = None, person: str | None = None) -> dict[str, AnnotatorStatistic]:
    place = Place(stage.project_id, set_id)
    found = stage.projects.annotator_statistics(stage.admin, place, KINDS, person=person)
    return {one.person.email: one for one in found}


def test_by_annotator(worked: Stage) -> None:
    stage, place = worked, Place(worked.project_id, worked.set_id)
    stage.projects.set_annotator(stage.admin, stage.set_id, NewAnnotator(stage.admin.email))
    found = by_email(stage, stage.set_id)
    assert sorted(found) == sorted([stage.admin.email, stage.ann.email, stage.bob.email])
    ann, bob, admin = found[stage.ann.email], found[stage.bob.email], found[stage.admin.email]
    assert (ann.person.user_id, ann.person.firstname) == (stage.ann.user_id, "Ann")
    assert (ann.annotations, ann.by_models, ann.labelled_items) == ({"flag": 2, "value": 1}, 1, 2)
    assert (ann.statuses, ann.begun_items) == ({W.ANNOTATED: 1, W.OPENED: 1}, 2)
    assert (bob.annotations, bob.by_models, bob.labelled_items, bob.statuses) == ({"value": 1}, 0, 1, {})
    assert (admin.annotations, admin.statuses, admin.last_activity) == ({}, {}, None)
    last = [one for page in stage.projects.work_statuses(stage.admin, place, person=stage.ann.email) for one in page]
    assert ann.last_activity == max(one.updated_at for one in last)
    assert by_email(stage) == found
    main = stage.projects.get(stage.admin, stage.project_id).annotation_set_id
    assert by_email(stage, main) == {}
    assert by_email(stage, person=stage.ann.user_id) == {stage.ann.email: ann}
    assert by_email(stage, person="nobody@first.example") == {}


def test_progress_of_one(worked: Stage, stranger: Actor) -> None:
    stage, place = worked, Place(worked.project_id, worked.set_id)
    ann, items = stage.projects.annotator_progress(stage.admin, place, stage.ann.email, KINDS)
    assert (ann, items) == (by_email(stage, stage.set_id)[stage.ann.email], 3)
    idle, items = stage.projects.annotator_progress(stage.admin, Place(stage.project_id), stage.admin.email, KINDS)
    assert (idle.person.email, idle.annotations, idle.begun_items, items) == (stage.admin.email, {}, 0, 3)
    for person in (stranger.email, stranger.user_id, "nobody"):
        with pytest.raises(NotFound, match="User"):
            stage.projects.annotator_progress(stage.admin, place, person, KINDS)


def test_by_identifier(worked: Stage) -> None:
    stage = worked
    found = stage.projects.annotation_statistics(stage.admin, Place(stage.project_id), KINDS)
    shown = [(one.identifier, one.kind, one.annotations, one.items, one.annotators, one.values) for one in found]
    assert shown == [("seen", "flag", 2, 2, 1, {}), ("view", "value", 2, 2, 2, {"axial": 1, "coronal": 1})]
    assert all(one.first_at <= one.last_at for one in found)
    assert stage.projects.annotation_statistics(stage.admin, Place(stage.project_id, stage.set_id), KINDS) == found


def test_an_annotation_counts_once_for_each_frame(stage: Stage, labels: Labels) -> None:
    video = make_video(stage.database, stage.admin, frames=50)
    stage.projects.add_items(stage.admin, stage.project_id, [video.id])
    new = NewLabel(LabelKind.FLAG, "seen", frame_start=10, frame_end=29, project_id=stage.project_id)
    labels.create(stage.ann, video.id, [new])
    assert by_email(stage)[stage.ann.email].annotations == {"flag": 20}
    (one,) = stage.projects.annotation_statistics(stage.admin, Place(stage.project_id), KINDS)
    assert (one.annotations, one.items) == (20, 1)


def test_by_file(worked: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fiducial_server.services.statistics.MOST_ITEMS", 2)
    stage = worked
    stage.projects.say(stage.bob, stage.set_id, stage.items[0], "opened")
    main = stage.projects.get(stage.admin, stage.project_id).annotation_set_id
    stage.projects.say(stage.ann, main, stage.items[0], "opened")
    pages = list(stage.projects.file_statistics(stage.admin, stage.project_id))
    assert [len(page) for page in pages] == [2, 1]
    rows = {row.item_id: row for page in pages for row in page}
    assert list(rows) == list(stage.items)
    cells = {
        item: [(cell.annotator, cell.status, cell.annotations) for cell in row.cells] for item, row in rows.items()
    }
    one, two, three = stage.items
    assert cells[one] == [(stage.ann.email, W.OPENED, 1), (stage.bob.email, W.OPENED, 1)]  # least advanced of two sets
    assert cells[two] == [(stage.ann.email, W.OPENED, 2)]
    assert cells[three] == []
    assert (rows[one].word, rows[three].word) == (W.OPENED, None)


def test_deleted_items_do_not_count(worked: Stage, store: BlobStore) -> None:
    stage = worked
    Items(stage.database, store, Bookmarks()).delete(stage.admin, [stage.items[1]])
    ann = by_email(stage)[stage.ann.email]
    assert (ann.annotations, ann.labelled_items, ann.begun_items) == ({"flag": 1}, 1, 1)
    assert [row.item_id for page in stage.projects.file_statistics(stage.admin, stage.project_id) for row in page] == [
        stage.items[0],
        stage.items[2],
    ]
    _, items = stage.projects.annotator_progress(
        stage.admin, Place(stage.project_id, stage.set_id), stage.ann.email, KINDS
    )
    assert items == 2


@pytest.fixture
def statements(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    sa.event.listen(database.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(database.engine, "before_cursor_execute", note)


def test_no_statement_is_asked_for_each_item_or_person(worked: Stage, labels: Labels, statements: list[str]) -> None:
    stage, place = worked, Place(worked.project_id)

    def asked() -> list[int]:
        counts = []
        for look in (
            lambda: stage.projects.annotator_statistics(stage.admin, place, KINDS),
            lambda: stage.projects.annotation_statistics(stage.admin, place, KINDS),
            lambda: list(stage.projects.file_statistics(stage.admin, stage.project_id)),
            lambda: list(stage.projects.work_statuses(stage.admin, place)),
        ):
            statements.clear()
            look()
            counts.append(len(statements))
        return counts

    before = asked()
    for item in stage.items:
        labels.create(stage.bob, item, [NewLabel(LabelKind.FLAG, "more", annotation_set_id=stage.set_id)])
        stage.projects.say(stage.bob, stage.set_id, item, "opened")
    assert asked() == before


def test_of_another_organization_nothing_is_told(worked: Stage, stranger: Actor) -> None:
    projects, place = worked.projects, Place(worked.project_id)
    for attempt in (
        lambda: projects.annotator_statistics(stranger, place, KINDS),
        lambda: projects.annotator_progress(stranger, place, stranger.email, KINDS),
        lambda: projects.annotation_statistics(stranger, place, KINDS),
        lambda: list(projects.file_statistics(stranger, worked.project_id)),
        lambda: list(projects.work_statuses(stranger, place)),
        lambda: projects.place_of_set(stranger, worked.set_id),
        lambda: projects.annotators(stranger, worked.set_id),
        lambda: projects.annotators_of_project(stranger, worked.project_id),
    ):
        with pytest.raises(NotFound, match=" not found"):
            attempt()
