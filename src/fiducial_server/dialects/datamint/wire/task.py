"""The work status of a resource."""

from __future__ import annotations

import uuid
from typing import Any

from fiducial_server.dialects.datamint.wire.moment import moment
from fiducial_server.model.annotator import WorkStatus


def work_status(value: WorkStatus) -> dict[str, Any]:
    """``status`` is null while nothing was done. ``id`` stays the same as long as the resource is in the set."""
    return {
        "id": value.task_id if value.of_task else str(uuid.uuid5(uuid.UUID(value.task_id), value.annotator or "")),
        "project_id": value.project_id,
        "annotation_worklist_id": value.annotation_set_id,
        "resource_id": value.item_id,
        "status": value.word,
        "user_id": value.user_id,
        "annotator": value.annotator,
        "created_at": moment(value.created_at),
        "updated_at": moment(value.updated_at),
    }
