# ruff: noqa: PLR0917 - documented signatures have many positional parameters
"""Projects: what is in them, what is to be labelled, who does it and how far it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from fiducial.api.projects.base import WhichProject
from fiducial.api.projects.exports import ExportCalls
from fiducial.api.projects.members import MemberCalls
from fiducial.api.projects.splits import SplitCalls
from fiducial.api.projects.work import WorkCalls
from fiducial.entities.annotations.annotation_spec import AnnotationSpec, spec_of
from fiducial.entities.project import Project

if TYPE_CHECKING:
    from fiducial.entities.annotation_worklist import AnnotationWorklist
    from fiducial.entities.resource import Resource

_ADD_BATCH = 5000


class ProjectsApi(MemberCalls, SplitCalls, WorkCalls, ExportCalls):
    """Calls around projects.

    Where a project is wanted, the project, its id or its name will do; where it may be left out, it is the one that the
    setting ``project`` names.
    """

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
        ids = [self._resource_id(resource) for resource in resource_ids or ()]
        specs = [spec.asdict() if isinstance(spec, AnnotationSpec) else dict(spec) for spec in annotations]
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

    def get_deleted(self) -> Sequence[Project]:
        """Archived projects."""
        return [project for project in self.get_all() if project.archived]

    def restore(self, project: str | Project) -> Project:
        """Bring an archived project back; the project as it is now."""
        return self._parse_one(self._request("POST", self._of(project, "restore")).content)

    # ---- resources

    def get_project_resources(self, project: WhichProject = None) -> list[Resource]:
        """All resources of the project, as they are now."""
        return self.root.resources._parse_list(self._request("GET", self._of(project, "resources")).content)

    def add_resources(self, resources: str | Resource | Sequence[str | Resource], project: WhichProject = None) -> None:
        """Put resources into the project; those that are in it stay."""
        ids, path = self._resource_ids(resources), self._of(project, "resources")
        for start in range(0, len(ids), _ADD_BATCH):
            body = {"resource_ids_to_add": ids[start : start + _ADD_BATCH], "all_files_selected": False}
            self._request("POST", path, json=body)

    def remove_resources(
        self, resources: str | Resource | Sequence[str | Resource], project: WhichProject = None
    ) -> None:
        """Take resources out of the project; the resources themselves stay."""
        found, ids = self._found(project), self._resource_ids(resources)
        self.root.datasets.update_resources(found.dataset_id, resource_ids_to_delete=ids, project=found)

    def _resource_ids(self, resources: Any) -> list[str]:
        listed = resources if isinstance(resources, Sequence) and not isinstance(resources, str) else [resources]
        return [self._resource_id(resource) for resource in listed]

    def _found(self, project: WhichProject) -> Project:
        return project if isinstance(project, Project) else self.get_by_id(self._id_of(project))

    # ---- what is to be annotated

    def get_annotations_specs(self, project: WhichProject = None) -> list[AnnotationSpec]:
        """What the project wants annotated."""
        rows = self._json("GET", f"/annotationsets/{self._found(project).worklist_id}").get("annotations") or ()
        return [spec_of(row) for row in rows]

    def get_worklists(self, project: WhichProject = None) -> Sequence[AnnotationWorklist]:
        """The project's worklists, the main one first."""
        return self.root.annotationsets.get_by_project(self._id_of(project))

    # ---- models and metrics

    def get_models(self, project: WhichProject = None) -> list[str]:
        """Names of the models that are registered in the project."""
        from fiducial.api.models_host import BASE

        told = self.root.models._json("GET", f"/{BASE}/model-info/get-models/{self._id_of(project)}")
        return [str(name) for name in told["model_names"]]

    def set_pinned_metrics(self, metrics: Sequence[str], project: WhichProject = None) -> None:
        """The metrics that the project's page shows first, in this order."""
        self._request("PATCH", self._of(project), json={"pinned_metrics": list(metrics)})

    def get_pinned_metrics(self, project: WhichProject = None) -> list[str]:
        """The metrics that the project's page shows first; empty when none were chosen."""
        told: Mapping[str, Any] = self._json("GET", self._of(project))
        return list(told.get("pinned_metrics") or ())
