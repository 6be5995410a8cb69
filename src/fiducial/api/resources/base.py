"""What the calls around resources have in common."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import httpx
from pydantic import TypeAdapter

from fiducial.api.base_api import ApiConfig
from fiducial.api.entity_base_api import CreatableEntityApi, DeletableEntityApi
from fiducial.entities.resource import Resource
from fiducial.entities.resources import AnyResource

if TYPE_CHECKING:
    from fiducial.api.client import Api

OneOrMore = str | Resource | Sequence[str | Resource]


class ResourceCalls(CreatableEntityApi[Resource], DeletableEntityApi[Resource]):
    """The calls that the groups of :class:`~fiducial.api.endpoints.ResourcesApi` stand on."""

    def __init__(self, config: ApiConfig, client: httpx.Client | None = None, root: Api | None = None) -> None:
        super().__init__(config, Resource, "resources", client, root)

    @cached_property
    def _adapter(self) -> TypeAdapter[Resource]:
        return TypeAdapter(AnyResource)

    @cached_property
    def _list_adapter(self) -> TypeAdapter[list[Resource]]:
        return TypeAdapter(list[AnyResource])


def distinct(ids: Any) -> list[str]:
    """Each once, in the order of its first place."""
    return list(dict.fromkeys(ids))


def listed(resources: OneOrMore) -> Sequence[str | Resource]:
    """Several, where one or several are taken."""
    return [resources] if isinstance(resources, (str, Resource)) else resources
