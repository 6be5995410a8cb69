"""How far the work of a project is, what reviewers said, and the figures of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fiducial.api.entity_base_api import without_none
from fiducial.api.projects.base import ProjectCalls, WhichProject
from fiducial.entities.project import WorkStatus
from fiducial.entities.resource import Resource


class WorkCalls(ProjectCalls):
    """Annotators are named by e-mail address."""

    def set_work_status(self, resource: str | Resource, status: WorkStatus, project: WhichProject = None) -> None:
        """Move the project's work on one resource: ``opened``, ``annotated`` or ``closed``."""
        path = self._of(project, "resources", self._resource_id(resource), "status")
        self._request("POST", path, json={"status": status})

    def get_annotation_statuses(
        self,
        project: WhichProject = None,
        status: str | None = None,
        user_id: str | None = None,
        resource: str | Resource | None = None,
    ) -> list[dict[str, Any]]:
        """How far the work is, per resource and annotator."""
        resource_id = None if resource is None else self._resource_id(resource)
        params = without_none({"status": status, "user_id": user_id, "resource_id": resource_id})
        return self._rows(self._of(project, "annotation-statuses"), params)

    def get_annotator_status(self, annotator_email: str, project: WhichProject = None) -> Any:
        """How far one annotator is."""
        return self._json("GET", self._of(project, "users", annotator_email, "status"))

    def reset_annotator_status(
        self, resource: str | Resource, annotator_email: str, project: WhichProject = None
    ) -> None:
        """Begin again: the annotator's status on the resource and their labels there go."""
        place = ("resources", self._resource_id(resource), "annotator", annotator_email, "status-reset")
        self._request("DELETE", self._of(project, *place))

    def get_review_messages(
        self,
        project: WhichProject = None,
        annotator_email: str | None = None,
        resource: str | Resource | None = None,
        statuses: Sequence[str] | None = None,
    ) -> list[dict[str, Any]]:
        """What reviewers wrote: to one annotator, about one resource, with one of these statuses."""
        resource_id = None if resource is None else self._resource_id(resource)
        listed = list(statuses) if statuses else None
        params = without_none({"annotator": annotator_email, "resourceId": resource_id, "statuses": listed})
        return self._rows(self._of(project, "reviewmessages"), params)

    # ---- figures

    def get_annotators_stats(
        self, project: WhichProject = None, annotator_email: str | None = None
    ) -> list[dict[str, Any]]:
        """What each annotator has done."""
        return self._rows(self._of(project, "annotators-statistic"), without_none({"email": annotator_email}))

    def get_annotations_stats(self, project: WhichProject = None) -> Any:
        """How many annotations there are, by name."""
        return self._json("GET", self._of(project, "annotations-statistic"))

    def get_files_matrix_stats(self, project: WhichProject = None) -> Any:
        """Which annotator has done which resource."""
        return self._json("GET", self._of(project, "files-matrix-statistic"))
