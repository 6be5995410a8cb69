"""Statuses of annotators, the tasks that follow them, review messages, resets, and who annotates in a set."""

from __future__ import annotations

import pytest

from fiducial.errors import Conflict, Forbidden, Invalid, NotFound
from fiducial_server.db.engine import Database
from fiducial_server.model.actor import Actor, Role
from fiducial_server.model.annotator import AnnotatorState, Expertise, NewAnnotator
from fiducial_server.model.ids import new_id
from fiducial_server.model.label import LabelFilter, LabelKind, NewLabel
from fiducial_server.model.project import TaskState
from fiducial_server.services.bookmarks import Bookmarks
from fiducial_server.services.labels import Labels
from fiducial_server.services.projects import Projects
from fiducial_server.storage.base import BlobStore
from fiducial_server.testing.factories import as_viewer, make_item
from tests.unit.fiducial_server.services.label_helpers import event_count, row_count
from tests.unit.fiducial_server.services.people_stage import Stage, add_person, make_stage

S = TaskState
FROZEN = AnnotatorState.FROZEN


@pytest.fixture
def projects(database: Database) -> Projects:
    return Projects(database, Bookmarks())


@pytest.fixture
def stage(database: Database, projects: Projects, actor: Actor) -> Stage:
    return make_stage(database, projects, actor)


@pytest.fixture
def reviewed(database: Database, projects: Projects, actor: Actor) -> Stage:
    return make_stage(database, projects, actor, review=True)


@pytest.fixture
def labels(database: Database, store: BlobStore) -> Labels:
    return Labels(database, store)


def messages(stage: Stage, **narrowed: object) -> list[tuple[str, str, str]]:
    pages = stage.projects.review_messages(stage.admin, stage.project_id, **narrowed)  # type: ignore[arg-type]
    return [(one.annotator, one.status.value, one.message) for page in pages for one in page]


# -- saying -----------------------------------------------------------------------------------------------------------


def test_the_least_advanced_annotator_counts(stage: Stage) -> None:
    assert stage.listed(stage.set_id) == [(stage.items[0], None, None)]
    assert stage.said(stage.ann, "annotated") == {stage.ann.email: "annotated"}
    assert stage.state() is S.DONE
    assert stage.said(stage.bob, "opened") == {stage.ann.email: "annotated", stage.bob.email: "opened"}
    assert stage.state() is S.STARTED
    stage.said(stage.bob, "closed")
    assert stage.state() is S.DONE
    main = stage.projects.get(stage.admin, stage.project_id).annotation_set_id
    assert stage.state(set_id=main) is S.NEW  # another set is another pass over the data
    assert stage.projects.get(stage.admin, stage.project_id).done_count == 0


def test_the_same_again_writes_nothing(stage: Stage) -> None:
    stage.said(stage.ann, "opened")
    before = event_count(stage.database, stage.admin)
    assert stage.said(stage.ann, "opened") == {stage.ann.email: "opened"}
    assert event_count(stage.database, stage.admin) == before


def test_work_goes_back_and_forth_with_a_reviewer(reviewed: Stage) -> None:
    stage, ann = reviewed, reviewed.ann.email
    for actor, word, more, state in (
        (stage.ann, "opened", {}, S.STARTED),
        (stage.ann, "annotated", {"message": "please look"}, S.SUBMITTED),
        (stage.admin, "revision_request", {"annotator": ann, "message": "too small", "path": "/x"}, S.RETURNED),
        (stage.ann, "opened", {}, S.RETURNED),
        (stage.ann, "annotated", {}, S.SUBMITTED),
        (stage.admin, "approved", {"annotator": stage.ann.user_id, "message": "good"}, S.DONE),
    ):
        assert stage.said(actor, word, **more) == {ann: word}
        assert stage.state() is state
    assert messages(stage) == [
        (ann, "annotated", "please look"),
        (ann, "revision_request", "too small"),
        (ann, "approved", "good"),
    ]
    assert messages(stage, statuses=["approved", "annotated"]) == [
        (ann, "annotated", "please look"),
        (ann, "approved", "good"),
    ]
    assert messages(stage, annotator=stage.bob.email) == messages(stage, item_id=new_id()) == []
    assert len(messages(stage, annotator=stage.ann.user_id, item_id=stage.items[0])) == 3


