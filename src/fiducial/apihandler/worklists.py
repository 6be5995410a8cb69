# ruff: noqa: PLR0917 - documented signatures have many positional parameters
"""Annotation worklists: who annotates what, and how far it is."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Literal

from fiducial.api.entity_base_api import without_none
from fiducial.apihandler.base_api_handler import BaseAPIHandler, not_found, require_id
from fiducial.errors import Invalid

WorklistStatus = Literal["new", "updating", "active", "completed"]


class WorklistCalls(BaseAPIHandler):
    """Calls around worklists."""

    def get_annotation_worklist(self, status: WorklistStatus | None = None) -> Generator[dict[str, Any], None, None]:
        """Every worklist of every project, narrowed by its status if one is given."""
        yield from self._rows("/annotationsets", "annotationsets", {"status": status})

    def get_annotation_worklist_by_id(self, id: str) -> dict[str, Any]:  # noqa: A002 - the documented name
        """One worklist, with its resources, annotators and what is to be annotated."""
        require_id("annotation worklist", id=id)
        with not_found("annotation worklist", id=id):
            found: dict[str, Any] = self._json("GET", f"/annotationsets/{id}")
        return found

    def update_annotation_worklist(
        self,
        worklist_id: str,
        frame_labels: list[str] | None = None,
        image_labels: list[str] | None = None,
        annotations: list[dict[str, Any]] | None = None,
        status: WorklistStatus | None = None,
        name: str | None = None,
    ) -> None:
        """Change what is given and leave the rest.

        ``annotations`` are what is to be annotated (``type``, ``identifier``, ``scope``, ``required``, ``values``);
        ``frame_labels`` and ``image_labels`` are the short form for plain labels. The three together replace the list.
        """
        require_id("annotation worklist", worklist_id=worklist_id)
        changes = {
            "frame_labels": frame_labels,
            "image_labels": image_labels,
            "annotations": annotations,
            "status": status,
            "name": name,
        }
        with not_found("annotation worklist", worklist_id=worklist_id):
            self._json("PATCH", f"/annotationsets/{worklist_id}", json=without_none(changes))

    def set_annotation_status(
        self, project_id: str, resource_id: str, status: Literal["opened", "annotated", "closed"]
    ) -> None:
        """Move the project's work on a resource; see :meth:`fiducial.Api.projects.set_work_status`."""
        if status not in {"opened", "annotated", "closed"}:
            raise Invalid(f"status is opened, annotated or closed, not {status!r}", field="status")
        require_id("project", project_id=project_id)
        require_id("resource", resource_id=resource_id)
        with not_found("resource", project_id=project_id, resource_id=resource_id):
            self.api.projects.set_work_status(resource_id, status, project_id)
