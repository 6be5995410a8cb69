"""Labels that were made before their item was in any project belong to the first project it joins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fiducial_server.db.annotations import unsorted_labels
from fiducial_server.model.project import Project
from fiducial_server.services.change import Change
from fiducial_server.services.feature_book import FeatureBook
from fiducial_server.services.label_change import LabelChange


def adopt_unsorted(change: Change, project: Project, item_ids: Sequence[str]) -> None:
    """Move them to the project's main set. An archived project or a locked ontology takes none: they stay as they are."""
    if project.locked_ontology or project.archived_at is not None:
        return
    labels = unsorted_labels(change.scope, item_ids)
    book = FeatureBook(change.scope, project.ontology_id, change.at)
    moved = LabelChange(change)
    for label in labels:
        feature = book.for_label(label.kind, label.identifier, label.text_value)
        moved.save(
            label,
            replace(label, project_id=project.id, annotation_set_id=project.annotation_set_id, feature_id=feature.id),
        )
    moved.finish("annotation.adopt", None, {"project": project.name})
