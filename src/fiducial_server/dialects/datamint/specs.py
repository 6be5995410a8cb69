"""What may be labelled, as clients write it: annotation specs, label names of old clients, segmentation groups."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence, Set
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
from fiducial_server.model.project import Feature


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


def changed_specs(body: Fields, there: Callable[[], Sequence[Feature]]) -> tuple[FeatureSpec, ...] | None:
    """The specs of a change: ``annotations`` are all there are. Without them ``frame_labels`` and ``image_labels`` take the
    place of the labels of that scope, and everything else of what is ``there`` stays.
    """
    given = feature_specs(body)
    if given is None or body.raw("annotations") is not None:
        return given
    gone = {scope for scope in ("frame", "image") if body.raw(f"{scope}_labels") is not None}
    return (*(spec for feature in there() for spec in _kept(feature, gone)), *given)


def _kept(feature: Feature, gone: Set[str]) -> list[FeatureSpec]:
    kind = FeatureKind(feature.kind)
    if kind is not FeatureKind.FLAG:
        return [FeatureSpec(kind, feature.identifier)]
    left = [scope for scope in feature.scopes or ("image",) if scope not in gone]
    return [FeatureSpec(kind, feature.identifier, scope=scope) for scope in left]


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


_RENAMES = "a mapping {old: new}, or a list of {from, to}, of [old, new] or of texts 'old→new' or 'old->new'"


def renames(body: Fields) -> Mapping[str, str] | None:
    """Old identifier to new one: a mapping, or a list of ``{from, to}``, of pairs, or of texts ``old→new`` or ``old->new``."""
    given = body.raw("renames")
    if given is None:
        return None
    if isinstance(given, dict):
        return dict(_rename([old, new], f"renames[{old[:80]!r}]") for old, new in given.items())
    if isinstance(given, list):
        return dict(_rename(entry, f"renames[{i}]") for i, entry in enumerate(given))
    raise Invalid(f"renames must be {_RENAMES}, not {str(given)[:80]!r}", field="renames")


def _rename(entry: Any, where: str) -> tuple[str, str]:
    if isinstance(entry, dict):
        pair = Fields(entry, where)
        return pair.required_text("from"), pair.required_text("to")
    words = re.split(r"→|->", entry) if isinstance(entry, str) else entry
    if not isinstance(words, list) or len(words) != 2 or not all(isinstance(w, str) and w.strip() for w in words):
        told = f"{where} must be an old and a new identifier, not {str(entry)[:80]!r}; renames is {_RENAMES}"
        raise Invalid(told, field=where)
    return words[0].strip(), words[1].strip()
