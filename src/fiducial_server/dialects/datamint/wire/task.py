"""The work status of a resource."""

from __future__ import annotations

from typing import Any

from fiducial_server.dialects.datamint.wire.moment import moment
from fiducial_server.model.project import Task
from fiducial_server.services.tasks import work_status


def task(value: Task) -> dict[str, Any]:
    """``status`` is null while nothing was done."""
    return {
        "id": value.id,
        "project_id": value.project_id,
        "annotation_worklist_id": value.annotation_set_id,
        "resource_id": value.item_id,
        "status": work_status(value),
        "user_id": value.assignee,
        "created_at": moment(value.created_at),
        "updated_at": moment(value.updated_at),
    }
