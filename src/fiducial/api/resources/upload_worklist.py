"""The worklist that the masks of an upload go to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, get_args

from fiducial.api.entity_base_api import is_uuid
from fiducial.entities.annotation_worklist import AnnotationWorklist
from fiducial.errors import Invalid
from fiducial.exceptions import ItemNotFoundError

if TYPE_CHECKING:
    from fiducial.api.client import Api

AiSegmentations = Literal["editable", "viewable"]
"""Whether annotators may start from what a model segmented, or only look at it."""


class UploadWorklist:
    """A project's worklist: one that is there, found before anything is sent, or one to be made when all is."""

    def __init__(
        self, root: Api, worklist: AnnotationWorklist | str, project: str | None, shown: AiSegmentations
    ) -> None:
        """``worklist`` is one, its id or its name. Raises Invalid without a project, and ItemNotFoundError for an id that the
        project does not have; a name that it does not have is that of a new one.
        """
        if project is None:
            raise Invalid("worklist needs publish_to: a worklist is of a project", field="worklist")
        if shown not in get_args(AiSegmentations):
            words = " or ".join(get_args(AiSegmentations))
            raise Invalid(f"ai_segmentations is {words}, not {shown!r}", field="ai_segmentations")
        wanted = worklist.id if isinstance(worklist, AnnotationWorklist) else worklist
        there = root.annotationsets.get_by_project(project)
        self._root, self._project, self._name, self._shown = root, project, wanted, shown
        self._found = next((one.id for one in there if wanted in {one.id, one.name}), None)
        if self._found is None and (isinstance(worklist, AnnotationWorklist) or is_uuid(wanted)):
            raise ItemNotFoundError(f"worklist {wanted} not found in project {project}", worklist=wanted)

    @property
    def id(self) -> str:
        """Of one that is to be made, after :meth:`take`."""
        if self._found is None:
            raise RuntimeError("the worklist is not made yet")
        return self._found

    def take(self, resource_ids: Sequence[str]) -> None:
        """Add the resources, which the project has."""
        sets = self._root.annotationsets
        if self._found is not None:
            sets.update_resources(self._found, resource_ids)
        else:
            self._found = str(sets.create(self._name, resource_ids, project=self._project, return_entity=False))

    def show(self, resource_ids: Sequence[str], annotation_ids: Sequence[str]) -> None:
        """Show these segmentations, which a model made, to the annotators."""
        made = set(annotation_ids)
        listed = self._root.annotations.get_list(resource_ids, "segmentation", worklist_id=self.id)
        identifiers = list(dict.fromkeys(one.identifier for one in listed if one.id in made))
        if identifiers:
            self._root.annotationsets.add_ai_segmentations(self.id, identifiers, editable=self._shown == "editable")
