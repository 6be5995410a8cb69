"""What may be labelled, as it is written: features to be, and the segmentation group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fiducial_server.model.label import LabelKind


class FeatureKind(StrEnum):
    """What a feature makes labels of: an object shape, or an attribute type.

    Both mask kinds are one feature (``mask``). ``category`` labels belong to a ``radio`` feature, or to a ``checklist``
    where several of its values may hold at once; ``flag`` is a checklist of the one option that it is named after.
    """

    BOX = "box"
    ROTATABLE_BOX = "rotatable_box"
    POLYGON = "polygon"
    POLYLINE = "polyline"
    LINE = "line"
    DISTANCE = "distance"
    AREA = "area"
    ANGLE = "angle"
    SPLINE = "spline"
    POINT = "point"
    KEYPOINTS = "keypoints"
    CIRCLE = "circle"
    ELLIPSE = "ellipse"
    MASK = "mask"
    RADIO = "radio"
    CHECKLIST = "checklist"
    FLAG = "flag"
    TEXT = "text"
    INTEGER = "integer"
    FLOAT = "float"


_SPECIAL = {
    LabelKind.VOLUME_MASK: (FeatureKind.MASK,),
    LabelKind.CATEGORY: (FeatureKind.RADIO, FeatureKind.CHECKLIST),
}


def feature_kinds(kind: LabelKind) -> tuple[FeatureKind, ...]:
    """Kinds of feature that a label of ``kind`` may belong to; the first is the one that is made when none is there."""
    return _SPECIAL.get(kind) or (FeatureKind(kind.value),)


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """A feature to be written. None means "leave it as it is" (or empty when the feature is new).

    ``color`` is ``#rrggbb`` or ``#rrggbbaa``; ``index`` is the 1-based place in the segmentation group (masks only);
    ``scope`` is ``image`` or ``frame``.
    """

    kind: FeatureKind
    identifier: str
    scope: str | None = None
    required: bool | None = None
    color: str | None = None
    index: int | None = None
    values: tuple[str, ...] | None = None
    dynamic: bool | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Dialect-owned facts that are stored and given back."""


MOST_INDEX = 65_535
"""The largest index of a segment: a mask of all segments fits into 16 bits, and no reader's table grows without bound."""


class SegmentationType(StrEnum):
    SINGLE_LABEL = "single_label"
    MULTI_LABEL = "multi_label"


@dataclass(frozen=True, slots=True)
class SegmentDefinition:
    """``color`` is ``#rrggbb`` or ``#rrggbbaa``; ``index`` counts from 1."""

    identifier: str
    index: int | None = None
    color: str | None = None


@dataclass(frozen=True, slots=True)
class SegmentationGroup:
    """The mask features of an ontology, in order of index."""

    kind: SegmentationType
    segments: tuple[SegmentDefinition, ...]


@dataclass(frozen=True, slots=True)
class GroupChange:
    """A segmentation group as it is now, and which identifiers were added, changed, kept as they were, or removed."""

    group: SegmentationGroup
    added: tuple[str, ...]
    changed: tuple[str, ...]
    kept: tuple[str, ...]
    removed: tuple[str, ...]
