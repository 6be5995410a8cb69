"""A review message."""

from __future__ import annotations

from typing import Any

from fiducial_server.dialects.datamint.wire.moment import moment
from fiducial_server.model.review import ReviewMessage


def review_message(value: ReviewMessage) -> dict[str, Any]:
    """``annotator`` is whose work it is about."""
    return {
        "id": value.id,
        "project_id": value.project_id,
        "annotation_worklist_id": value.annotation_set_id,
        "resource_id": value.item_id,
        "annotator": value.annotator,
        "status": value.status.value,
        "message": value.message,
        "path": value.path,
        "created_at": moment(value.created_at),
        "created_by": value.created_by,
    }
