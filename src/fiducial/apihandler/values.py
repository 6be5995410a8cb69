# ruff: noqa: PLR0917 - documented signatures have many positional parameters
"""What is said of resources and frames: labels, and categories with their value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fiducial.api.annotation_item import as_sent, said_by
from fiducial.apihandler.base_api_handler import BaseAPIHandler, not_found, require_id
from fiducial.errors import Invalid

Frames = int | tuple[int, int] | None
_ENDS = 2


def on_frames(frame_index: Frames) -> dict[str, Any]:
    """Where an annotation is: the whole resource, a frame, or all frames from the first to the last of a pair, both in."""
    if frame_index is None:
        return {"scope": "image"}
    if _is_frame(frame_index):
        return {"scope": "frame", "frame_index": frame_index}
    ends: Sequence[Any] = frame_index if isinstance(frame_index, (tuple, list)) else ()
    if len(ends) != _ENDS or not all(_is_frame(end) for end in ends) or ends[0] > ends[1]:
        raise Invalid(
            f"frame_index is a frame (0 or more) or a pair (first, last) with first <= last, not {frame_index!r}",
            field="frame_index",
        )
    return {"scope": "frame", "frame_range": list(ends)}


def _is_frame(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


class ValueCalls(BaseAPIHandler):
    """Calls that write labels and categories."""

    def add_annotations(
        self,
        resource_id: str,
        identifier: str,
        frame_index: int | tuple[int, int] | None = None,
        value: str | None = None,
        worklist_id: str | None = None,
        imported_from: str | None = None,
        author_email: str | None = None,
        model_id: str | None = None,
        project: str | None = None,
    ) -> list[str]:
        """Say something of a resource or of frames: a category if there is a ``value``, else a plain label.

        A pair as ``frame_index`` means all frames from the first to the last. They are one record, shown as one annotation
        per frame; the id given is that of the first. ``project`` is a name or an id and means the project's main worklist.
        The ids of what was written.
        """
        kind = "label" if value is None else "category"
        facts = said_by(self._worklist_of(project, worklist_id), author_email, imported_from, model_id, None)
        fields = {"type": kind, "identifier": identifier, "value": value, **on_frames(frame_index), **facts}
        return self._annotate(resource_id, fields)

    def add_image_category_annotation(
        self,
        resource_id: str,
        identifier: str,
        value: str,
        imported_from: str | None = None,
        author_email: str | None = None,
        worklist_id: str | None = None,
        project: str | None = None,
    ) -> list[str]:
        """A category of the whole resource; its id in a list."""
        _require_value(value)
        facts = said_by(self._worklist_of(project, worklist_id), author_email, imported_from, None, None)
        fields = {"type": "category", "identifier": identifier, "value": value, **on_frames(None), **facts}
        return self._annotate(resource_id, fields)

    def add_frame_category_annotation(
        self,
        resource_id: str,
        frame_index: int | tuple[int, int],
        identifier: str,
        value: str,
        worklist_id: str | None = None,
        imported_from: str | None = None,
        author_email: str | None = None,
    ) -> list[str]:
        """A category of one frame, or of all frames from the first to the last of a pair; see :meth:`add_annotations`."""
        _require_value(value)
        if frame_index is None:
            raise Invalid(
                "frame_index is missing: the category of a whole resource is another call", field="frame_index"
            )
        facts = said_by(worklist_id, author_email, imported_from, None, None)
        fields = {"type": "category", "identifier": identifier, "value": value, **on_frames(frame_index), **facts}
        return self._annotate(resource_id, fields)

    def _annotate(self, resource_id: str, *items: Mapping[str, Any]) -> list[str]:
        """Write annotations in one request, all or none; their ids."""
        require_id("resource", resource_id=resource_id)
        with not_found("resource", resource_id=resource_id):
            body = [as_sent(item) for item in items]
            path = f"/annotations/{resource_id}/annotations"
            ids = self._when_ready(resource_id, lambda: self._json("POST", path, json=body))
        return [str(one) for one in ids]


def _require_value(value: Any) -> None:
    if value is None:
        raise Invalid("value is missing: a category says which one", field="value")
