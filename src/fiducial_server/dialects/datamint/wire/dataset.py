"""A dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fiducial_server.dialects.datamint.wire.moment import moment
from fiducial_server.model.dataset import Dataset


def dataset(value: Dataset, item_ids: Sequence[str], customer_id: str) -> dict[str, Any]:
    """``description`` is never null here."""
    return {
        "id": value.id,
        "name": value.name,
        "description": value.description or "",
        "customer_id": customer_id,
        "created_at": moment(value.created_at),
        "created_by": value.created_by,
        "updated_at": moment(value.updated_at),
        "total_resource": len(item_ids),
        "resource_ids": list(item_ids),
    }
