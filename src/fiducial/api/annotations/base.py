"""What every kind of annotation is created and deleted with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import httpx
from pydantic import TypeAdapter

from fiducial.api.annotation_item import as_sent
from fiducial.api.base_api import ApiConfig
from fiducial.api.entity_base_api import CreatableEntityApi, DeletableEntityApi
from fiducial.entities.annotations import Annotation, AnnotationType, AnyAnnotation
from fiducial.entities.resource import Resource

if TYPE_CHECKING:
    from fiducial.api.client import Api


class AnnotationCalls(CreatableEntityApi[Annotation], DeletableEntityApi[Annotation]):
    """The calls that the groups of :class:`~fiducial.api.endpoints.AnnotationsApi` stand on."""

    def __init__(self, config: ApiConfig, client: httpx.Client | None = None, root: Api | None = None) -> None:
        super().__init__(config, Annotation, "annotations", client, root)

    @cached_property
    def _adapter(self) -> TypeAdapter[Annotation]:
        return TypeAdapter(AnyAnnotation)

    @cached_property
    def _list_adapter(self) -> TypeAdapter[list[Annotation]]:
        return TypeAdapter(list[AnyAnnotation])

    def create(self, resource: str | Resource, annotation_dto: Any, **_: Any) -> Any:  # type: ignore[override]
        """Write one annotation, or several in one request (all or none): its id, or the ids in order.

        An annotation is an :class:`~fiducial.entities.Annotation` or a mapping of the same fields.
        """
        if isinstance(annotation_dto, (Annotation, Mapping)):
            (created,) = self._create_all(resource, [annotation_dto])
            return created
        return self._create_all(resource, annotation_dto)

    def _create_all(self, resource: str | Resource, annotations: Sequence[Any]) -> list[str]:
        if not annotations:
            return []
        path = self._path(self._entid(resource), "annotations")
        ids = self._json("POST", path, json=[as_sent(annotation) for annotation in annotations])
        return [str(annotation_id) for annotation_id in ids]

    def _one(self, resource: str | Resource, kind: AnnotationType, fields: dict[str, Any]) -> str:
        return str(self.create(resource, {"type": kind, **fields}))

    def delete_batch(self, annotation_ids: Sequence[str | Annotation]) -> None:
        """Delete several in one request."""
        if annotation_ids:
            ids = [self._entid(annotation) for annotation in annotation_ids]
            self._request("POST", "/annotations/delete-batch", json={"ids": ids})

    def bulk_delete(self, entities: Sequence[str | Annotation]) -> None:
        """The same as :meth:`delete_batch`."""
        self.delete_batch(entities)
