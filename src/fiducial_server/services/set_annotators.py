"""Who labels in an annotation set."""

from __future__ import annotations

from collections.abc import Sequence

from fiducial.errors import Invalid, NotFound
from fiducial_server.db import set_annotators as rows
from fiducial_server.model.actor import Actor
from fiducial_server.model.annotator import AnnotatorState, NewAnnotator, SetAnnotator
from fiducial_server.model.project import AnnotationSet, Project
from fiducial_server.services.change import Change
from fiducial_server.services.people import require_person
from fiducial_server.services.project_part import ProjectPart, require_open_project, require_project, require_set
from fiducial_server.services.settling import settle_set
from fiducial_server.services.tasks import Workflow

_DOING = "change who annotates"


class SetAnnotators(ProjectPart):
    """Annotators of annotation sets. Whoever else labels in a set is not kept from it: this is who is asked to."""

    def annotators(self, actor: Actor, set_id: str) -> list[SetAnnotator]:
        """In the order in which they came."""
        with self._database.read(actor.organization_id) as scope:
            require_set(scope, set_id)
            return rows.annotators_of_set(scope, set_id)

    def annotators_of_project(self, actor: Actor, project_id: str) -> list[SetAnnotator]:
        """Of all its sets."""
        with self._database.read(actor.organization_id) as scope:
            require_project(scope, project_id)
            return rows.annotators_of_project(scope, project_id)

    def set_annotator(
        self, actor: Actor, set_id: str, given: NewAnnotator, *, origin: str = "datamint"
    ) -> SetAnnotator:
        """Make the user an annotator of the set, or change how they are one. Saying the same again changes nothing."""
        actor.require_writer(_DOING)

        def work(change: Change) -> SetAnnotator:
            of_set = require_set(change.scope, set_id, lock=True)
            project = require_open_project(change.scope, of_set.project_id)
            user_id, changed = _put(change, of_set, given)
            if changed and given.status is AnnotatorState.FROZEN:
                settle_set(change, Workflow(change.scope, project), of_set)
            return rows.annotators_of_set(change.scope, set_id, user_id)[0]

        return self._change(actor, origin, work)

    def remove_annotator(self, actor: Actor, set_id: str, person: str, *, origin: str = "datamint") -> None:
        """No longer an annotator of the set: nobody waits for them. What they did stays; NotFound when they are none."""
        actor.require_writer(_DOING)

        def work(change: Change) -> None:
            of_set = require_set(change.scope, set_id, lock=True)
            project = require_open_project(change.scope, of_set.project_id)
            user = require_person(change.scope, person)
            found = rows.annotators_of_set(change.scope, set_id, user.id)
            if not found:
                raise NotFound(f"Annotator {user.email} not found in annotation set {of_set.name!r}", person=person)
            _remove(change, of_set, found[0])
            settle_set(change, Workflow(change.scope, project), of_set)

        self._change(actor, origin, work)


def put_annotators(change: Change, project: Project, of_set: AnnotationSet, given: Sequence[NewAnnotator]) -> None:
    """These are the annotators of the set, and nobody else. NotFound: no such user."""
    there = {one.user_id: one for one in rows.annotators_of_set(change.scope, of_set.id)}
    kept = [_put(change, of_set, one)[0] for one in given]
    if len(set(kept)) != len(kept):
        raise Invalid("annotators names one user twice", field="annotators")
    gone = [one for user_id, one in there.items() if user_id not in kept]
    for one in gone:
        _remove(change, of_set, one)
    if gone or any(one.status is AnnotatorState.FROZEN for one in given):
        settle_set(change, Workflow(change.scope, project), of_set)


def _put(change: Change, of_set: AnnotationSet, given: NewAnnotator) -> tuple[str, bool]:
    """(user id, whether anything was written)."""
    user = require_person(change.scope, given.person)
    there = next(iter(rows.annotators_of_set(change.scope, of_set.id, user.id)), None)
    said: dict[str, str | bool | None] = {
        "status": given.status and given.status.value,
        "expertise_level": given.expertise_level and given.expertise_level.value,
        "requires_review": given.requires_review,
    }
    values: dict[str, str | bool | None] = {name: value for name, value in said.items() if value is not None}
    if there is not None:
        values = {name: value for name, value in values.items() if getattr(there, name) != value}
        if not values:
            return user.id, False
        rows.update_set_annotator(change.scope, of_set.id, user.id, {**values, "updated_at": change.at})
    else:
        values = {**said, "status": values.get("status", AnnotatorState.ACTIVE.value)}
        made = {"created_at": change.at, "created_by": change.actor.email, "updated_at": change.at}
        rows.insert_set_annotator(change.scope, {"annotation_set_id": of_set.id, "user_id": user.id, **values, **made})
    details = {"annotator": user.email, **values}
    change.record("annotation_set.annotator", of_set.id, details, project_id=of_set.project_id)
    return user.id, True


def _remove(change: Change, of_set: AnnotationSet, gone: SetAnnotator) -> None:
    rows.delete_set_annotator(change.scope, of_set.id, gone.user_id)
    details = {"annotator": gone.email}
    change.record("annotation_set.remove_annotator", of_set.id, details, project_id=of_set.project_id)
