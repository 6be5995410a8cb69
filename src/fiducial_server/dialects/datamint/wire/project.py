"""Projects, their members and statuses as this dialect shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fiducial_server.dialects.datamint.wire.moment import moment
from fiducial_server.model.project import Project

STORED_SETTINGS = ("is_active_learning", "two_up_display", "pinned_metrics")
"""Keys that are kept with the project for this dialect and given back as they came."""


def project(value: Project, customer_id: str, annotators: Sequence[Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """The union of what all published clients need. Lists leave ``annotators`` out; clients then ask for the one."""
    settings = value.settings
    shown: dict[str, Any] = {
        "id": value.id,
        "name": value.name,
        "description": value.description,
        "created_at": moment(value.created_at),
        "created_by": value.created_by,
        "updated_at": moment(value.updated_at),
        "customer_id": customer_id,
        "dataset_id": value.dataset_id,
        "worklist_id": value.annotation_set_id,
        "archived": value.archived_at is not None,
        "archived_on": moment(value.archived_at),
        "archived_by": value.archived_by,
        "resource_count": value.item_count,
        "annotated_resource_count": value.submitted_count,
        "closed_resources_count": value.done_count,
        "resources_to_annotate_count": value.item_count - value.submitted_count,
        "is_active_learning": bool(settings.get("is_active_learning", False)),
        "two_up_display": bool(settings.get("two_up_display", False)),
        "require_review": value.require_review,
        "viewable_ai_segs": settings.get("viewable_ai_segs"),
        "editable_ai_segs": settings.get("editable_ai_segs"),
        "registered_model": None,
        "ai_model_id": None,
        "most_recent_experiment": value.newest_experiment_id,
        "pinned_metrics": settings.get("pinned_metrics"),
    }
    if annotators is not None:
        shown["annotators"] = list(annotators)
    return shown
