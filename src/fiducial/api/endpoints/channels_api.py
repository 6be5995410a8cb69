"""Channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from fiducial.api.base_api import ApiConfig
from fiducial.api.entity_base_api import EntityBaseApi
from fiducial.entities.channel import Channel
from fiducial.exceptions import ItemNotFoundError

if TYPE_CHECKING:
    from fiducial.api.client import Api


class ChannelsApi(EntityBaseApi[Channel]):
    """Calls around channels; their id is their name."""

    def __init__(self, config: ApiConfig, client: httpx.Client | None = None, root: Api | None = None) -> None:
        super().__init__(config, Channel, "resources/channels", client, root)

    def get_by_name(self, name: str) -> Channel:
        """The channel of that name; ItemNotFoundError when no resource came through it."""
        for channel in self.get_list():
            if channel.channel_name == name:
                return channel
        raise ItemNotFoundError(f"there is no channel named {name!r}: not found", name=name)

    def get_by_id(self, entity_id: str) -> Channel:
        """The same as :meth:`get_by_name`."""
        return self.get_by_name(entity_id)
