"""Annotation types of this wire and the stored kinds they are."""

from __future__ import annotations

from collections.abc import Mapping

from fiducial.errors import Invalid
from fiducial_server.model.label import LabelKind as K
from fiducial_server.model.ontology import FeatureKind as F

VALUE_TYPES: Mapping[str, K] = {
    "category": K.CATEGORY,
    "label": K.FLAG,
    "text": K.TEXT,
    "integer": K.INTEGER,
    "float": K.FLOAT,
}
SHAPE_TYPES = ("area", "distance", "angle", "point", "line", "region", "square", "circle", "spline")
TYPES = ("segmentation", *SHAPE_TYPES, *VALUE_TYPES)

TYPE_OF: Mapping[K, str] = {
    K.BOX: "square",
    K.ROTATABLE_BOX: "region",
    K.POLYGON: "region",
    K.POLYLINE: "region",
    K.LINE: "line",
    K.DISTANCE: "distance",
    K.AREA: "area",
    K.ANGLE: "angle",
    K.SPLINE: "spline",
    K.POINT: "point",
    K.KEYPOINTS: "region",
    K.CIRCLE: "circle",
    K.ELLIPSE: "region",
    K.MASK: "segmentation",
    K.VOLUME_MASK: "segmentation",
    **{kind: name for name, kind in VALUE_TYPES.items()},
}
"""How each stored kind is shown (one-truth, 2 and 3)."""

FEATURE_OF: Mapping[str, F] = {
    "segmentation": F.MASK,
    "square": F.BOX,
    "region": F.POLYGON,
    "category": F.RADIO,
    "label": F.FLAG,
    **{name: F(name) for name in ("area", "distance", "angle", "point", "line", "circle", "spline")},
    **{name: F(name) for name in ("text", "integer", "float")},
}
TYPE_OF_FEATURE: Mapping[str, str] = {
    F.MASK: "segmentation",
    F.BOX: "square",
    **dict.fromkeys((F.ROTATABLE_BOX, F.POLYGON, F.POLYLINE, F.KEYPOINTS, F.ELLIPSE), "region"),
    **dict.fromkeys((F.RADIO, F.CHECKLIST), "category"),
    F.FLAG: "label",
    **{F(name): name for name in ("area", "distance", "angle", "point", "line", "circle", "spline")},
    **{F(name): name for name in ("text", "integer", "float")},
}


def checked_type(name: object, field: str = "type") -> str:
    """``name`` when it is a type of this wire; Invalid with the list of those that are."""
    if not isinstance(name, str) or name not in TYPES:
        raise Invalid(
            f"{field}: there is no annotation type {str(name)[:80]!r}; there are {', '.join(TYPES)}", field=field
        )
    return name


def kinds_of(name: str) -> tuple[K, ...]:
    """The stored kinds that are shown as annotation type ``name``."""
    wanted = checked_type(name, "annotation_type")
    return tuple(kind for kind, shown in TYPE_OF.items() if shown == wanted)
