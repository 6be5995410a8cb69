"""Items in datasets: added and taken away together with their tasks, in every project that shows the dataset."""

from __future__ import annotations

from collections.abc import Sequence

from fiducial.errors import NotFound
from fiducial_server.db import datasets as rows
from fiducial_server.db.projects import find_project
from fiducial_server.db.splits import end_splits
from fiducial_server.db.tasks import delete_tasks_of_rows
from fiducial_server.model.dataset import DataRow
from fiducial_server.model.ids import new_id
from fiducial_server.services.change import Change
from fiducial_server.services.label_adoption import adopt_unsorted
from fiducial_server.services.tasks import make_tasks


def add_to_dataset(change: Change, dataset_id: str, item_ids: Sequence[str]) -> list[DataRow]:
    """Links for the items that have none yet, with their tasks; NotFound names unknown items, and nothing is added."""
    wanted = list(dict.fromkeys(item_ids))
    require_items(change, wanted)
    rows.lock_dataset(change.scope, dataset_id)
    there = {row.item_id for row in rows.data_rows_of(change.scope, dataset_id, wanted)}
    start = rows.next_position(change.scope, dataset_id)
    fresh = [one for one in wanted if one not in there]
    added = [DataRow(new_id(), dataset_id, one, start + place) for place, one in enumerate(fresh)]
    if not added:
        return []
    rows.insert_data_rows(change.scope, added, at=change.at, by=change.actor.email)
    rows.touch_dataset(change.scope, dataset_id, change.at)
    for project_id in rows.projects_of_dataset(change.scope, dataset_id):
        project = find_project(change.scope, project_id, counts=False)
        if project is not None:
            make_tasks(change, project, project.annotation_set_id, added)
            adopt_unsorted(change, project, fresh)
    return added


def remove_from_dataset(change: Change, dataset_id: str, item_ids: Sequence[str]) -> list[DataRow]:
    """The links and their tasks go, and the items leave the splits of projects that have them no more; labels stay, and
    are there again when the item is added again.

    NotFound names the items that are not in the dataset, and nothing is removed.
    """
    wanted = list(dict.fromkeys(item_ids))
    rows.lock_dataset(change.scope, dataset_id)
    there = rows.data_rows_of(change.scope, dataset_id, wanted)
    missing = sorted(set(wanted) - {row.item_id for row in there})
    if missing:
        raise _not_found(missing)
    ids = [row.id for row in there]
    delete_tasks_of_rows(change.scope, ids)
    rows.delete_data_rows(change.scope, ids)
    if ids:
        rows.touch_dataset(change.scope, dataset_id, change.at)
        for project_id in rows.projects_of_dataset(change.scope, dataset_id):
            left = rows.project_data_rows(change.scope, project_id, wanted)
            gone = [one for one in wanted if one not in left]
            end_splits(change.scope, project_id, gone, at=change.at, by=change.actor.email)
    return there


def require_items(change: Change, item_ids: Sequence[str]) -> None:
    """NotFound, naming them, when some of the items are unknown or deleted."""
    missing = rows.missing_items(change.scope, item_ids)
    if missing:
        raise _not_found(missing)


def _not_found(missing: Sequence[str]) -> NotFound:
    shown = ", ".join(str(one) for one in missing[:10]) + (" ..." if len(missing) > 10 else "")
    return NotFound(f"Resource not found: {shown}", missing=list(missing))
