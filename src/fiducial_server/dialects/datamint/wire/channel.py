"""A channel with what came through it."""

from __future__ import annotations

from typing import Any

from fiducial_server.dialects.datamint.wire.moment import moment
from fiducial_server.services.items import ChannelView


def channel(view: ChannelView, customer_id: str) -> dict[str, Any]:
    """``resource_count`` is a text, as old clients know it."""
    return {
        "channel_name": view.name,
        "resource_count": str(len(view.items)),
        "deleted": False,
        "created_at": moment(view.created_at),
        "updated_at": moment(view.updated_at),
        "resource_data": [
            {
                "created_by": item.created_by,
                "customer_id": customer_id,
                "resource_id": item.id,
                "resource_file_name": item.name,
                "resource_mimetype": item.mimetype,
            }
            for item in view.items
        ],
    }
