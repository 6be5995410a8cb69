"""How far each annotator is with each item of an annotation set, and what reviewers say of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fiducial.errors import Forbidden
from fiducial_server.db import annotator_statuses as rows
from fiducial_server.db.review_messages import insert_review_message
from fiducial_server.db.scope import Scope
from fiducial_server.db.set_annotators import annotators_of_set
from fiducial_server.db.tasks import task_page
from fiducial_server.model.actor import Actor
from fiducial_server.model.annotator import AnnotatorState, AnnotatorStatus, WorkStatus
from fiducial_server.model.ids import new_id
from fiducial_server.model.names import checked_text
from fiducial_server.model.progress import JUDGEMENTS, Progress, progressed, shown, state_of
from fiducial_server.model.project import AnnotationSet, Project, Task
from fiducial_server.model.review import ReviewMessage
from fiducial_server.model.statistic import Place
from fiducial_server.model.user import User
from fiducial_server.model.work_filter import WorkFilter
from fiducial_server.model.workflow import StatusWord, move, status_word, work_status
from fiducial_server.services.change import Change
from fiducial_server.services.people import email_of, require_person, require_reviewer
from fiducial_server.services.project_part import ProjectPart, require_open_project, require_project, require_set
from fiducial_server.services.settling import settle
from fiducial_server.services.tasks import Move, Workflow, make_moves, require_tasks

AT_ONCE = 1000
"""Tasks of one page."""


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of an item's work, where: one request. ``annotator`` None: nobody was named."""

    word: StatusWord
    of_set: AnnotationSet
    project: Project
    task: Task
    annotator: User | None
    message: str | None
    path: str | None

    @property
    def place(self) -> Place:
        return Place(self.project.id, self.of_set.id)


class AnnotatorStatuses(ProjectPart):
    """Statuses of annotators, and the tasks that follow them."""

    def say(
        self,
        actor: Actor,
        set_id: str,
        item_id: str,
        status: str,
        *,
        annotator: str | None = None,
        message: str | None = None,
        path: str | None = None,
        origin: str = "datamint",
    ) -> list[WorkStatus]:
        """Move one annotator's work on the item, and the task with it; the item's statuses in the set afterwards.

        ``annotator`` (user id or e-mail address) is who speaks when it is not said. ``approved`` and
        ``revision_request`` are said by reviewers, and where they name nobody, of everyone who works on the item. A
        ``message`` is kept as a review message, even where the status stays. Forbidden: for others or as a reviewer,
        without being one; or as an annotator whom the set has frozen. Conflict: the word cannot be said of that work.
        """
        actor.require_writer("change the state of the work")
        word = status_word(status)
        checked_path = None if path is None else checked_text(path, "path")
        checked_message = None if not (message or "").strip() else checked_text(message, "message")

        def work(change: Change) -> list[WorkStatus]:
            of_set = require_set(change.scope, set_id)
            project = require_open_project(change.scope, of_set.project_id)
            task = require_tasks(change, project, item_id, set_id)[0]
            named = None if annotator is None else require_person(change.scope, annotator)
            said = Said(word, of_set, project, task, named, checked_message, checked_path)
            _require_may_say(change, said)
            _speak(change, said)
            return [one for page in _pages(change.scope, said.place, WorkFilter(item_id)) for one in page]

        return self._change(actor, origin, work)

    def work_statuses(
        self, actor: Actor, place: Place, *, item_id: str | None = None, status: str | None = None, person: str = ""
    ) -> Iterator[Sequence[WorkStatus]]:
        """Statuses page by page: one for each annotator who has one, the task's own where nobody has.

        ``person`` (user id or e-mail address) narrows to one annotator. NotFound comes with the first page.
        """
        word = status_word(status) if status else None
        with self._database.read(actor.organization_id) as scope:
            require_project(scope, place.project_id)
            narrowing = WorkFilter(item_id, email_of(scope, person) if person else None, word)
        after: str | None = ""
        while after is not None:
            with self._database.read(actor.organization_id) as scope:
                page, after = _page(scope, place, narrowing, after)
            yield page


def _require_may_say(change: Change, said: Said) -> None:
    actor = change.actor
    if said.word in JUDGEMENTS:
        require_reviewer(change.scope, actor, said.project.id, f"say {said.word}")
    elif said.annotator is not None and said.annotator.id != actor.user_id:
        require_reviewer(change.scope, actor, said.project.id, "speak for another annotator")
    else:
        own = annotators_of_set(change.scope, said.of_set.id, actor.user_id)
        if own and own[0].status is AnnotatorState.FROZEN:
            raise Forbidden(f"{actor.email} is frozen in annotation set {said.of_set.name!r}")


