"""The types of annotations."""

from __future__ import annotations

from enum import StrEnum
from typing import NoReturn

from fiducial.errors import Invalid


class AnnotationType(StrEnum):
    """What an annotation is; the value is the word on the wire."""

    SEGMENTATION = "segmentation"
    AREA = "area"
    DISTANCE = "distance"
    ANGLE = "angle"
    POINT = "point"
    LINE = "line"
    REGION = "region"
    SQUARE = "square"
    CIRCLE = "circle"
    CATEGORY = "category"
    LABEL = "label"
    INTEGER = "integer"
    FLOAT = "float"
    TEXT = "text"
    SPLINE = "spline"

    @classmethod
    def _missing_(cls, value: object) -> NoReturn:
        known = ", ".join(member.value for member in cls)
        raise Invalid(f"type is {value!r}, which is none of the types of annotations: {known}", field="type")


NUMERIC_TYPES = frozenset({AnnotationType.INTEGER, AnnotationType.FLOAT})
GEOMETRY_TYPES = frozenset(
    {
        AnnotationType.AREA,
        AnnotationType.DISTANCE,
        AnnotationType.ANGLE,
        AnnotationType.POINT,
        AnnotationType.LINE,
        AnnotationType.REGION,
        AnnotationType.SQUARE,
        AnnotationType.CIRCLE,
        AnnotationType.SPLINE,
    }
)
