# ruff: noqa: PLR0917 - documented signatures have many positional parameters
"""Annotation worklists: who labels which resources of a project, with what, and how far it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fiducial.api.entity_base_api import without_none
from fiducial.api.pages import rows_of
from fiducial.api.worklists.base import Worklist
from fiducial.api.worklists.labels import LabelCalls
from fiducial.api.worklists.segments import SegmentCalls
from fiducial.api.worklists.work import WorkCalls
from fiducial.entities.annotation_worklist import AnnotationWorklist
from fiducial.entities.annotations import AnnotationSpec
from fiducial.entities.project import Project

Spec = AnnotationSpec | Mapping[str, Any]

_OTHER_NAMES = {"worklist_id": "id", "worklist_name": "name"}


class AnnotationWorklistApi(SegmentCalls, LabelCalls, WorkCalls):
    """Calls around annotation worklists. Where a worklist is wanted, the worklist or its id will do."""

    def create(  # type: ignore[override]
        self,
        name: str,
        resource_ids: Sequence[str],
        description: str | None = None,
        annotations: Sequence[Spec] | None = None,
        annotators: Sequence[Mapping[str, Any]] | None = None,
        frame_labels: Sequence[str] | None = None,
        image_labels: Sequence[str] | None = None,
        segmentation_data: Mapping[str, Any] | None = None,
        viewable_ai_annotations: Sequence[str] | None = None,
        editable_ai_annotations: Sequence[str] | None = None,
        project: str | Project | None = None,
        return_url: str | None = None,
        viewable_ai_segmentations: Sequence[str] | None = None,
        editable_ai_segmentations: Sequence[str] | None = None,
        *,
        return_entity: bool = True,
        exists_ok: bool = False,
    ) -> Any:
        """Make a worklist in a project: the worklist, or its id.

        ``annotations`` says what is to be labelled; ``annotators`` are ``{"email", "expertise_level", "requires_review"}``;
        ``segmentation_data`` is ``{"segmentationValueType", "definitions": [{"identifier", "color", "index"}]}``. A name that
        the project has raises :class:`~fiducial.exceptions.EntityAlreadyExistsError`, or gives the one there is when
        ``exists_ok``.
        """
        project_id = None if project is None else self.root.projects._id_of(project)
        payload = {
            "name": name,
            "resource_ids": [self._entid(resource) for resource in resource_ids],
            "description": description,
            "annotations": None if annotations is None else [spec_as_sent(spec) for spec in annotations],
            "annotators": annotators,
            "frame_labels": frame_labels,
            "image_labels": image_labels,
            "segmentation_data": segmentation_data,
            "viewable_ai_annotations": viewable_ai_annotations,
            "editable_ai_annotations": editable_ai_annotations,
            "project_id": project_id,
            "return_url": return_url,
            "viewable_ai_segmentations": viewable_ai_segmentations,
            "editable_ai_segmentations": editable_ai_segmentations,
        }
        return self._create(without_none(payload), return_entity=return_entity, exists_ok=exists_ok)

    def get_by_project(self, project: str | Project) -> list[AnnotationWorklist]:
        """The project's worklists, the main one first."""
        path = f"/projects/{self.root.projects._id_of(project)}/worklists"
        rows = rows_of(self._request("GET", path).content, "worklists")
        return [self._own(self._adapter.validate_python(_today(row))) for row in rows]

    def get_resources(self, worklist_id: Worklist) -> list[str]:
        """Ids of the worklist's resources."""
        return list(self._json("GET", self._path(self._entid(worklist_id)))["resource_ids"])

    def update_resources(
        self,
        worklist_id: Worklist,
        resource_ids_to_add: Sequence[str] | None = None,
        resource_ids_to_delete: Sequence[str] | None = None,
    ) -> dict[str, Any]:
        """Add and take out resources; the server's answer."""
        body = {
            "resource_ids_to_add": _ids(self._entid, resource_ids_to_add),
            "resource_ids_to_delete": _ids(self._entid, resource_ids_to_delete),
        }
        path = self._path(self._entid(worklist_id), "resources")
        found: dict[str, Any] = self._json("POST", path, json=without_none(body))
        return found


def spec_as_sent(spec: Spec) -> dict[str, Any]:
    """A spec as it is sent."""
    return spec.asdict() if isinstance(spec, AnnotationSpec) else dict(spec)


def _today(row: Mapping[str, Any]) -> dict[str, Any]:
    """Under today's names: some servers tell a project's worklists as ``worklist_id`` and ``worklist_name``."""
    older = {new: row[old] for old, new in _OTHER_NAMES.items() if old in row}
    return {**older, **row}


def _ids(entid: Any, given: Sequence[Any] | None) -> list[str] | None:
    return None if given is None else [entid(one) for one in given]
