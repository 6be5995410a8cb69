"""A project: resources, what is to be annotated on them, and who does it."""

from __future__ import annotations

import webbrowser
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from fiducial.entities.base_entity import MISSING_FIELD, BaseEntity

if TYPE_CHECKING:
    from fiducial.entities.annotations import AnnotationSpec
    from fiducial.entities.resource import Resource

WorkStatus = Literal["opened", "annotated", "closed"]


class Project(BaseEntity):
    """A project on the server."""

    id: str
    name: str
    created_at: str
    created_by: str
    dataset_id: str
    worklist_id: str
    archived: bool
    resource_count: int
    annotated_resource_count: int
    description: str | None
    viewable_ai_segs: list[Any] | None
    editable_ai_segs: list[Any] | None
    registered_model: Any | None = MISSING_FIELD
    ai_model_id: str | None = MISSING_FIELD
    closed_resources_count: int = MISSING_FIELD  # type: ignore[assignment]
    resources_to_annotate_count: int = MISSING_FIELD  # type: ignore[assignment]
    most_recent_experiment: str | None = MISSING_FIELD
    annotators: list[dict[str, Any]] = MISSING_FIELD  # type: ignore[assignment]
    archived_on: str | None = MISSING_FIELD
    archived_by: str | None = MISSING_FIELD
    is_active_learning: bool = MISSING_FIELD  # type: ignore[assignment]
    two_up_display: bool = MISSING_FIELD  # type: ignore[assignment]
    require_review: bool = MISSING_FIELD  # type: ignore[assignment]

    def fetch_resources(self) -> Sequence[Resource]:
        """The project's resources, as they are now on the server."""
        return self._root.projects.get_project_resources(self)

    def cache_resources(self, progress_bar: bool = True) -> None:
        """Download what is not in the local cache yet, over several connections. What fails is raised at the end."""
        self._root.resources.cache_resources(self.fetch_resources(), progress_bar=progress_bar)

    def download_resources_datas(self, progress_bar: bool = True) -> None:
        """The same as :meth:`cache_resources`."""
        self.cache_resources(progress_bar)

    def get_annotations_specs(self) -> Sequence[AnnotationSpec]:
        """What the project wants annotated."""
        return self._root.projects.get_annotations_specs(self)

    def set_work_status(self, resource: Resource | str, status: WorkStatus) -> None:
        """Move the project's work on one resource: ``opened``, ``annotated`` or ``closed``."""
        self._root.projects.set_work_status(resource, status, self)

    def as_torch_dataset(
        self, root_dir: str | None = None, auto_update: bool = True, return_as_semantic_segmentation: bool = False
    ) -> Any:
        """The project as training data; see :mod:`fiducial.dataset`. torch is imported if it is there."""
        from fiducial import dataset

        build: Any = dataset.project_dataset
        return build(
            self,
            root_dir=root_dir,
            auto_update=auto_update,
            return_as_semantic_segmentation=return_as_semantic_segmentation,
        )

    @property
    def url(self) -> str:
        """The project's page in the browser application."""
        return f"{self._endpoint.config.web_app_url}/projects/edit/{self.id}"

    def show(self) -> None:
        """Open :attr:`url` in the default browser."""
        webbrowser.open(self.url)