def _speak(change: Change, said: Said) -> None:
    workflow = Workflow(change.scope, said.project)
    there = {one.annotator: one for one in rows.annotator_statuses_of(change.scope, said.place, [said.task.item_id])}
    if said.annotator is not None:
        about = [said.annotator.email]
    elif said.word in JUDGEMENTS:
        about = list(there)
    else:
        about = [change.actor.email]
    for annotator in about:
        _put(change, workflow, said, annotator, there.get(annotator))
    for annotator in about or [said.task.assignee or change.actor.email]:
        _keep_message(change, said, annotator)
    if about:
        settle(change, workflow, said.place, [said.task.item_id])
    else:
        moved = move(said.task.state, said.word, workflow.reviews)
        make_moves(change, workflow, [Move(said.task, moved, said.word)])


def _put(change: Change, workflow: Workflow, said: Said, annotator: str, row: AnnotatorStatus | None) -> None:
    """A reviewer judges work that was done without a status by where the task is."""
    state = said.task.state if row is None else state_of(row.progress, workflow.reviews)
    after = progressed(state, said.word, workflow.reviews)
    if row is not None and row.progress is after:
        return
    by, at = change.actor.email, change.at
    if row is not None:
        rows.update_annotator_status(change.scope, row, after, at=at, by=by)
    else:
        made = AnnotatorStatus(said.of_set.id, said.task.item_id, annotator, said.project.id, after, at, at, by)
        rows.insert_annotator_status(change.scope, made)
    _record(change, said, annotator, row, after)


def _record(change: Change, said: Said, annotator: str, row: AnnotatorStatus | None, after: Progress) -> None:
    details = {
        "said": said.word.value,
        "from": row and row.progress.value,
        "to": after.value,
        "annotator": annotator,
        "item_id": said.task.item_id,
        "annotation_set_id": said.of_set.id,
    }
    change.record("annotator.status", said.task.id, details, project_id=said.project.id)


def _keep_message(change: Change, said: Said, annotator: str) -> None:
    if said.message is None:
        return
    made = ReviewMessage(
        id=new_id(),
        project_id=said.project.id,
        annotation_set_id=said.of_set.id,
        item_id=said.task.item_id,
        annotator=annotator,
        status=said.word,
        message=said.message,
        created_at=change.at,
        created_by=change.actor.email,
        path=said.path,
    )
    insert_review_message(change.scope, made)
    details = {"annotator": annotator, "status": said.word.value, "item_id": said.task.item_id}
    change.record("review.message", made.id, details, project_id=said.project.id)


# -- lists ----------------------------------------------------------------------------------------------------------------


def _pages(scope: Scope, place: Place, narrowing: WorkFilter) -> Iterator[Sequence[WorkStatus]]:
    after: str | None = ""
    while after is not None:
        page, after = _page(scope, place, narrowing, after)
        yield page


def _page(scope: Scope, place: Place, narrowing: WorkFilter, after: str) -> tuple[list[WorkStatus], str | None]:
    """A page, and the last task's id when more may follow."""
    tasks = task_page(scope, place, narrowing, after=after, limit=AT_ONCE)
    statuses: dict[tuple[str, str], list[AnnotatorStatus]] = {}
    for row in rows.annotator_statuses_of(scope, place, list({task.item_id for task, _ in tasks})):
        statuses.setdefault((row.annotation_set_id, row.item_id), []).append(row)
    found = [
        one
        for task, user_id in tasks
        for one in _listed(task, user_id, statuses.get((task.annotation_set_id, task.item_id), []))
        if narrowing.wants(one)
    ]
    return found, tasks[-1][0].id if len(tasks) == AT_ONCE else None


def _listed(task: Task, user_id: str | None, statuses: Sequence[AnnotatorStatus]) -> Iterator[WorkStatus]:
    place = (task.id, task.project_id, task.annotation_set_id, task.item_id)
    for row in statuses:
        times = (row.created_at, row.updated_at)
        yield WorkStatus(*place, shown(row.progress), row.annotator, row.user_id, *times, of_task=False)
    if not statuses:
        times = (task.created_at, task.updated_at)
        yield WorkStatus(*place, work_status(task), task.assignee, user_id, *times, of_task=True)
