"""What the calls around annotation worklists have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from fiducial.api.base_api import ApiConfig
from fiducial.api.entity_base_api import CreatableEntityApi, UpdatableEntityApi
from fiducial.entities.annotation_worklist import AnnotationWorklist
from fiducial.entities.resource import Resource

if TYPE_CHECKING:
    from fiducial.api.client import Api

Worklist = str | AnnotationWorklist
"""A worklist, or its id."""


class WorklistCalls(CreatableEntityApi[AnnotationWorklist], UpdatableEntityApi[AnnotationWorklist]):
    """The calls that the groups of :class:`~fiducial.api.endpoints.AnnotationWorklistApi` stand on."""

    def __init__(self, config: ApiConfig, client: httpx.Client | None = None, root: Api | None = None) -> None:
        super().__init__(config, AnnotationWorklist, "annotationsets", client, root)

    def _rows(self, path: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._json("GET", path, params=params)
        return rows

    def _on(self, worklist: Worklist, resource: str | Resource, *rest: str) -> str:
        """The path of one resource's part in a worklist."""
        return self._path(self._entid(worklist), "resources", self._entid(resource), *rest)
