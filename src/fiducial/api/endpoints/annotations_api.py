# ruff: noqa: PLR0917 - documented signatures have many positional parameters
"""Annotations: every kind in and out, masks of frames and volumes, tracks over frames."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

from fiducial.api.annotations.files import FileCalls
from fiducial.api.annotations.masks import MaskCalls
from fiducial.api.annotations.shapes import ShapeCalls
from fiducial.api.annotations.tracks import TrackCalls
from fiducial.api.annotations.values import ValueCalls
from fiducial.api.entity_base_api import without_none
from fiducial.api.pages import all_rows
from fiducial.entities.annotations import Annotation, AnnotationType
from fiducial.entities.project import Project
from fiducial.entities.resource import Resource

Source = Literal["manual", "imported", "model_pipeline", "model_deploy"]
Deleted = Literal["exclude", "include", "only"]


class AnnotationsApi(ValueCalls, ShapeCalls, MaskCalls, TrackCalls, FileCalls):
    """Calls around annotations.

    Pixel points are pixel indices (x right, y down, integer = pixel centre) of frame ``frame_index``; patient points are
    LPS in mm. Pixel points mean pixels on every kind of resource: the geometry says which of the two it is.
    """

    # ---- finding

    def get_list(  # type: ignore[override]
        self,
        resource: str | Resource | Sequence[str | Resource] | None = None,
        annotation_type: AnnotationType | str | None = None,
        annotator_email: str | None = None,
        from_date: date | str | None = None,
        to_date: date | str | None = None,
        dataset_id: str | None = None,
        worklist_id: str | None = None,
        status: Literal["new", "published"] | None = None,
        source: Source | None = None,
        deleted: Deleted | None = None,
        load_ai_segmentations: bool | None = None,
        limit: int | None = None,
        group_by_resource: bool = False,
        **kwargs: Any,
    ) -> Sequence[Any]:
        """Annotations that fulfil all that is given; with ``group_by_resource`` a list per resource, in the order given."""
        ids = self._resource_ids(resource)
        if ids == []:
            return []
        criteria = without_none(
            {
                "annotation_type": None if annotation_type is None else str(annotation_type),
                "annotatorEmail": annotator_email,
                "from": from_date.isoformat() if isinstance(from_date, date) else from_date,
                "to": to_date.isoformat() if isinstance(to_date, date) else to_date,
                "dataset_id": dataset_id,
                "annotation_worklist_id": worklist_id,
                "status": status,
                "source": source,
                "deleted": deleted,
                "load_ai_segmentations": load_ai_segmentations,
                "resource_ids": ids,
                **kwargs,
            }
        )
        found = self._search(criteria, limit)
        return _grouped(found, ids or []) if group_by_resource else found

    def get_all(self, limit: int | None = None) -> Sequence[Annotation]:
        return self.get_list(limit=limit)

    def get_deleted(
        self, resource: str | Resource | Sequence[str | Resource] | None = None, **kwargs: Any
    ) -> Sequence[Annotation]:
        """Deleted annotations; the same filters as :meth:`get_list`."""
        return self.get_list(resource, deleted="only", **kwargs)

    def _search(self, criteria: dict[str, Any], limit: int | None) -> list[Annotation]:
        def fetch(offset: int, size: int) -> bytes:
            body = {**criteria, "offset": str(offset), "limit": str(size)}
            return self._request("POST", "/annotations/search", json=body).content

        return all_rows(fetch, self._split_page, self._make_page, limit)

    def _resource_ids(self, resource: Any) -> list[str] | None:
        if resource is None:
            return None
        if isinstance(resource, (str, Resource)):
            return [self._entid(resource)]
        return [self._entid(one) for one in resource]

    # ---- history

    def history(self, annotation: str | Annotation) -> list[dict[str, Any]]:
        """Every change of the annotation, the oldest first; of one on a range of frames, of the whole range.

        Each is ``number`` (from 1), ``at`` (ISO 8601, UTC), ``by`` (e-mail address), ``action`` (``create``, ``update``,
        ``delete``, ``restore``, ``approve``), ``origin`` (the dialect or job that wrote it), ``before`` and ``after`` (the
        label's fields with its ``marks``; ``before`` is None for a creation), ``annotation_id`` and ``event_id``. Raises
        :class:`~fiducial.exceptions.ItemNotFoundError` when there is no such annotation.
        """
        found: list[dict[str, Any]] = self._json("GET", self._path(self._entid(annotation), "history"))
        return found

    # ---- changing

    def patch(
        self, annotation: str | Annotation, identifier: str | None = None, project: str | Project | None = None
    ) -> None:
        """Rename an annotation, or move it to a project."""
        project_id = None if project is None else self.root.projects._id_of(project)
        body = without_none({"identifier": identifier, "project_id": project_id})
        self._request("PATCH", self._path(self._entid(annotation)), json=body)

    def approve(self, annotation: str | Annotation) -> None:
        """Mark it as approved by the key's owner."""
        self._request("PATCH", self._path(self._entid(annotation), "approve"))


def _grouped(found: Sequence[Annotation], resource_ids: Sequence[str]) -> list[list[Annotation]]:
    by_resource: dict[str | None, list[Annotation]] = defaultdict(list)
    for annotation in found:
        by_resource[annotation.resource_id].append(annotation)
    order = resource_ids or [key for key in by_resource if key is not None]
    return [by_resource[resource_id] for resource_id in order]
