"""Annotations by type: what lists of annotations are made of."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AliasChoices, Discriminator, Field, Tag

from fiducial.entities.annotations.annotation import Annotation
from fiducial.entities.annotations.types import AnnotationType


class Segmentation(Annotation):
    """A mask. One that is on a server has a file; one that is on its way there has ``segmentation_data``."""

    annotation_type: AnnotationType | str = AnnotationType.SEGMENTATION
    segmentation_data: Any = Field(
        default=None, validation_alias=AliasChoices("segmentation_data", "mask"), exclude=True, repr=False
    )
    """The mask, or the path of its file; also called ``mask``. On its way only, and never told by a server."""


class ImageSegmentation(Segmentation):
    """A mask on one frame: its file is a PNG of the image's size, 0 and 255."""


class VolumeSegmentation(Segmentation):
    """A mask over a volume: its file is a NIfTI of the volume's grid. ``class_map`` names values where there are several."""

    class_map: dict[int, str] | None = None


class CategoryAnnotation(Annotation):
    """One choice among several."""

    annotation_type: AnnotationType | str = AnnotationType.CATEGORY


ImageClassification = CategoryAnnotation


class TextAnnotation(Annotation):
    """Free text."""

    annotation_type: AnnotationType | str = AnnotationType.TEXT


class LabelAnnotation(Annotation):
    """Something that is so; it has no value."""

    annotation_type: AnnotationType | str = AnnotationType.LABEL


class NumericAnnotation(Annotation):
    """A number, with ``units`` where it has any."""

    annotation_type: AnnotationType | str = AnnotationType.FLOAT


class LineAnnotation(Annotation):
    """Two points."""

    annotation_type: AnnotationType | str = AnnotationType.LINE


class BoxAnnotation(Annotation):
    """An upright box."""

    annotation_type: AnnotationType | str = AnnotationType.SQUARE


class PointAnnotation(Annotation):
    """One point."""

    annotation_type: AnnotationType | str = AnnotationType.POINT


class RegionAnnotation(Annotation):
    """A closed outline or an open line."""

    annotation_type: AnnotationType | str = AnnotationType.REGION


_BY_TYPE: dict[str, type[Annotation]] = {
    AnnotationType.SEGMENTATION: ImageSegmentation,
    AnnotationType.CATEGORY: CategoryAnnotation,
    AnnotationType.TEXT: TextAnnotation,
    AnnotationType.LABEL: LabelAnnotation,
    AnnotationType.INTEGER: NumericAnnotation,
    AnnotationType.FLOAT: NumericAnnotation,
    AnnotationType.LINE: LineAnnotation,
    AnnotationType.SQUARE: BoxAnnotation,
    AnnotationType.POINT: PointAnnotation,
    AnnotationType.REGION: RegionAnnotation,
}


def annotation_class(data: Any) -> type[Annotation]:
    """The class of an annotation in the server's words. A segmentation of the whole resource is one over its volume."""
    if isinstance(data, Annotation):
        return type(data)
    kind = _BY_TYPE.get(data.get("annotation_type", data.get("type")), Annotation)
    if kind is ImageSegmentation and (data.get("class_map") is not None or data.get("scope") == "image"):
        return VolumeSegmentation
    return kind


def annotation_from_dict(data: dict[str, Any]) -> Annotation:
    return annotation_class(data).model_validate(data)


def _tag(data: Any) -> str:
    return annotation_class(data).__name__


AnyAnnotation = Annotated[
    Annotated[ImageSegmentation, Tag("ImageSegmentation")]
    | Annotated[VolumeSegmentation, Tag("VolumeSegmentation")]
    | Annotated[CategoryAnnotation, Tag("CategoryAnnotation")]
    | Annotated[TextAnnotation, Tag("TextAnnotation")]
    | Annotated[LabelAnnotation, Tag("LabelAnnotation")]
    | Annotated[NumericAnnotation, Tag("NumericAnnotation")]
    | Annotated[LineAnnotation, Tag("LineAnnotation")]
    | Annotated[BoxAnnotation, Tag("BoxAnnotation")]
    | Annotated[PointAnnotation, Tag("PointAnnotation")]
    | Annotated[RegionAnnotation, Tag("RegionAnnotation")]
    | Annotated[Annotation, Tag("Annotation")],
    Discriminator(_tag),
]
"""For lists: each row becomes the class of its type."""
