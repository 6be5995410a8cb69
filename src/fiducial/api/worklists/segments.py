"""Segments of a worklist: what masks may be called, with which colour and index."""

from __future__ import annotations

import colorsys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fiducial.api.entity_base_api import without_none
from fiducial.api.worklists.base import Worklist, WorklistCalls

_TURN = 0.61803398875
"""The golden ratio: hues that follow each other by it are far apart, however many there are."""


class SegmentCalls(WorklistCalls):
    """The segmentation group of a worklist: ``{identifier: {"index", "color"}}``, indices from 1."""

    @staticmethod
    def segment_schema(
        identifiers: Sequence[str],
        annotations: Sequence[Mapping[str, Any]] | None = None,
        segmentation_group: Mapping[str, Mapping[str, Any]] | None = None,
        segmentation_value_type: str = "single_label",
    ) -> dict[str, Any]:
        """What to write so that a worklist has these segments beside what is there; empty when it has them all.

        ``annotations`` are the specs and ``segmentation_group`` the segments that are there; they stay as they are. Gives
        ``annotations`` and ``segmentation_data`` for :meth:`create` and :meth:`patch`.
        """
        wanted, specs, group = list(dict.fromkeys(identifiers)), list(annotations or ()), segmentation_group or {}
        specified = {spec.get("identifier") for spec in specs if spec.get("type") == "segmentation"}
        new_specs = [one for one in wanted if one not in specified]
        new_segments = [one for one in wanted if one not in group]
        if not new_specs and not new_segments:
            return {}
        definitions = sorted(
            (_definition(name, **segment) for name, segment in group.items()), key=lambda d: d["index"]
        )
        first = max((definition["index"] for definition in definitions), default=0) + 1
        definitions += [_definition(name, first + n, _colour(first + n)) for n, name in enumerate(new_segments)]
        specs += [{"type": "segmentation", "identifier": n, "scope": "frame", "required": False} for n in new_specs]
        data = {"segmentationValueType": segmentation_value_type, "definitions": definitions}
        return {"annotations": specs, "segmentation_data": data}

    def add_segments(self, worklist: Worklist, identifiers: Sequence[str]) -> None:
        """Make masks of these names possible, beside those that are."""
        path = self._path(self._entid(worklist))
        told = self._json("GET", path)
        group, kind = told.get("segmentation_group"), told.get("segmentation_type") or "single_label"
        if changes := self.segment_schema(identifiers, told.get("annotations"), group, kind):
            self._request("PATCH", path, json=changes)

    def add_ai_segmentations(self, worklist: Worklist, identifiers: Sequence[str], editable: bool = True) -> None:
        """Show segmentations that models made to the annotators, beside those that are shown.

        ``editable``: annotators may start from them; otherwise they can only look.
        """
        path = self._path(self._entid(worklist))
        told, changes = self._json("GET", path), {}
        for kind in ("viewable", "editable") if editable else ("viewable",):
            there = list(told.get(f"{kind}_ai_segs") or ())
            wanted = list(dict.fromkeys([*there, *identifiers]))
            if wanted != there:
                changes[f"{kind}_ai_segmentations"] = wanted
        if changes:
            self._request("PATCH", path, json=changes)

    def get_segmentation_group(self, worklist_id: Worklist) -> dict[str, Any]:
        """``{"groups": {identifier: {"index", "color"}}}``."""
        found: dict[str, Any] = self._json("GET", self._path(self._entid(worklist_id), "segmentation-group"))
        return found

    def update_segmentation_group(
        self,
        worklist_id: Worklist,
        definitions: Sequence[Mapping[str, Any]],
        segmentation_value_type: str = "single_label",
        renames: Mapping[str, str] | Sequence[tuple[str, str] | str] | None = None,
    ) -> None:
        """These segments instead of those that are there.

        A definition is ``identifier``, ``color`` (3 or 4 numbers, 0 to 255) and ``index`` (from 1). ``renames``: old to new
        identifier, as a mapping, as pairs or as texts ``old→new``; masks follow.
        """
        data = {"segmentationValueType": segmentation_value_type, "definitions": [dict(one) for one in definitions]}
        body = {"segmentationData": data, "renames": _renames_as_sent(renames)}
        self._request("PUT", self._path(self._entid(worklist_id), "segmentation-group"), json=without_none(body))

    def delete_segmentation_group(self, worklist_id: Worklist, identifier: str) -> None:
        """Take one segment out; masks of that name stay."""
        self._request("DELETE", self._path(self._entid(worklist_id), "segmentation-group", identifier))

    def upload_segmentation_group(
        self, worklist_id: Worklist, file: str | Path | Any, replace_existing: bool = True
    ) -> dict[str, Any]:
        """Segments from a YAML, CSV or JSON file (a path, or an open file): the server's answer.

        With ``replace_existing`` they stand instead of those that are there, otherwise beside them.
        """
        path = self._path(self._entid(worklist_id), "segmentation-group", "upload")
        with opened(file, "segments.json") as (name, content):
            fields = {"replace_existing": str(replace_existing).lower()}
            found: dict[str, Any] = self._json("POST", path, data=fields, files={"file": (name, content)}, what=name)
        return found


@contextmanager
def opened(file: str | Path | Any, default: str) -> Iterator[tuple[str, Any]]:
    """Name and open content of a path, of an open file (left open) or of bytes; ``default`` names what has no name."""
    if isinstance(file, (str, Path)):
        with Path(file).open("rb") as content:
            yield Path(file).name, content
    else:
        yield Path(str(getattr(file, "name", default))).name, file


def _renames_as_sent(given: Mapping[str, str] | Sequence[tuple[str, str] | str] | None) -> Any:
    if given is None or isinstance(given, Mapping):
        return given and dict(given)
    return [one if isinstance(one, str) else list(one) for one in given]


def _definition(identifier: str, index: int, color: Sequence[int], **_: Any) -> dict[str, Any]:
    return {"identifier": identifier, "color": list(color)[:3], "index": index}


def _colour(index: int) -> list[int]:
    return [round(part * 255) for part in colorsys.hsv_to_rgb(index * _TURN % 1, 0.8, 0.95)]
