"""A task is where the least advanced of its annotators is."""

from __future__ import annotations

from collections.abc import Sequence

from fiducial_server.db.annotator_statuses import annotator_statuses_of, items_with_statuses
from fiducial_server.db.set_annotators import annotators_of_set
from fiducial_server.db.tasks import tasks_of_set
from fiducial_server.model.annotator import AnnotatorState, AnnotatorStatus
from fiducial_server.model.progress import least_advanced
from fiducial_server.model.project import AnnotationSet, Task
from fiducial_server.model.statistic import Place
from fiducial_server.model.workflow import RANK
from fiducial_server.services.change import Change
from fiducial_server.services.tasks import Move, Workflow, make_moves

_AT_ONCE = 1000


def settle(change: Change, workflow: Workflow, place: Place, item_ids: Sequence[str]) -> None:
    """Bring the items' tasks in one set to where their annotators are.

    Active annotators of the set who have not begun are waited for, frozen ones are not, nor does what they left count
    as long as somebody else works on the item. A task that nobody has a status of stays where it is.
    """
    make_moves(change, workflow, _moves(change, workflow, place, item_ids))


def settle_set(change: Change, workflow: Workflow, of_set: AnnotationSet) -> None:
    """The same for all items of the set, a page at a time, because somebody is waited for no longer.

    Tasks only go on by this: who annotates in a set may change without what was finished being opened again.
    """
    place, after = Place(of_set.project_id, of_set.id), ""
    while page := items_with_statuses(change.scope, of_set.id, after=after, limit=_AT_ONCE):
        moves = _moves(change, workflow, place, page)
        make_moves(change, workflow, [one for one in moves if RANK[one.state] > RANK[one.task.state]])
        after = page[-1]


def _moves(change: Change, workflow: Workflow, place: Place, item_ids: Sequence[str]) -> list[Move]:
    assert place.annotation_set_id is not None
    people = annotators_of_set(change.scope, place.annotation_set_id)
    active = {one.email for one in people if one.status is AnnotatorState.ACTIVE}
    frozen = {one.email for one in people if one.status is AnnotatorState.FROZEN}
    statuses: dict[str, list[AnnotatorStatus]] = {}
    for row in annotator_statuses_of(change.scope, place, item_ids):
        statuses.setdefault(row.item_id, []).append(row)
    tasks = tasks_of_set(change.scope, place.annotation_set_id, list(statuses), lock=True)
    return [_settled(task, statuses[task.item_id], active, frozen, workflow.reviews) for task in tasks]


def _settled(task: Task, statuses: Sequence[AnnotatorStatus], active: set[str], frozen: set[str], reviews: int) -> Move:
    counted = [one.progress for one in statuses if one.annotator not in frozen]
    waiting = bool(active - {one.annotator for one in statuses})
    return Move(task, *least_advanced(counted or [one.progress for one in statuses], waiting=waiting, reviews=reviews))
