"""What may be labelled, as clients write it: annotation specs, label names of old clients, segmentation groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fiducial.errors import Invalid
from fiducial_server.dialects.datamint.body import Fields, json_object
from fiducial_server.dialects.datamint.types import FEATURE_OF, checked_type
from fiducial_server.model.ontology import (
    FeatureKind,
    FeatureSpec,
    SegmentationGroup,
    SegmentationType,
    SegmentDefinition,
)


def feature_specs(body: Fields) -> tuple[FeatureSpec, ...] | None:
    """Specs of ``annotations``, ``frame_labels`` and ``image_labels``; None when none of the three is there."""
    names = ("annotations", "frame_labels", "image_labels")
    if all(body.raw(name) is None for name in names):
        return None
    flags = [
        FeatureSpec(FeatureKind.FLAG, identifier, scope=scope)
        for scope in ("frame", "image")
        for identifier in body.texts(f"{scope}_labels")
    ]
    entries = [Fields(entry, f"annotations[{i}]") for i, entry in enumerate(body.objects("annotations"))]
    return (*(_spec(entry) for entry in entries), *flags)


def _spec(entry: Fields) -> FeatureSpec:
    values = entry.raw("values")
    return FeatureSpec(
        FEATURE_OF[checked_type(entry.raw("type") or entry.raw("annotation_type"), entry.name("type"))],
        entry.required_text("identifier"),
        scope=entry.text("scope"),
        required=entry.flag("required"),
        color=hex_color(entry.raw("color"), entry.name("color")),
        values=None if values is None else entry.texts("values"),
    )


def segmentation_group(given: Any, field: str) -> SegmentationGroup | None:
    """``{segmentationValueType, definitions: [{identifier, color, index}]}``; None when it was not sent."""
    if given is None:
        return None
    data = Fields(json_object(given, field), field)
    word = data.text("segmentationValueType") or SegmentationType.SINGLE_LABEL
    try:
        kind = SegmentationType(word)
    except ValueError:
        raise data.wrong("segmentationValueType", f"one of {', '.join(SegmentationType)}") from None
    entries = [Fields(entry, f"{field}.definitions[{i}]") for i, entry in enumerate(data.objects("definitions"))]
    return SegmentationGroup(kind, tuple(_definition(entry) for entry in entries))


def _definition(entry: Fields) -> SegmentDefinition:
    color = hex_color(entry.raw("color"), entry.name("color"))
    return SegmentDefinition(entry.required_text("identifier"), entry.whole("index"), color)


def hex_color(given: Any, field: str) -> str | None:
    """``[r, g, b]``, ``[r, g, b, a]`` or ``#rrggbb`` as ``#rrggbb`` or ``#rrggbbaa``."""
    if given is None:
        return None
    if isinstance(given, str) and given.startswith("#") and len(given) in {7, 9}:
        return given.lower()
    wanted = isinstance(given, list) and len(given) in {3, 4}
    if not wanted or any(type(part) is not int or not 0 <= part <= 255 for part in given):
        raise Invalid(f"{field} must be 3 or 4 numbers from 0 to 255, not {str(given)[:80]!r}", field=field)
    opaque = len(given) == 4 and given[3] == 255
    return "#" + "".join(f"{part:02x}" for part in (given[:3] if opaque else given))


def renames(body: Fields) -> Mapping[str, str] | None:
    """Old identifier to new one."""
    given = body.raw("renames")
    if given is None:
        return None
    if isinstance(given, list):  # [{from, to}, ...]
        pairs = [Fields(json_object(entry, "renames")) for entry in given]
        return {pair.required_text("from"): pair.required_text("to") for pair in pairs}
    return {str(old): str(new) for old, new in json_object(given, "renames").items()}
