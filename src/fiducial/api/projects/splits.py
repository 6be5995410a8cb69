"""Splits: which resources are for training, which for validation, which for tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from fiducial.api.entity_base_api import without_none
from fiducial.api.projects.base import ProjectCalls, WhichProject
from fiducial.entities.project_resource_split import ProjectResourceSplit
from fiducial.entities.resource import Resource
from fiducial.exceptions import ItemNotFoundError


class SplitCalls(ProjectCalls):
    """A resource is in one split of a project, or in none; who changed it and when is kept."""

    def get_splits(
        self,
        project: WhichProject = None,
        split_name: str | None = None,
        as_of_timestamp: datetime | str | None = None,
    ) -> list[ProjectResourceSplit]:
        """Who is in which split: now, or as it was at ``as_of_timestamp`` (ISO 8601; a datetime without a zone is UTC)."""
        if isinstance(as_of_timestamp, datetime):
            zoned = as_of_timestamp if as_of_timestamp.tzinfo else as_of_timestamp.replace(tzinfo=UTC)
            as_of_timestamp = zoned.astimezone(UTC).isoformat().replace("+00:00", "Z")
        params = without_none({"split_name": split_name, "as_of_timestamp": as_of_timestamp})
        return [ProjectResourceSplit.model_validate(row) for row in self._rows(self._of(project, "splits"), params)]

    def assign_splits(
        self, resources: Sequence[str] | Sequence[Resource], split_name: str, project: WhichProject = None
    ) -> None:
        """Put resources into a split; those that are in another one leave it."""
        ids = [self._resource_id(resource) for resource in resources]
        self._request("POST", self._of(project, "splits"), json={"resource_ids": ids, "split_name": split_name})

    def get_resource_split(self, resource: Resource | str, project: WhichProject = None) -> ProjectResourceSplit | None:
        """The split that a resource is in; None when it is in none."""
        try:
            row = self._json("GET", self._of(project, "resources", self._resource_id(resource), "split"))
        except ItemNotFoundError:
            return None
        return None if row is None else ProjectResourceSplit.model_validate(row)
