"""A validation study."""

from __future__ import annotations

from typing import Any

from fiducial_server.dialects.datamint.wire.moment import moment
from fiducial_server.model.study import ValidationStudy


def study(value: ValidationStudy) -> dict[str, Any]:
    return {
        "id": value.id,
        "name": value.name,
        "model_name": value.model_name,
        "model_version": value.model_version,
        "description": value.description,
        "project_id": value.project_id,
        "status": value.status.value,
        "resource_ids": list(value.item_ids),
        "reader_tasks": dict(value.reader_tasks),
        "readers": [
            {"email": reader.email, "firstname": reader.firstname, "lastname": reader.lastname}
            for reader in value.readers
        ],
        "created_at": moment(value.created_at),
        "created_by": value.created_by,
        "updated_at": moment(value.updated_at),
    }
