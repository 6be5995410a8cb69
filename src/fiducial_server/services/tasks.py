"""Tasks: which data row is at which point of the work, in each annotation set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fiducial.errors import NotFound
from fiducial_server.db.annotator_statuses import annotator_statuses_of, update_annotator_status
from fiducial_server.db.events import add_events, event_row
from fiducial_server.db.projects import stages_of
from fiducial_server.db.scope import Scope
from fiducial_server.db.tasks import insert_missing_tasks, move_tasks, tasks_of, update_task
from fiducial_server.model.actor import Actor
from fiducial_server.model.dataset import DataRow
from fiducial_server.model.ids import new_id
from fiducial_server.model.progress import JUDGEMENTS, progressed, state_of
from fiducial_server.model.project import Project, StageKind, Task, TaskState
from fiducial_server.model.statistic import Place
from fiducial_server.model.workflow import StatusWord, move, stage_kind, status_word, work_status
from fiducial_server.services.change import Change
from fiducial_server.services.people import require_reviewer
from fiducial_server.services.project_part import ProjectPart, require_open_project, require_project, require_set

__all__ = ["Move", "StatusWord", "Tasks", "Workflow", "bump", "make_moves", "make_tasks", "start", "work_status"]

REVIEWS = frozenset({StageKind.REVIEW, StageKind.CONSENSUS_REVIEW})
SECOND_US = 1_000_000


class Workflow:
    """The stages of one project."""

    def __init__(self, scope: Scope, project: Project) -> None:
        self._stages = stages_of(scope, project.id)
        there = sum(1 for _, kind in self._stages if kind in REVIEWS)
        self.reviews = there if project.require_review else 0
        """How often work is judged before it is done."""

    def stage_of(self, state: TaskState) -> str:
        kind, place = stage_kind(state, self.reviews)
        kinds = REVIEWS if kind is StageKind.REVIEW else {kind}
        return [stage_id for stage_id, one in self._stages if one in kinds][place]


def make_tasks(change: Change, project: Project, set_id: str, rows: Sequence[DataRow]) -> None:
    """A new task for each row that has none in the set."""
    if not rows:
        return
    stage_id = Workflow(change.scope, project).stage_of(TaskState.NEW)
    insert_missing_tasks(
        change.scope,
        [
            Task(new_id(), project.id, set_id, row.id, row.item_id, stage_id, TaskState.NEW, change.at, change.at)
            for row in rows
        ],
    )


def next_edit(last: int | None, at: int) -> int:
    """A time of last edit that differs from the one before by a second at least: clients see whole seconds."""
    return at if last is None else max(at, last + SECOND_US)


def bump(change: Change, task: Task) -> None:
    """The task's labels changed: mark the time, and that work has begun."""
    changes: dict[str, int | str] = {
        "last_edited_at": next_edit(task.last_edited_at, change.at),
        "updated_at": change.at,
    }
    if task.state is TaskState.NEW:
        changes |= start(task)
    update_task(change.scope, task.id, changes)


def start(task: Task) -> dict[str, int | str]:
    """What changes when work on a new task begins; the stage stays."""
    return {"state": TaskState.STARTED.value, "label_hash": task.label_hash or new_id()}


class Tasks(ProjectPart):
    """The state of the work."""

    def set_status(
        self,
        actor: Actor,
        project_id: str,
        item_id: str,
        status: str,
        annotation_set_id: str | None = None,
        *,
        origin: str = "datamint",
    ) -> None:
        """Move the item's task in one set, or in all sets of the project when none is named.

        ``status`` is a :class:`StatusWord`. It is said of the work as a whole, so also of every annotator who has a
        status of that item. Saying again what is already so changes nothing. Forbidden: ``approved`` and
        ``revision_request`` are said by reviewers of the project.
        """
        actor.require_writer("change the state of the work")
        word = status_word(status)

        def work(change: Change) -> None:
            project = require_open_project(change.scope, project_id)
            if annotation_set_id is not None:
                require_set(change.scope, annotation_set_id)
            if word in JUDGEMENTS:
                require_reviewer(change.scope, actor, project_id, f"say {word}")
            found = require_tasks(change, project, item_id, annotation_set_id)
            workflow = Workflow(change.scope, project)
            for set_id in dict.fromkeys(task.annotation_set_id for task in found):
                _say_of_everyone(change, workflow, Place(project_id, set_id), item_id, word)
            make_moves(change, workflow, [Move(task, move(task.state, word, workflow.reviews), word) for task in found])

        self._change(actor, origin, work)

    def statuses(
        self,
        actor: Actor,
        project_id: str,
        *,
        annotation_set_id: str | None = None,
        item_id: str | None = None,
        status: str | None = None,
    ) -> list[Task]:
        """Tasks in order of the data rows; :func:`work_status` gives the word a task is shown by."""
        wanted = status_word(status) if status is not None else None
        with self._database.read(actor.organization_id) as scope:
            require_project(scope, project_id)
            found = tasks_of(scope, project_id, annotation_set_id=annotation_set_id, item_id=item_id)
        return found if wanted is None else [task for task in found if work_status(task) is wanted]


@dataclass(frozen=True, slots=True)
class Move:
    """A task, the state it is to have, and the word it is shown by."""

    task: Task
    state: TaskState
    word: StatusWord | None


def require_tasks(change: Change, project: Project, item_id: str, set_id: str | None) -> list[Task]:
    """The item's tasks in one set or in all sets of the project, held; NotFound when there is none."""
    found = tasks_of(change.scope, project.id, annotation_set_id=set_id, item_id=item_id, lock=True)
    if not found:
        where = f"annotation set {set_id}" if set_id else f"project {project.name!r}"
        raise NotFound(f"Resource {item_id} not found in {where}", item_id=item_id)
    return found


def make_moves(change: Change, workflow: Workflow, moves: Sequence[Move]) -> None:
    """Write the states that differ, and an event for each; whatever their number, in two statements."""
    real = [one for one in moves if (one.state, one.word) != (one.task.state, one.task.status_said)]
    if not real:
        return
    move_tasks(
        change.scope,
        [
            {
                "task_id": one.task.id,
                "new_state": one.state.value,
                "new_said": one.word and one.word.value,
                "new_stage": workflow.stage_of(one.state),
                "new_hash": None if one.state is TaskState.NEW else one.task.label_hash or new_id(),
            }
            for one in real
        ],
        change.at,
    )
    add_events(change.scope, [_event(change, one) for one in real])


def _event(change: Change, moved: Move) -> dict[str, object]:
    task = moved.task
    return event_row(
        actor=change.actor,
        action="task.status",
        subject_kind="task",
        subject_id=task.id,
        project_id=task.project_id,
        origin=change.origin,
        details={
            "said": moved.word and moved.word.value,
            "from": task.state.value,
            "to": moved.state.value,
            "item_id": task.item_id,
            "annotation_set_id": task.annotation_set_id,
        },
        at=change.at,
    )


def _say_of_everyone(change: Change, workflow: Workflow, place: Place, item_id: str, word: StatusWord) -> None:
    for row in annotator_statuses_of(change.scope, place, [item_id]):
        after = progressed(state_of(row.progress, workflow.reviews), word, workflow.reviews)
        if after is not row.progress:
            update_annotator_status(change.scope, row, after, at=change.at, by=change.actor.email)
