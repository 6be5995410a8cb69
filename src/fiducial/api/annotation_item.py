"""An annotation as an item of the request that creates it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from fiducial.api.entity_base_api import without_none
from fiducial.entities.annotations import Annotation, AnnotationType, Geometry
from fiducial.entities.annotations.geometry import require_finite
from fiducial.entities.annotations.types import NUMERIC_TYPES
from fiducial.errors import Invalid

_SENT = (
    "identifier", "scope", "frame_index", "frame_range", "annotation_worklist_id", "imported_from", "import_author", "units",
    "geometry", "is_model", "model_id", "source", "values", "set_name", "confiability", "project_id",
)  # fmt: skip
"""Fields of an annotation that are sent as they are; type and value have rules of their own."""


def said_by(
    worklist_id: str | None,
    author_email: str | None,
    imported_from: str | None,
    model_id: str | None,
    source: str | None,
) -> dict[str, Any]:
    """Who and where from: the same for annotations of every kind."""
    return {
        "annotation_worklist_id": worklist_id,
        "import_author": author_email,
        "imported_from": imported_from,
        "model_id": model_id,
        "is_model": True if model_id is not None else None,
        "source": source,
    }


def on_frames(frame_index: int | None, frame_range: tuple[int, int] | None) -> dict[str, Any]:
    """Half-open here, as Python counts; inclusive on the wire of new annotations."""
    if frame_range is None:
        return {"scope": "image" if frame_index is None else "frame", "frame_index": frame_index}
    if frame_index is not None:
        raise Invalid("frame_index and frame_range exclude each other", field="frame_range")
    start, end = frame_range
    if not 0 <= start < end:
        raise Invalid(f"frame_range is (start, end) with 0 <= start < end, not {frame_range}", field="frame_range")
    return {"scope": "frame", "frame_range": [start, end - 1]}


def fields_of(annotation: Any) -> dict[str, Any]:
    if isinstance(annotation, Mapping):
        return dict(annotation)
    if isinstance(annotation, Annotation):
        return without_none(annotation.asdict())
    raise TypeError(f"an annotation is an Annotation or a mapping, not a {type(annotation).__name__}")


def as_sent(annotation: Any) -> dict[str, Any]:
    """An item of the request (nothing that the server decides is sent).

    Raises :class:`~fiducial.errors.Invalid` for an unknown type, and for a value or a coordinate that is not finite.
    """
    fields = fields_of(annotation)
    if "name" in fields:
        fields.setdefault("identifier", fields["name"])
    kind = AnnotationType(str(fields.get("type", fields.get("annotation_type"))))
    value = fields.get("value", fields.get("numeric_value" if kind in NUMERIC_TYPES else "text_value"))
    for name, number in (("value", value), ("confiability", fields.get("confiability"))):
        if isinstance(number, float) and not math.isfinite(number):
            raise Invalid(f"{name} is {number}; it must be finite", field=name)
    fields["geometry"] = _geometry_as_sent(fields.get("geometry"))
    sent = {name: fields.get(name) for name in _SENT}
    return without_none({"type": kind.value, "value": value, **sent})


def _geometry_as_sent(geometry: Any) -> Any:
    """What is not finite is no JSON, so it is refused here, by its name."""
    if isinstance(geometry, Geometry):
        return geometry.to_dict()
    if isinstance(geometry, Mapping) and "points" in geometry:
        require_finite(geometry["points"])
    elif isinstance(geometry, (list, tuple)):
        require_finite(geometry)
    return geometry
