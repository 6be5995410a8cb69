"""An annotation set as this dialect's worklist, with its specs, its people and its segmentation group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fiducial_server.dialects.datamint.types import TYPE_OF_FEATURE
from fiducial_server.dialects.datamint.wire.moment import moment
from fiducial_server.model.member import Member
from fiducial_server.model.ontology import SegmentationGroup
from fiducial_server.model.project import AnnotationSet, Feature

AI_SETTINGS: Mapping[str, str] = {
    "viewable_ai_segmentations": "viewable_ai_segs",
    "editable_ai_segmentations": "editable_ai_segs",
}
"""Written under the first name, read back under the second."""

_SHAPES = frozenset({"segmentation", "square", "region", "area", "distance", "angle", "point", "line", "circle"})


def worklist(
    value: AnnotationSet,
    specs: Sequence[Feature],
    members: Sequence[Member],
    group: SegmentationGroup,
    item_ids: Sequence[str] | None,
) -> dict[str, Any]:
    """``item_ids`` None leaves them out, as lists do."""
    shown: dict[str, Any] = {
        "id": value.id,
        "name": value.name,
        "status": value.status,
        "description": value.description,
        "project_id": value.project_id,
        "created_at": moment(value.created_at),
        "created_by": value.created_by,
        "annotators": [annotator(member) for member in members],
        "annotations": [spec(feature) for feature in specs if not feature.archived],
        "segmentation_group": groups(group),
        "segmentation_type": group.kind.value,
        **{read: value.settings.get(read) for read in AI_SETTINGS.values()},
    }
    if item_ids is not None:
        shown["resource_ids"] = list(item_ids)
    return shown


def annotator(member: Member) -> dict[str, Any]:
    return {
        "email": member.email,
        "status": member.status,
        "expertise_level": member.expertise_level,
        "user_id": member.user_id,
    }


def spec(feature: Feature) -> dict[str, Any]:
    """What may be labelled; categories also list their values."""
    name = TYPE_OF_FEATURE[feature.kind]
    shown: dict[str, Any] = {
        "type": name,
        "scope": feature.scope or ("frame" if name in _SHAPES else "image"),
        "required": feature.required,
        "identifier": feature.identifier,
        "color": rgba(feature.color),
    }
    if name == "category":
        shown["values"] = list(feature.values)
    return shown


def groups(group: SegmentationGroup) -> dict[str, Any]:
    """``{identifier: {index, color}}``."""
    return {
        segment.identifier: {"index": segment.index, "color": rgba(segment.color) or [255, 0, 0, 255]}
        for segment in group.segments
        if segment.index is not None
    }


def rgba(color: str | None) -> list[int] | None:
    """``#rrggbb`` or ``#rrggbbaa`` as four numbers."""
    if not color:
        return None
    digits = color.removeprefix("#")
    return [int(digits[i : i + 2], 16) for i in (0, 2, 4)] + [int(digits[6:8], 16) if len(digits) > 6 else 255]


def member(value: Member) -> dict[str, Any]:
    """A project's member."""
    return {
        "project_id": value.project_id,
        "user_id": value.user_id,
        "email": value.email,
        "roles": list(value.roles),
        "expertise_level": value.expertise_level,
        "status": value.status,
        "firstname": value.firstname,
        "lastname": value.lastname,
    }
