"""Which split a resource is in, or was in."""

from __future__ import annotations

from typing import Any

from fiducial_server.dialects.datamint.wire.moment import moment
from fiducial_server.model.split import Split


def split(value: Split) -> dict[str, Any]:
    """``deleted_at`` is when the resource went to another split."""
    return {
        "id": value.id,
        "split_name": value.split_name,
        "project_id": value.project_id,
        "resource_id": value.item_id,
        "created_at": moment(value.created_at),
        "created_by": value.created_by,
        "deleted_at": moment(value.ended_at),
        "deleted_by": value.ended_by,
    }
