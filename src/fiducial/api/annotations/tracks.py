# ruff: noqa: PLR0917 - documented signatures have many positional parameters
"""Tracks: what is said of ranges of frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fiducial.api.annotations.base import AnnotationCalls
from fiducial.api.entity_base_api import without_none
from fiducial.entities.annotations import AnnotationType
from fiducial.entities.resource import Resource


class TrackCalls(AnnotationCalls):
    """Ranges are half-open: ``(start, end)``, the end not in."""

    def set_frame_ranges(
        self,
        resource: str | Resource,
        identifier: str,
        type: AnnotationType | str,  # noqa: A002 - the documented name
        values: Mapping[str | float | None, Sequence[tuple[int, int]]],
        worklist_id: str | None = None,
        model_id: str | None = None,
        source: str | None = None,
    ) -> dict[str, Any]:
        """Replace a whole track (resource, identifier, type, author, worklist): per value its frames ``[start, end)``.

        What is not in ``values`` is removed; an empty mapping clears the track. The key None is for labels, which have no
        value. Gives the rows that were ``created`` and ``deleted``.
        """
        listed = [
            without_none({"value": value}) | {"frame_ranges": [{"start": start, "end": end} for start, end in ranges]}
            for value, ranges in values.items()
        ]
        body = {
            "identifier": identifier,
            "type": AnnotationType(type).value,
            "values": listed,
            "annotation_worklist_id": worklist_id,
            "model_id": model_id,
            "source": source,
        }
        path = self._path(self._entid(resource), "frame-ranges")
        found: dict[str, Any] = self._json("PUT", path, json=without_none(body))
        return found

    def get_frame_ranges(
        self, resource: str | Resource, worklist_id: str | None = None, created_by: str | None = None
    ) -> list[dict[str, Any]]:
        """What is said of frames, one record per identifier, value and author; ``frame_ranges`` are ``(start, end)``, the end
        not in.
        """
        params = without_none({"annotation_worklist_id": worklist_id, "created_by": created_by})
        rows: list[dict[str, Any]] = self._json("GET", self._path(self._entid(resource), "frame-ranges"), params=params)
        for row in rows:
            row["frame_ranges"] = [(r["start"], r["end"]) for r in row.get("frame_ranges") or ()]
        return rows