def test_a_judgement_that_names_nobody_is_of_everybody(reviewed: Stage) -> None:
    stage = reviewed
    stage.said(stage.ann, "annotated")
    stage.said(stage.bob, "opened")
    with pytest.raises(Conflict, match="not submitted"):
        stage.said(stage.admin, "approved")
    stage.said(stage.bob, "annotated")
    both = (stage.ann.email, stage.bob.email)
    assert stage.said(stage.admin, "revision_request", message="both") == dict.fromkeys(both, "revision_request")
    assert {annotator for annotator, _, _ in messages(stage)} == set(both)
    assert stage.state() is S.RETURNED


def test_work_without_a_status_is_judged_by_the_task(reviewed: Stage) -> None:
    stage = reviewed
    stage.projects.set_status(stage.ann, stage.project_id, stage.items[0], "annotated", stage.set_id)
    assert stage.listed(stage.set_id) == [(stage.items[0], None, "annotated")]
    stage.projects.say(stage.admin, stage.set_id, stage.items[0], "revision_request", message="again")
    assert stage.listed(stage.set_id) == [(stage.items[0], None, "revision_request")]
    assert messages(stage) == [(stage.admin.email, "revision_request", "again")]
    stage.projects.set_status(stage.ann, stage.project_id, stage.items[0], "annotated", stage.set_id)
    assert stage.said(stage.admin, "approved", annotator=stage.ann.email) == {stage.ann.email: "approved"}
    assert stage.state() is S.DONE


def test_what_is_said_of_the_whole_is_said_of_each(stage: Stage) -> None:
    stage.said(stage.ann, "opened")
    stage.said(stage.bob, "annotated")
    stage.projects.set_status(stage.admin, stage.project_id, stage.items[0], "closed")
    words = {annotator: word for _, annotator, word in stage.listed(stage.set_id)}
    assert words == {stage.ann.email: "closed", stage.bob.email: "closed"}
    stage.said(stage.ann, "opened")
    assert stage.state() is S.STARTED


def test_who_may_say_what(reviewed: Stage) -> None:
    stage = reviewed
    stage.said(stage.ann, "annotated")
    for word, more in (("approved", {}), ("revision_request", {"annotator": stage.ann.email})):
        with pytest.raises(Forbidden, match="only reviewers"):
            stage.said(stage.bob, word, **more)
    with pytest.raises(Forbidden, match="only reviewers"):
        stage.projects.set_status(stage.bob, stage.project_id, stage.items[0], "approved")
    with pytest.raises(Forbidden, match="speak for another"):
        stage.said(stage.bob, "closed", annotator=stage.ann.email)
    with pytest.raises(Forbidden, match="may only look"):
        stage.said(as_viewer(stage.ann), "opened")
    assert stage.said(stage.ann, "annotated", annotator=stage.ann.user_id) == {stage.ann.email: "annotated"}
    stage.projects.set_member(stage.admin, stage.project_id, stage.bob.email, roles=["PROJECT_REVIEWER"])
    assert stage.said(stage.bob, "approved", annotator=stage.ann.email) == {stage.ann.email: "approved"}


def test_bad_words_and_unknown_things_leave_nothing(stage: Stage, stranger: Actor) -> None:
    before = event_count(stage.database, stage.admin)
    item = stage.items[0]
    other = make_item(stage.database, stage.admin).id
    refused: tuple[tuple[type[Exception], Actor, str, str, str, dict[str, str]], ...] = (
        (Invalid, stage.admin, stage.set_id, item, "done", {}),
        (NotFound, stage.admin, new_id(), item, "opened", {}),
        (NotFound, stage.admin, stage.set_id, other, "opened", {}),
        (NotFound, stage.admin, stage.set_id, item, "opened", {"annotator": "nobody@first.example"}),
        (NotFound, stage.admin, stage.set_id, item, "opened", {"annotator": stranger.email}),
        (NotFound, stage.admin, stage.set_id, item, "opened", {"annotator": stranger.user_id}),
        (NotFound, stranger, stage.set_id, item, "opened", {}),
        (Invalid, stage.admin, stage.set_id, item, "opened", {"message": "a\0b"}),
    )
    for error, actor, set_id, item_id, word, more in refused:
        with pytest.raises(error):
            stage.projects.say(actor, set_id, item_id, word, **more)
    with pytest.raises(NotFound, match="Project"):
        list(stage.projects.review_messages(stranger, stage.project_id))
    with pytest.raises(Invalid, match="none of opened"):
        list(stage.projects.review_messages(stage.admin, stage.project_id, statuses=["x"]))
    stage.projects.archive(stage.admin, stage.project_id)
    with pytest.raises(Conflict, match="archived"):
        stage.said(stage.admin, "opened")
    assert event_count(stage.database, stage.admin) == before + 1
    assert row_count(stage.database, stage.admin, "annotator_status") == 0


