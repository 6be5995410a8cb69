# ruff: noqa: PLR0917 - documented signatures have many positional parameters
"""Resources: found, published, deleted, tagged; and the channels they came through."""

from __future__ import annotations

import json
import warnings
from collections.abc import Generator, Iterator, Sequence
from datetime import date
from typing import Any

from fiducial.api.entity_base_api import in_parallel, without_none
from fiducial.apihandler.base_api_handler import (
    BaseAPIHandler,
    ResourceFields,
    ResourceStatus,
    listed,
    not_found,
    require_id,
)

_OWN_WORDS: dict[str, dict[str, str]] = {
    "new": {"status": "inbox"},
    "archived": {"status": "", "deleted": "only"},
}
"""Statuses of the older vocabulary as this server asks for them."""


def tags_of(tags: Sequence[str] | None, labels: Sequence[str] | None, stacklevel: int = 3) -> list[str] | None:
    """``labels`` is the deprecated name of ``tags``; what is in both is there once."""
    if labels is not None:
        warnings.warn("labels is deprecated: use tags", DeprecationWarning, stacklevel=stacklevel)
    given = [*(listed(tags) if tags is not None else ()), *(listed(labels) if labels is not None else ())]
    return list(dict.fromkeys(given)) if given else None


class ResourceCalls(BaseAPIHandler):
    """Calls around resources that are there."""

    def get_resources(
        self,
        status: ResourceStatus | None = None,
        from_date: date | None = None,
        to_date: date | None = None,
        labels: Sequence[str] | None = None,
        tags: list[str] | None = None,
        modality: str | None = None,
        mimetype: str | None = None,
        return_ids_only: bool = False,
        order_field: ResourceFields | None = None,
        order_ascending: bool | None = None,
        channel: str | None = None,
        project_id: str | None = None,
        project_name: str | None = None,
        filename: str | None = None,
    ) -> Generator[dict[str, Any], None, None]:
        """Resources that fulfil everything that is given, page by page.

        ``from_date`` is in, ``to_date`` is not; ``tags``: any of them; ``project_id`` and ``project_name`` together mean
        resources that are in both. ``labels`` is the deprecated name of ``tags``. With ``return_ids_only`` the generator
        gives ids (str) instead of rows.
        """
        wanted = tags_of(tags, labels)
        params = {
            "status": status or "",
            "from": from_date and from_date.isoformat(),
            "to": to_date and to_date.isoformat(),
            "tags": wanted and json.dumps({"items": wanted, "filterType": "union"}),
            "modality": modality,
            "mimetype": mimetype,
            "order_field": order_field,
            "order_by_asc": None if order_ascending is None else str(order_ascending).lower(),
            "channel_name": channel,
            "project_id": project_id,
            "project": project_name and json.dumps({"items": listed(project_name), "filterType": "intersection"}),
            "filename": filename,
            **_OWN_WORDS.get(status or "", {}),
        }
        projects = without_none({"project_id": project_id, "project_name": project_name})
        return self._resources(params, projects, return_ids_only)

    def _resources(
        self, params: dict[str, Any], projects: dict[str, Any], ids_only: bool
    ) -> Generator[Any, None, None]:
        with not_found("project", **projects):
            for row in self._rows("/resources", "resources", params):
                yield row["id"] if ids_only else row

    def get_resources_by_ids(self, ids: str | Sequence[str]) -> dict[str, Any] | Sequence[dict[str, Any]]:
        """One id gives one resource, several give a list in their order; ResourceNotFoundError names the one missing."""
        if isinstance(ids, str):
            return self._resource(ids)
        return in_parallel(self._resource, ids)

    def _resource(self, resource_id: str) -> dict[str, Any]:
        require_id("resource", resource_id=resource_id)
        with not_found("resource", resource_id=resource_id):
            found: dict[str, Any] = self._json("GET", f"/resources/{resource_id}")
        return found

    def publish_resources(self, resource_ids: str | Sequence[str], project_name: str | None = None) -> None:
        """Publish resources, all or none; those that are published stay so.

        ``project_name``: also put them into this project (its name or id), which is looked up before anything is changed.
        """
        ids = [require_id("resource", resource_id=one) for one in listed(resource_ids)]
        project = None if project_name is None else self._project(project_name)
        with not_found("resource", resource_ids=ids):
            self.api.resources.bulk_publish(ids)
            if project is not None:
                self.api.projects.add_resources(ids, project["id"])

    def delete_resources(self, resource_ids: Sequence[str] | str) -> None:
        """Delete resources. An unknown id is told, and nothing of its two hundred neighbours is deleted then.

        Deletion is soft: :meth:`fiducial.Api.resources.restore` takes it back.
        """
        ids = [require_id("resource", resource_id=one) for one in listed(resource_ids)]
        with not_found("resource", resource_ids=ids):
            self.api.resources.bulk_delete(ids)

    def set_resource_tags(self, resource_id: str, tags: Sequence[str]) -> None:
        """These tags instead of those there were."""
        require_id("resource", resource_id=resource_id)
        with not_found("resource", resource_id=resource_id):
            self.api.resources.set_tags(resource_id, tags)

    def get_channels(self) -> Generator[dict[str, Any], None, None]:
        """Every channel with what came through it (``resource_data``)."""
        rows: Iterator[dict[str, Any]] = self._rows("/resources/channels", "channels")
        yield from rows
