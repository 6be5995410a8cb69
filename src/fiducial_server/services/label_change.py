"""What one request does to labels: rows, revisions, tasks and one event, together or not at all.

Labels of an archived project are as they are: whatever would make, change, delete or bring back one is a Conflict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fiducial_server.db.annotations import insert_labels, save_labels, snapshot
from fiducial_server.db.datasets import data_rows_of, datasets_of_project
from fiducial_server.db.projects import find_project
from fiducial_server.db.revisions import insert_revisions
from fiducial_server.db.tasks import tasks_of_set
from fiducial_server.model.label import Label
from fiducial_server.model.revision import Revision, RevisionAction
from fiducial_server.services.change import Change
from fiducial_server.services.project_part import require_open_project
from fiducial_server.services.tasks import bump, make_tasks

_Entry = tuple[RevisionAction, Label | None, Label]
_Touched = tuple[str, str, str]
"""(project, annotation set, item)"""


@dataclass(slots=True)
class LabelChange:
    """Collects what is written, and ends with :meth:`finish`. A change that writes nothing leaves no trace."""

    change: Change
    _entries: list[_Entry] = field(default_factory=list)
    _open: set[str] = field(default_factory=set)
    """Projects that were looked at and are not archived."""

    def create(self, labels: Sequence[Label]) -> None:
        self._require_open(labels)
        insert_labels(self.change.scope, labels)
        self._entries += [(RevisionAction.CREATE, None, label) for label in labels]

    def save(self, before: Label, after: Label, action: RevisionAction = RevisionAction.UPDATE) -> Label:
        """Write ``after`` in the place of ``before``, with a new revision; nothing when they are equal."""
        return self.save_all([(before, after)], action)[0]

    def save_all(
        self, pairs: Sequence[tuple[Label, Label]], action: RevisionAction = RevisionAction.UPDATE
    ) -> list[Label]:
        """The same for many labels at once; each as it is now."""
        by, at = self.change.actor.email, self.change.at
        kept = [
            before if after == before else replace(after, updated_at=at, updated_by=by, revision=before.revision + 1)
            for before, after in pairs
        ]
        changed = [(before, now) for (before, _), now in zip(pairs, kept, strict=True) if now is not before]
        self._require_open([label for pair in changed for label in pair])
        save_labels(self.change.scope, changed)
        self._entries += [(action, before, now) for before, now in changed]
        return kept

    def _require_open(self, labels: Sequence[Label]) -> None:
        for project_id in sorted({label.project_id for label in labels if label.project_id} - self._open):
            require_open_project(self.change.scope, project_id)
            self._open.add(project_id)

    def finish(self, action: str, subject_id: str | None, details: Mapping[str, Any]) -> None:
        """Write the event and the revisions, and mark the tasks. ``action`` is the event's, ``annotation.verb``."""
        if not self._entries:
            return
        change, touched = self.change, self._touched()
        projects = {project_id for project_id, _, _ in touched}
        told = {**details, "labels": len(self._entries)}
        event_id = change.record(action, subject_id, told, project_id=projects.pop() if len(projects) == 1 else None)
        insert_revisions(change.scope, [self._revision(entry, event_id) for entry in self._entries])
        for project_id, set_id, item_id in touched:
            self._touch(project_id, set_id, item_id)

    def _revision(self, entry: _Entry, event_id: str) -> Revision:
        action, before, after = entry
        return Revision(
            annotation_id=after.id,
            number=after.revision,
            at=self.change.at,
            by=self.change.actor.email,
            action=action,
            origin=self.change.origin,
            event_id=event_id,
            before=None if before is None else snapshot(before),
            after=snapshot(after),
        )

    def _touched(self) -> list[_Touched]:
        found: dict[_Touched, None] = {}
        for _, before, after in self._entries:
            for label in (before, after):
                if label is not None and label.project_id and label.annotation_set_id:
                    found[(label.project_id, label.annotation_set_id, label.item_id)] = None
        return sorted(found)

    def _touch(self, project_id: str, set_id: str, item_id: str) -> None:
        """Mark the tasks of the item in the set; one is made when a label comes to a set that did not have the item."""
        scope = self.change.scope
        tasks = tasks_of_set(scope, set_id, [item_id], lock=True)
        if not tasks:
            project = find_project(scope, project_id, counts=False)
            links = [
                row for one in datasets_of_project(scope, project_id) for row in data_rows_of(scope, one, [item_id])
            ]
            if project is not None:
                make_tasks(self.change, project, set_id, links[:1])
            tasks = tasks_of_set(scope, set_id, [item_id], lock=True)
        for task in tasks:
            bump(self.change, task)
