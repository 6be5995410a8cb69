# ruff: noqa: PLR0917 - documented signatures have many positional parameters
"""Annotations of every kind that are there: found and deleted."""

from __future__ import annotations

import warnings
from collections.abc import Generator, Mapping
from datetime import date
from typing import Any, Literal

from fiducial.apihandler.base_api_handler import BaseAPIHandler, not_found, require_id
from fiducial.errors import Invalid


class AnnotationCalls(BaseAPIHandler):
    """Calls around annotations that are there."""

    def get_annotations(
        self,
        resource_id: str | None = None,
        annotation_type: str | None = None,
        annotator_email: str | None = None,
        date_from: date | None = None,
        date_to: date | None = None,
        dataset_id: str | None = None,
        worklist_id: str | None = None,
        status: Literal["new", "published"] | None = None,
        load_ai_segmentations: bool | None = None,
    ) -> Generator[dict[str, Any], None, None]:
        """Annotations that fulfil everything that is given, one per frame, page by page.

        ``annotation_type`` is one of :class:`fiducial.entities.annotations.AnnotationType`; ``date_from`` is in, ``date_to``
        is not. ``load_ai_segmentations`` is accepted and changes nothing: masks by models are listed like all others, and
        ``is_model`` tells them apart.
        """
        if resource_id is not None:
            require_id("resource", resource_id=resource_id)
        params = {
            "resource_id": resource_id,
            "annotation_type": None if annotation_type is None else str(annotation_type),
            "annotatorEmail": annotator_email,
            "from": date_from and date_from.isoformat(),
            "to": date_to and date_to.isoformat(),
            "dataset_id": dataset_id,
            "annotation_worklist_id": worklist_id,
            "status": status,
            "load_ai_segmentations": None if load_ai_segmentations is None else str(load_ai_segmentations).lower(),
        }
        return self._annotations(params)

    def _annotations(self, params: dict[str, Any]) -> Generator[dict[str, Any], None, None]:
        with not_found("annotations", **{name: value for name, value in params.items() if value is not None}):
            yield from self._rows("/annotations", "annotations", params)

    def get_resource_annotations(
        self,
        resource_id: str,
        annotation_type: str | None = None,
        annotator_email: str | None = None,
        date_from: date | None = None,
        date_to: date | None = None,
    ) -> Generator[dict[str, Any], None, None]:
        """The annotations of one resource.

        .. deprecated:: 0.12.1
           :meth:`get_annotations` does the same.
        """
        warnings.warn(
            "get_resource_annotations is deprecated: use get_annotations(resource_id=...)",
            DeprecationWarning,
            stacklevel=2,
        )
        return self.get_annotations(resource_id, annotation_type, annotator_email, date_from, date_to)

    def get_annotation_by_id(self, annotation_id: str) -> dict[str, Any]:
        """One annotation."""
        require_id("annotation", annotation_id=annotation_id)
        with not_found("annotation", annotation_id=annotation_id):
            found: dict[str, Any] = self._json("GET", f"/annotations/{annotation_id}")
        return found

    def delete_annotation(self, annotation_id: str | Mapping[str, Any]) -> None:
        """Delete one annotation, by its id or its row. Of one on a range of frames only that frame's goes."""
        annotation_id = id_of(annotation_id)
        require_id("annotation", annotation_id=annotation_id)
        with not_found("annotation", annotation_id=annotation_id):
            self.api.annotations.delete(annotation_id)


def id_of(annotation: str | Mapping[str, Any]) -> str:
    """The id of an annotation by itself or in its row."""
    if isinstance(annotation, str):
        return annotation
    if "id" not in annotation:
        raise Invalid("the annotation has no id", field="annotation")
    return str(annotation["id"])
