"""Labels of one resource in one worklist."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from fiducial.api.entity_base_api import without_none
from fiducial.api.worklists.base import Worklist, WorklistCalls
from fiducial.api.worklists.segments import opened
from fiducial.entities.annotations.geometry import Geometry
from fiducial.entities.resource import Resource


class LabelCalls(WorklistCalls):
    """Rows as the server tells them; :class:`~fiducial.api.endpoints.AnnotationsApi` gives entities."""

    def get_segmentations(
        self,
        worklist_id: Worklist,
        resource: str | Resource,
        all: bool = True,  # noqa: A002 - the documented name
        annotator_email: str | None = None,
    ) -> list[dict[str, Any]]:
        """Masks on the resource: of everybody, or with ``all=False`` the caller's own; or of one annotator."""
        return self._labels(worklist_id, resource, "segmentations", all, annotator_email)

    def get_annotations(
        self,
        worklist_id: Worklist,
        resource: str | Resource,
        all: bool = True,  # noqa: A002 - the documented name
        annotator_email: str | None = None,
    ) -> list[dict[str, Any]]:
        """What is not a mask on the resource: of everybody, or with ``all=False`` the caller's own; or of one annotator."""
        return self._labels(worklist_id, resource, "annotations", all, annotator_email)

    def _labels(
        self, worklist: Worklist, resource: str | Resource, what: str, everybody: bool, annotator: str | None
    ) -> list[dict[str, Any]]:
        params = without_none({"all": str(everybody).lower(), "annotator": annotator})
        return self._rows(self._on(worklist, resource, what), params)

    def get_ai_segmentations(self, worklist_id: Worklist, resource: str | Resource) -> list[dict[str, Any]]:
        """Masks that models made, of the names that the worklist shows."""
        return self._rows(self._on(worklist_id, resource, "ai_segmentations"))

    def upload_annotations(
        self,
        worklist_id: Worklist,
        resource: str | Resource,
        payload: str | Sequence[Mapping[str, Any]],
        images: Sequence[str | Path | Any] | None = None,
    ) -> Any:
        """Write masks of one resource; the server's answer.

        ``payload``: a mapping per mask (or JSON text of the list) with ``identifier``, ``frame_index``, ``width``,
        ``height``, and where wanted ``id`` (replaces that mask), ``set_name`` and ``geometry`` (a shape instead of a mask; a
        :class:`~fiducial.entities.annotations.Geometry` says whether its points are pixels). ``images``: the pictures (paths
        or open files), one for each mapping without a geometry, in their order.
        """
        text = payload if isinstance(payload, str) else json.dumps([_plain(one) for one in payload])
        path = self._on(worklist_id, resource, "segmentations")
        with ExitStack() as open_files:
            parts = [open_files.enter_context(opened(image, f"image_{n}.png")) for n, image in enumerate(images or ())]
            files = [("images", part) for part in parts] or None
            return self._json("POST", path, data={"payload": text}, files=files)


def _plain(one: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.to_dict() if isinstance(value, Geometry) else value for name, value in one.items()}
