"""A channel: a name beside resources."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from fiducial.entities.base_entity import BaseEntity


class ChannelResourceData(BaseModel):
    """One resource of a channel."""

    model_config = ConfigDict(extra="allow")

    created_by: str
    customer_id: str
    resource_id: str
    resource_file_name: str
    resource_mimetype: str


class Channel(BaseEntity):
    """Resources that were uploaded under one channel name."""

    channel_name: str
    resource_data: list[ChannelResourceData]
    deleted: bool = False
    created_at: str | None = None
    updated_at: str | None = None

    def get_resource_ids(self) -> list[str]:
        return [resource.resource_id for resource in self.resource_data]
