"""An annotator begins an item anew: what they said of it and the labels they made on it go."""

from __future__ import annotations

from dataclasses import replace

from fiducial.errors import NotFound
from fiducial_server.db.annotations import labels_of_item
from fiducial_server.db.annotator_statuses import annotator_statuses_of, delete_annotator_statuses
from fiducial_server.model.actor import Actor
from fiducial_server.model.project import Project, Task, TaskState
from fiducial_server.model.revision import RevisionAction
from fiducial_server.model.statistic import Place
from fiducial_server.services.change import Change
from fiducial_server.services.label_change import LabelChange
from fiducial_server.services.people import email_of, find_person, require_reviewer
from fiducial_server.services.project_part import ProjectPart, require_open_project, require_set
from fiducial_server.services.settling import settle
from fiducial_server.services.tasks import Move, Workflow, make_moves, require_tasks


class StatusResets(ProjectPart):
    """Resets of one annotator's work on one item."""

    def reset_annotator(
        self, actor: Actor, project_id: str, item_id: str, person: str, *, origin: str = "datamint"
    ) -> None:
        """In every set of the project; see :meth:`reset_annotator_in_set`."""
        actor.require_writer("reset the work of annotators")
        self._change(actor, origin, lambda change: _reset(change, Place(project_id), item_id, person))

    def reset_annotator_in_set(
        self, actor: Actor, set_id: str, item_id: str, person: str, *, origin: str = "datamint"
    ) -> None:
        """The annotator's status goes, and their labels on the item are deleted, softly and with history. The task goes
        back to where the others are, or to its beginning.

        Labels that models made stay, whoever sent them. Doing it twice changes nothing. Forbidden: the work of others,
        unless the actor is a reviewer. NotFound: the item is not in the set, or nobody of that name was ever here.
        """
        actor.require_writer("reset the work of annotators")

        def work(change: Change) -> None:
            of_set = require_set(change.scope, set_id)
            _reset(change, Place(of_set.project_id, set_id), item_id, person)

        self._change(actor, origin, work)


def _reset(change: Change, place: Place, item_id: str, person: str) -> None:
    project = require_open_project(change.scope, place.project_id)
    tasks = require_tasks(change, project, item_id, place.annotation_set_id)
    email = email_of(change.scope, person)
    if email != change.actor.email:
        require_reviewer(change.scope, change.actor, project.id, "reset the work of another annotator")
    statuses = [one for one in annotator_statuses_of(change.scope, place, [item_id]) if one.annotator == email]
    deleted = _delete_labels(change, place, item_id, email)
    if not statuses and not deleted:
        if find_person(change.scope, person) is None:
            raise NotFound(f"User {person[:255]!r} not found", person=person[:255])
        return
    delete_annotator_statuses(change.scope, place, [item_id], email)
    for task in tasks:
        _go_back(change, project, task)
    details = {
        "annotator": email,
        "item_id": item_id,
        "annotation_set_id": place.annotation_set_id,
        "statuses": {one.annotation_set_id: one.progress.value for one in statuses},
        "labels": deleted,
    }
    change.record("annotator.reset", item_id, details, project_id=project.id)


def _delete_labels(change: Change, place: Place, item_id: str, email: str) -> int:
    """How many were deleted."""
    found = [
        one
        for one in labels_of_item(change.scope, item_id, created_by=email, lock=True)
        if one.project_id == place.project_id
        and place.annotation_set_id in (None, one.annotation_set_id)
        and not one.is_model
    ]
    labels = LabelChange(change)
    gone = [(one, replace(one, deleted_at=change.at, deleted_by=change.actor.email)) for one in found]
    labels.save_all(gone, RevisionAction.DELETE)
    labels.finish("annotation.delete", None, {"item_id": item_id, "reset": email})
    return len(gone)


def _go_back(change: Change, project: Project, task: Task) -> None:
    """To where the other annotators are; without any, to started while labels are left, and else to its beginning."""
    workflow = Workflow(change.scope, project)
    place = Place(project.id, task.annotation_set_id)
    if annotator_statuses_of(change.scope, place, [task.item_id]):
        settle(change, workflow, place, [task.item_id])
        return
    left = any(one.annotation_set_id == task.annotation_set_id for one in labels_of_item(change.scope, task.item_id))
    make_moves(change, workflow, [Move(task, TaskState.STARTED if left else TaskState.NEW, None)])
