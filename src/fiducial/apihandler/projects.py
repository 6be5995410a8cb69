"""Projects and datasets."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fiducial.api.download import fetch_to
from fiducial.apihandler.base_api_handler import BaseAPIHandler, ResourceNotFoundError, not_found, require_id


class ProjectCalls(BaseAPIHandler):
    """Calls around projects. Archived projects are not listed and not found by name."""

    def get_projects(self) -> list[dict[str, Any]]:
        """Every project."""
        return list(self._rows("/projects", "projects"))

    def get_project_by_id(self, project_id: str) -> dict[str, Any]:
        """The project; ResourceNotFoundError when there is none. Archived ones are found too."""
        require_id("project", project_id=project_id)
        with not_found("project", project_id=project_id):
            found: dict[str, Any] = self._json("GET", f"/projects/{project_id}")
        return found

    def get_project_by_name(self, project_name: str) -> dict[str, Any]:
        """The project of exactly that name; ResourceNotFoundError when there is none."""
        for row in self._rows("/projects", "projects"):
            if row["name"] == project_name:
                return row
        raise ResourceNotFoundError("project", {"project_name": project_name})

    def create_project(
        self, name: str, description: str, resources_ids: list[str], is_active_learning: bool = False
    ) -> dict[str, Any]:
        """Make a project of these resources, all or none.

        A name that is taken raises :class:`~fiducial.exceptions.EntityAlreadyExistsError`, an unknown resource
        ResourceNotFoundError; both are DatamintException.
        """
        ids = [require_id("resource", resource_id=one) for one in resources_ids]
        with not_found("resource", resources_ids=ids):
            project_id = self.api.projects.create(
                name, description, ids, is_active_learning=is_active_learning, return_entity=False
            )
        return self.get_project_by_id(str(project_id))

    def delete_project(self, project_id: str) -> None:
        """Archive the project: it leaves the lists, and :meth:`fiducial.Api.projects.restore` brings it back."""
        require_id("project", project_id=project_id)
        with not_found("project", project_id=project_id):
            self.api.projects.delete(project_id)

    def download_project(
        self, project_id: str, outpath: str, all_annotations: bool = False, include_unannotated: bool = False
    ) -> None:
        """Save the project as a ZIP archive: ``dataset.json`` and the files it names.

        ``all_annotations`` takes what is not finished too, ``include_unannotated`` resources without annotations. The file
        is at ``outpath`` when it is whole, else not at all.
        """
        require_id("project", project_id=project_id)
        asked = {"all_annotations": all_annotations, "include_unannotated": include_unannotated}
        path = f"/projects/{project_id}/annotated_dataset?{urlencode(asked)}"
        with not_found("project", project_id=project_id):
            fetch_to(self.api.projects, path, Path(outpath).expanduser())

    def get_resources_by_project(self, project_id: str) -> list[dict[str, Any]]:
        """All resources of the project.

        .. deprecated:: 0.12.0
           :meth:`get_resources` with ``project_id`` does the same, page by page.
        """
        warnings.warn(
            "get_resources_by_project is deprecated: use get_resources(project_id=...)",
            DeprecationWarning,
            stacklevel=2,
        )
        require_id("project", project_id=project_id)
        with not_found("project", project_id=project_id):
            found: list[dict[str, Any]] = self._json("GET", f"/projects/{project_id}/resources")
        return found

    def get_datasets(self) -> list[dict[str, Any]]:
        """Every dataset; each project has one."""
        return list(self._rows("/datasets", "datasets"))
