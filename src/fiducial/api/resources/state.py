"""What becomes of resources: ready, published, tagged, changed, deleted, restored."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from fiducial.api.entity_base_api import in_parallel
from fiducial.api.resources.base import OneOrMore, ResourceCalls, distinct, listed
from fiducial.entities.resource import Resource
from fiducial.errors import Damaged
from fiducial.exceptions import JobTimeoutError

_BULK = 200


class StateCalls(ResourceCalls):
    """Calls that change resources that are there."""

    def wait_until_ready(
        self,
        resources: OneOrMore,
        timeout: float = 300.0,
        poll_interval: float = 0.25,
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> list[Resource]:
        """Wait until the server has finished its follow-up work (ordering a series, say); the resources as they are then.

        One that failed is raised as :class:`~fiducial.errors.Damaged` with the server's reason.
        """
        started, found = clock(), []
        for one in listed(resources):
            resource = self.get_by_id(self._entid(one))
            while (state := getattr(resource, "state", "ready")) == "pending":
                if clock() - started >= timeout:
                    raise JobTimeoutError(f"{resource.filename} is still {state} after {timeout} s", id=resource.id)
                pause(poll_interval)
                resource = self.get_by_id(resource.id)
            if state == "failed":
                reason = getattr(resource, "state_reason", None)
                raise Damaged(f"{resource.filename}: {reason}", id=resource.id)
            found.append(resource)
        return found

    def patch(self, resource: str | Resource, changes: dict[str, Any]) -> Resource:
        """Change ``metadata``, ``filename``, ``modality``, ``channel`` or ``tags``, and give the resource as it is now."""
        self._request("PATCH", self._path(self._entid(resource)), json=changes)
        return self.get_by_id(self._entid(resource))

    def publish_resources(self, resources: OneOrMore) -> None:
        """Publish them; those that are published stay so."""
        self.bulk_publish(listed(resources))

    def bulk_publish(self, resources: Sequence[str | Resource]) -> None:
        """Publish several in one request."""
        self._request("POST", "/resources/bulk-publish", json={"resource_ids": [self._entid(r) for r in resources]})

    def set_tags(self, resource: OneOrMore, tags: Sequence[str]) -> None:
        """Replace the tags of one or several."""
        body: dict[str, Any] = {"tags": list(tags)}
        if isinstance(resource, (str, Resource)):
            self._request("PUT", self._path(self._entid(resource), "tags"), json=body)
        else:
            body["resource_ids"] = [self._entid(r) for r in resource]
            self._request("PUT", "/resources/tags", json=body)

    def add_tags(self, resource: OneOrMore, tags: Sequence[str]) -> None:
        """Add tags to those that are there, in order."""

        def add(one: str | Resource) -> None:
            found = self.get_by_id(self._entid(one))
            wanted = distinct([*(found.tags or ()), *tags])
            if wanted != list(found.tags or ()):
                self.set_tags(found, wanted)

        in_parallel(add, listed(resource))

    def bulk_delete(self, entities: Sequence[str | Resource]) -> None:
        """Delete several, some hundred in one request."""
        ids = [self._entid(entity) for entity in entities]
        for start in range(0, len(ids), _BULK):
            self._request("DELETE", "/resources", params={"resource_ids": ",".join(ids[start : start + _BULK])})

    def restore(self, resource: str | Resource) -> Resource:
        """Take a deletion back; the resource as it is now."""
        return self._parse_one(self._request("POST", self._path(self._entid(resource), "restore")).content)

    def bulk_restore(self, resources: Sequence[str | Resource]) -> dict[str, list[Any]]:
        """Take deletions back: ``{"restored": [id], "skipped": [{"id", "reason"}]}``."""
        found: dict[str, list[Any]] = self._json(
            "POST", "/resources/restore", json={"ids": [self._entid(r) for r in resources]}
        )
        return found
