"""What the calls around projects have in common: which project is meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import httpx

from fiducial.api.base_api import ApiConfig
from fiducial.api.entity_base_api import CRUDEntityApi, is_uuid
from fiducial.api.settings import value_of
from fiducial.entities.project import Project
from fiducial.errors import Invalid
from fiducial.exceptions import ItemNotFoundError

if TYPE_CHECKING:
    from fiducial.api.client import Api

WhichProject = str | Project | None
"""A project, its id or its name; None is the one that the setting ``project`` names."""


class ProjectCalls(CRUDEntityApi[Project]):
    """The calls that the groups of :class:`~fiducial.api.endpoints.ProjectsApi` stand on."""

    def __init__(self, config: ApiConfig, client: httpx.Client | None = None, root: Api | None = None) -> None:
        super().__init__(config, Project, "projects", client, root)

    def get_all(self, limit: int | None = None) -> Sequence[Project]:
        """Every project, archived ones too."""
        return self.get_list(limit=limit, includeArchived="true")

    def get_by_name(self, name: str, include_archived: bool = True) -> Project | None:
        """The project of that name; None when there is none. One that is not archived comes first."""
        found = [p for p in self.get_all() if p.name == name and (include_archived or not p.archived)]
        return min(found, key=lambda p: p.archived, default=None)

    def _of(self, project: WhichProject, *rest: str) -> str:
        """The path of a part of the project."""
        return self._path(self._id_of(project), *rest)

    def _rows(self, path: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._json("GET", path, params=params)
        return rows

    def _entid(self, entity: Any) -> str:  # type: ignore[override]
        return self._id_of(entity) if isinstance(entity, (str, Project)) else str(entity.id)

    def _resource_id(self, resource: Any) -> str:
        """A resource's id: a text here is an id, not the name of a project."""
        return resource if isinstance(resource, str) else str(resource.id)

    def _id_of(self, project: WhichProject) -> str:
        """A project's id from the project, its id or its name; ItemNotFoundError when no project has that name."""
        if project is None and (project := value_of("project")) is None:
            raise Invalid("which project? Name it, or run `fiducial config set project`", field="project")
        if isinstance(project, Project):
            return project.id
        if is_uuid(project):
            return project
        found = self.get_by_name(project)
        if found is None:
            raise ItemNotFoundError(f"there is no project named {project!r}: not found", name=project)
        return found.id
