"""A dataset: an ordered set of links to resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import PrivateAttr

from fiducial.entities.base_entity import BaseEntity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fiducial.entities.resource import Resource


class DatasetInfo(BaseEntity):
    """What a project's resources are listed in."""

    id: str
    name: str
    created_at: str
    created_by: str
    description: str
    customer_id: str
    updated_at: str | None
    total_resource: int
    resource_ids: list[str]

    _resources: list[Resource] | None = PrivateAttr(default=None)

    def get_resources(self) -> Sequence[Resource]:
        """The resources; asked for once, then remembered until :meth:`invalidate_cache`."""
        if self._resources is None:
            from fiducial.api.entity_base_api import in_parallel

            self._resources = in_parallel(self._root.resources.get_by_id, self.resource_ids)
        return self._resources

    def invalidate_cache(self) -> None:
        """Forget what was fetched, so that the next access asks the server."""
        self._resources = None
