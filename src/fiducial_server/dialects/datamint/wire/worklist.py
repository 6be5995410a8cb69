"""An annotation set as this dialect's worklist, with its specs, its people and its segmentation group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fiducial_server.dialects.datamint.types import TYPE_OF_FEATURE
from fiducial_server.dialects.datamint.wire.moment import moment
from fiducial_server.model.annotator import SetAnnotator
from fiducial_server.model.member import Member
from fiducial_server.model.ontology import FeatureKind, GroupChange, SegmentationGroup
from fiducial_server.model.project import AnnotationSet, Feature
from fiducial_server.services.worklist_labels import Saved

AI_SETTINGS: Mapping[str, str] = {
    "viewable_ai_segmentations": "viewable_ai_segs",
    "editable_ai_segmentations": "editable_ai_segs",
}
"""Written under the first name, read back under the second."""

_SHAPES = frozenset({"segmentation", "square", "region", "area", "distance", "angle", "point", "line", "circle"})


def worklist(
    value: AnnotationSet,
    specs: Sequence[Feature],
    annotators: Sequence[SetAnnotator],
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
        "annotators": [annotator(one) for one in annotators],
        "annotations": [shown for feature in specs for shown in specs_of(feature)],
        "frame_labels": _flags(specs, "frame"),
        "image_labels": _flags(specs, "image"),
        "segmentation_group": groups(group),
        "segmentation_type": group.kind.value,
        **{read: value.settings.get(read) for read in AI_SETTINGS.values()},
    }
    if item_ids is not None:
        shown["resource_ids"] = list(item_ids)
    return shown


def annotator(value: SetAnnotator) -> dict[str, Any]:
    """Somebody who is to label in the set."""
    return {
        "email": value.email,
        "status": value.status.value,
        "expertise_level": value.expertise_level,
        "requires_review": value.requires_review,
        "user_id": value.user_id,
    }


def set_annotator(value: SetAnnotator) -> dict[str, Any]:
    """The same, with where and since when."""
    return {
        "annotation_worklist_id": value.annotation_set_id,
        **annotator(value),
        "firstname": value.firstname,
        "lastname": value.lastname,
        "created_at": moment(value.created_at),
        "created_by": value.created_by,
        "updated_at": moment(value.updated_at),
    }


def _flags(specs: Sequence[Feature], scope: str) -> list[str]:
    """Label names, as old clients write them by scope."""
    return [one.identifier for one in specs if one.kind == FeatureKind.FLAG and scope in (one.scopes or ("image",))]


def specs_of(feature: Feature) -> list[dict[str, Any]]:
    """What may be labelled, once for each scope; categories also list their values."""
    name = TYPE_OF_FEATURE[feature.kind]
    return [_spec(feature, name, scope) for scope in feature.scopes or ("frame" if name in _SHAPES else "image",)]


def _spec(feature: Feature, name: str, scope: str) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "type": name,
        "scope": scope,
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


def group_change(change: GroupChange) -> dict[str, Any]:
    """What a file made of the segmentation group."""
    return {
        "groups": groups(change.group),
        "segmentation_type": change.group.kind.value,
        "added": change.added,
        "changed": change.changed,
        "kept": change.kept,
        "removed": change.removed,
    }


def saved(value: Saved) -> dict[str, Any]:
    """Ids of annotations: all in the order of the entries, then what became of each."""
    return {"ids": value.ids, "created": value.created, "updated": value.changed, "unchanged": value.kept}


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
