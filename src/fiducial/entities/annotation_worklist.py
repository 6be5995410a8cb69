"""An annotation worklist: who labels which resources of a project, with what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, PrivateAttr, field_validator

from fiducial.entities.annotations.annotation_spec import AnnotationSpec, spec_of
from fiducial.entities.base_entity import MISSING_FIELD, BaseEntity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fiducial.entities.resource import Resource


class WorklistAnnotator(BaseModel):
    """Somebody who labels in a worklist; the e-mail address is the id."""

    model_config = ConfigDict(extra="allow")

    email: str
    status: str
    """``active`` or ``frozen``."""
    expertise_level: str | None = None
    """``learner``, ``trained`` or ``expert``."""


class AnnotationWorklist(BaseEntity):
    """A worklist. Lists leave ``annotations`` and ``resource_ids`` out; reading one of them fetches both.

    What the server tells beside the fields: ``segmentation_group`` (``{identifier: {"index", "color"}}``, indices from 1),
    ``segmentation_type`` (``single_label`` or ``multi_label``), ``viewable_ai_segs`` and ``editable_ai_segs`` (identifiers).
    """

    id: str
    name: str
    status: str = "new"
    annotators: list[WorklistAnnotator]
    description: str | None = None
    annotations: list[AnnotationSpec] = MISSING_FIELD  # type: ignore[assignment]
    """What is to be labelled."""
    created_by: str = MISSING_FIELD
    created_at: str = MISSING_FIELD
    resource_ids: list[str] = MISSING_FIELD  # type: ignore[assignment]

    _resources: list[Resource] | None = PrivateAttr(default=None)

    @field_validator("annotations", mode="before")
    @classmethod
    def _specs(cls, value: Any) -> Any:
        return [spec_of(one) if isinstance(one, dict) else one for one in value] if isinstance(value, list) else value

    def fetch_resources(self) -> Sequence[Resource]:
        """The worklist's resources; asked for once, then remembered until :meth:`invalidate_cache`."""
        if self._resources is None:
            from fiducial.api.entity_base_api import in_parallel

            self._resources = in_parallel(self._root.resources.get_by_id, self.resource_ids)
        return self._resources

    def invalidate_cache(self) -> None:
        """Forget what was fetched, so that the next access asks the server."""
        self._resources = None