# -- lists ------------------------------------------------------------------------------------------------------------


def test_statuses_are_found_by_person_item_and_word(
    database: Database, projects: Projects, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fiducial_server.services.annotator_statuses.AT_ONCE", 2)
    stage = make_stage(database, projects, actor, items=3)
    one, two, three = stage.items
    ann, bob = stage.ann.email, stage.bob.email
    stage.said(stage.ann, "opened")
    stage.said(stage.bob, "annotated")
    projects.say(stage.bob, stage.set_id, two, "opened")
    everything = [(one, ann, "opened"), (one, bob, "annotated"), (two, bob, "opened"), (three, None, None)]
    assert stage.listed(stage.set_id) == everything
    assert sorted(stage.listed(), key=str) == sorted([*everything, *((x, None, None) for x in stage.items)], key=str)
    assert stage.listed(stage.set_id, person=bob) == stage.listed(person=stage.bob.user_id) == everything[1:3]
    assert stage.listed(status="opened") == [everything[0], everything[2]]
    assert stage.listed(person=bob, status="opened") == [everything[2]]
    assert stage.listed(stage.set_id, item_id=one) == everything[:2]
    assert stage.listed(person="nobody@first.example") == stage.listed(status="approved") == []
    projects.set_status(actor, stage.project_id, three, "closed", stage.set_id)
    assert stage.listed(status="closed") == [(three, None, "closed")]
    with pytest.raises(Invalid, match="none of"):
        stage.listed(status="done")


def test_statuses_go_with_the_item(stage: Stage) -> None:
    stage.said(stage.ann, "closed")
    stage.projects.change_set_items(stage.admin, stage.set_id, remove=stage.items)
    assert row_count(stage.database, stage.admin, "annotator_status") == 0
    stage.projects.change_set_items(stage.admin, stage.set_id, add=stage.items)
    assert stage.listed(stage.set_id) == [(stage.items[0], None, None)]
    stage.said(stage.ann, "closed")
    stage.projects.remove_items(stage.admin, stage.project_id, stage.items)
    assert row_count(stage.database, stage.admin, "annotator_status") == 0


# -- who annotates ----------------------------------------------------------------------------------------------------


def test_annotators_come_change_and_go(stage: Stage, stranger: Actor) -> None:
    projects, set_id = stage.projects, stage.set_id
    made = projects.set_annotator(stage.admin, set_id, NewAnnotator(stage.ann.user_id, None, Expertise.TRAINED))
    assert (made.email, made.status, made.expertise_level) == (stage.ann.email, AnnotatorState.ACTIVE, "trained")
    before = event_count(stage.database, stage.admin)
    assert projects.set_annotator(stage.admin, set_id, NewAnnotator(stage.ann.email)) == made
    assert event_count(stage.database, stage.admin) == before
    changed = projects.set_annotator(stage.admin, set_id, NewAnnotator(stage.ann.email, FROZEN, requires_review=True))
    assert (changed.status, changed.expertise_level, changed.requires_review) == (FROZEN, "trained", True)
    assert projects.annotators(stage.admin, set_id) == [changed]
    assert projects.annotators_of_project(stage.admin, stage.project_id) == [changed]
    projects.remove_annotator(stage.admin, set_id, stage.ann.user_id)
    with pytest.raises(NotFound, match=r"Annotator .* not found"):
        projects.remove_annotator(stage.admin, set_id, stage.ann.user_id)
    for person in ("nobody@first.example", new_id(), stranger.email):
        with pytest.raises(NotFound, match=r"User .* not found"):
            projects.set_annotator(stage.admin, set_id, NewAnnotator(person))
    with pytest.raises(NotFound, match="Annotation set"):
        projects.set_annotator(stranger, set_id, NewAnnotator(stranger.email))
    with pytest.raises(Forbidden):
        projects.set_annotator(as_viewer(stage.admin), set_id, NewAnnotator(stage.ann.email))


def test_annotators_are_given_with_a_set(stage: Stage) -> None:
    projects = stage.projects
    ann, bob = NewAnnotator(stage.ann.email, expertise_level=Expertise.EXPERT), NewAnnotator(stage.bob.email)
    made = projects.create_annotation_set(
        stage.admin, project_id=stage.project_id, name="Given", annotators=[ann, bob], item_ids=stage.items
    )
    assert [one.email for one in projects.annotators(stage.admin, made.id)] == [stage.ann.email, stage.bob.email]
    projects.patch_annotation_set(stage.admin, made.id, {"annotators": [NewAnnotator(stage.bob.email, FROZEN)]})
    (left,) = projects.annotators(stage.admin, made.id)
    assert (left.email, left.status) == (stage.bob.email, FROZEN)
    projects.patch_annotation_set(stage.admin, made.id, {"name": "Renamed"})
    assert projects.annotators(stage.admin, made.id) == [left]
    with pytest.raises(Invalid, match="twice"):
        projects.patch_annotation_set(stage.admin, made.id, {"annotators": [ann, NewAnnotator(stage.ann.user_id)]})
    before = row_count(stage.database, stage.admin, "annotation_set")
    with pytest.raises(NotFound, match="User"):
        projects.create_annotation_set(
            stage.admin, project_id=stage.project_id, name="x", annotators=[NewAnnotator("nobody@first.example")]
        )
    assert row_count(stage.database, stage.admin, "annotation_set") == before


def test_who_is_asked_is_waited_for(stage: Stage) -> None:
    projects = stage.projects
    for person in (stage.ann, stage.bob):
        projects.set_annotator(stage.admin, stage.set_id, NewAnnotator(person.email))
    assert stage.state() is S.NEW
    stage.said(stage.ann, "annotated")
    assert stage.state() is S.STARTED
    projects.set_annotator(stage.admin, stage.set_id, NewAnnotator(stage.bob.email, FROZEN))
    assert stage.state() is S.DONE
    with pytest.raises(Forbidden, match="frozen"):
        stage.said(stage.bob, "opened")
    projects.set_annotator(stage.admin, stage.set_id, NewAnnotator(stage.bob.email, AnnotatorState.ACTIVE))
    assert stage.state() is S.DONE  # nothing is opened again because somebody is asked
    stage.said(stage.bob, "opened")
    assert stage.state() is S.STARTED
    projects.set_annotator(stage.admin, stage.set_id, NewAnnotator(stage.bob.email, FROZEN))
    assert stage.state() is S.DONE  # what he left does not hold the others up
    projects.remove_annotator(stage.admin, stage.set_id, stage.bob.email)
    assert stage.state() is S.DONE


def test_every_page_of_a_set_is_settled(
    database: Database, projects: Projects, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fiducial_server.services.settling._AT_ONCE", 2)
    stage = make_stage(database, projects, actor, items=5)
    projects.set_annotator(actor, stage.set_id, NewAnnotator(stage.bob.email))
    for item in stage.items:
        projects.say(stage.ann, stage.set_id, item, "closed")
    assert {stage.state(item) for item in stage.items} == {S.STARTED}
    projects.remove_annotator(actor, stage.set_id, stage.bob.email)
    assert {stage.state(item) for item in stage.items} == {S.DONE}


# -- resets -----------------------------------------------------------------------------------------------------------


def label(stage: Stage, labels: Labels, actor: Actor, **more: object) -> str:
    made = NewLabel(LabelKind.FLAG, "seen", annotation_set_id=stage.set_id, **more)  # type: ignore[arg-type]
    return labels.create(actor, stage.items[0], [made])[0]


def live(labels: Labels, stage: Stage) -> set[str]:
    rows = labels.rows_at(stage.admin, LabelFilter(project_id=stage.project_id), offset=0, limit=100)
    return {row.mark.id for row in rows}


def test_a_reset_takes_one_annotators_work_and_leaves_the_rest(stage: Stage, labels: Labels) -> None:
    mine, other = label(stage, labels, stage.ann), label(stage, labels, stage.bob)
    model = label(stage, labels, stage.ann, is_model=True)
    stage.said(stage.ann, "annotated")
    stage.said(stage.bob, "closed")
    stage.projects.reset_annotator_in_set(stage.admin, stage.set_id, stage.items[0], stage.ann.email)
    assert live(labels, stage) == {other, model}
    assert stage.listed(stage.set_id) == [(stage.items[0], stage.bob.email, "closed")]
    assert stage.state() is S.DONE
    revisions = labels.history(stage.admin, mine)
    assert [one.action.value for one in revisions] == ["create", "delete"]
    before = event_count(stage.database, stage.admin)
    stage.projects.reset_annotator_in_set(stage.admin, stage.set_id, stage.items[0], stage.ann.email)
    assert event_count(stage.database, stage.admin) == before
    labels.restore(stage.admin, [mine])
    assert live(labels, stage) == {mine, other, model}


def test_a_reset_of_the_only_one_begins_anew(stage: Stage, labels: Labels) -> None:
    label(stage, labels, stage.ann)
    stage.said(stage.ann, "closed")
    stage.projects.reset_annotator(stage.ann, stage.project_id, stage.items[0], stage.ann.email)
    assert stage.listed(stage.set_id) == [(stage.items[0], None, None)]
    (task,) = stage.projects.statuses(stage.admin, stage.project_id, annotation_set_id=stage.set_id)
    assert (task.state, task.label_hash, task.status_said) == (S.NEW, None, None)
    label(stage, labels, stage.bob)
    stage.said(stage.ann, "closed")
    stage.projects.reset_annotator(stage.admin, stage.project_id, stage.items[0], stage.ann.user_id)
    assert stage.state() is S.STARTED  # Bob's label is there


def test_a_reset_in_a_set_leaves_the_other_sets(stage: Stage, labels: Labels) -> None:
    main = stage.projects.get(stage.admin, stage.project_id).annotation_set_id
    kept = labels.create(stage.ann, stage.items[0], [NewLabel(LabelKind.FLAG, "main", project_id=stage.project_id)])
    stage.projects.say(stage.ann, main, stage.items[0], "closed")
    stage.said(stage.ann, "closed")
    stage.projects.reset_annotator_in_set(stage.ann, stage.set_id, stage.items[0], stage.ann.email)
    assert live(labels, stage) == set(kept)
    assert stage.listed(main) == [(stage.items[0], stage.ann.email, "closed")]
    stage.projects.reset_annotator(stage.ann, stage.project_id, stage.items[0], stage.ann.email)
    assert live(labels, stage) == set()
    assert stage.listed(main) == [(stage.items[0], None, None)]


def test_who_may_reset(stage: Stage, stranger: Actor) -> None:
    item = stage.items[0]
    stage.said(stage.ann, "closed")
    carl = add_person(stage.database, stage.admin, "carl", Role.VIEWER)
    refused = (
        (Forbidden, stage.bob, stage.project_id, item, stage.ann.email),
        (Forbidden, carl, stage.project_id, item, carl.email),
        (NotFound, stranger, stage.project_id, item, stage.ann.email),
        (NotFound, stage.admin, stage.project_id, new_id(), stage.ann.email),
        (NotFound, stage.admin, stage.project_id, item, "nobody@first.example"),
    )
    for error, actor, project_id, item_id, person in refused:
        with pytest.raises(error):
            stage.projects.reset_annotator(actor, project_id, item_id, person)
    assert stage.listed(stage.set_id) == [(item, stage.ann.email, "closed")]


def test_whether_somebody_needs_review_is_told_and_decides_nothing(reviewed: Stage) -> None:
    """A project says whether there is review; an annotator's word is for people."""
    stage = reviewed
    for person, needs in ((stage.ann, False), (stage.bob, True)):
        stage.projects.set_annotator(stage.admin, stage.set_id, NewAnnotator(person.email, requires_review=needs))
        assert stage.said(person, "annotated")[person.email] == "annotated"
    assert stage.state() is S.SUBMITTED
