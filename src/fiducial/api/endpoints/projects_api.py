# ruff: noqa: PLR0917 - documented signatures have many positional parameters
"""Projects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import httpx

from fiducial.api.base_api import ApiConfig
from fiducial.api.entity_base_api import CRUDEntityApi, is_uuid, without_none
from fiducial.entities.annotations import AnnotationSpec, AnnotationType, CategoryAnnotationSpec
from fiducial.entities.project import Project, WorkStatus
from fiducial.entities.resource import Resource
from fiducial.exceptions import ItemNotFoundError

if TYPE_CHECKING:
    from fiducial.api.client import Api

_ADD_BATCH = 5000


class ProjectsApi(CRUDEntityApi[Project]):
    """Calls around projects. Where a project is wanted, the project, its id or its name will do."""

    def __init__(self, config: ApiConfig, client: httpx.Client | None = None, root: Api | None = None) -> None:
        super().__init__(config, Project, "projects", client, root)

    def create(  # type: ignore[override]
        self,
        name: str,
        description: str | None = None,
        resource_ids: Sequence[str | Resource] | None = None,
        is_active_learning: bool = False,
        two_up_display: bool = False,
        segmentation_spec: Literal["single_label", "multi_label"] = "single_label",
        *,
        require_review: bool = False,
        annotations: Sequence[AnnotationSpec | dict[str, Any]] = (),
        return_entity: bool = True,
        exists_ok: bool = False,
    ) -> Any:
        """Make a project: the project, or its id. ``annotations`` says what is to be annotated.

        A name that is taken (by an archived project too) raises :class:`~fiducial.exceptions.EntityAlreadyExistsError`, or
        gives the project that has it when ``exists_ok``.
        """
        ids = [self._entid(resource) for resource in resource_ids or ()]
        specs = [spec if isinstance(spec, dict) else spec.asdict() for spec in annotations]
        payload: dict[str, Any] = {
            "name": name,
            "description": description,
            "is_active_learning": is_active_learning,
            "resource_ids": ids,
            "segmentationData": {"segmentationValueType": segmentation_spec, "definitions": []},
            "annotation_set": {"resource_ids": ids, "annotations": specs},
            "two_up_display": two_up_display,
            "require_review": require_review,
        }
        return self._create(payload, return_entity=return_entity, exists_ok=exists_ok)

    def get_all(self, limit: int | None = None) -> Sequence[Project]:
        """Every project, archived ones too."""
        return self.get_list(limit=limit, includeArchived="true")

    def get_deleted(self) -> Sequence[Project]:
        """Archived projects."""
        return [project for project in self.get_all() if project.archived]

    def get_by_name(self, name: str, include_archived: bool = True) -> Project | None:
        """The project of that name; None when there is none. One that is not archived comes first."""
        found = [p for p in self.get_all() if p.name == name and (include_archived or not p.archived)]
        return min(found, key=lambda p: p.archived, default=None)

    def restore(self, project: str | Project) -> Project:
        """Bring an archived project back; the project as it is now."""
        return self._parse_one(self._request("POST", self._path(self._id_of(project), "restore")).content)

    # ---- resources

    def get_project_resources(self, project: str | Project) -> list[Resource]:
        """All resources of the project, as they are now."""
        path = self._path(self._id_of(project), "resources")
        return self.root.resources._parse_list(self._request("GET", path).content)

    def add_resources(self, resources: str | Resource | Sequence[str | Resource], project: str | Project) -> None:
        """Put resources into the project; those that are in it stay."""
        listed = [resources] if isinstance(resources, (str, Resource)) else resources
        ids = [self._entid(resource) for resource in listed]
        path = self._path(self._id_of(project), "resources")
        for start in range(0, len(ids), _ADD_BATCH):
            body = {"resource_ids_to_add": ids[start : start + _ADD_BATCH], "all_files_selected": False}
            self._request("POST", path, json=body)

    def remove_resources(self, resources: str | Resource | Sequence[str | Resource], project: str | Project) -> None:
        """Take resources out of the project; the resources themselves stay."""
        listed = [resources] if isinstance(resources, (str, Resource)) else resources
        found = project if isinstance(project, Project) else self.get_by_id(self._id_of(project))
        ids = [self._entid(resource) for resource in listed]
        self.root.datasets.update_resources(found.dataset_id, resource_ids_to_delete=ids, project=found)

    def set_work_status(self, resource: str | Resource, status: WorkStatus, project: str | Project) -> None:
        """Move the project's work on one resource: ``opened``, ``annotated`` or ``closed``."""
        path = self._path(self._id_of(project), "resources", self._entid(resource), "status")
        self._request("POST", path, json={"status": status})

    def get_annotation_statuses(
        self,
        project: str | Project,
        status: str | None = None,
        user_id: str | None = None,
        resource: str | Resource | None = None,
    ) -> list[dict[str, Any]]:
        """How far the work is, per resource and annotator."""
        resource_id = None if resource is None else self._entid(resource)
        params = without_none({"status": status, "user_id": user_id, "resource_id": resource_id})
        rows: list[dict[str, Any]] = self._json(
            "GET", self._path(self._id_of(project), "annotation-statuses"), params=params
        )
        return rows

    # ---- what is to be annotated

    def get_annotations_specs(self, project: str | Project) -> list[AnnotationSpec]:
        """What the project wants annotated."""
        found = project if isinstance(project, Project) else self.get_by_id(self._id_of(project))
        rows = self._json("GET", f"/annotationsets/{found.worklist_id}").get("annotations") or ()
        return [_spec(row) for row in rows]

    def get_worklists(self, project: str | Project) -> list[dict[str, Any]]:
        """The project's annotation sets, as the server tells them."""
        rows: list[dict[str, Any]] = self._json("GET", self._path(self._id_of(project), "worklists"))
        return rows

    # ---- members

    def get_members(self, project: str | Project) -> list[dict[str, Any]]:
        """Who works in the project, with their roles."""
        rows: list[dict[str, Any]] = self._json("GET", self._path(self._id_of(project), "members"))
        return rows

    def set_member(self, user_id: str, roles: Sequence[str], project: str | Project) -> None:
        """Give somebody roles in the project (``PROJECT_ANNOTATOR`` …); replaces those they had."""
        self._request("POST", self._path(self._id_of(project), "members", user_id), json={"roles": list(roles)})

    def remove_member(self, user_id: str, project: str | Project) -> None:
        """Take somebody out of the project."""
        self._request("DELETE", self._path(self._id_of(project), "members", user_id))

    # ---- inside

    def _entid(self, entity: Any) -> str:  # type: ignore[override]
        return self._id_of(entity) if isinstance(entity, (str, Project)) else str(entity.id)

    def _id_of(self, project: str | Project) -> str:
        """A project's id from the project, its id or its name; ItemNotFoundError when no project has that name."""
        if isinstance(project, Project):
            return project.id
        if is_uuid(project):
            return project
        found = self.get_by_name(project)
        if found is None:
            raise ItemNotFoundError(f"there is no project named {project!r}: not found", name=project)
        return found.id


def _spec(row: dict[str, Any]) -> AnnotationSpec:
    is_choice = row.get("type") == AnnotationType.CATEGORY and row.get("values") is not None
    return (CategoryAnnotationSpec if is_choice else AnnotationSpec).model_validate(row)
