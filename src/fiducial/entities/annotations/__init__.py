"""Annotations, their types, their geometry, and what a project wants annotated."""

from __future__ import annotations

from fiducial.entities.annotations.annotation import Annotation, AnnotationBase
from fiducial.entities.annotations.annotation_spec import AnnotationSpec, CategoryAnnotationSpec
from fiducial.entities.annotations.geometry import (
    BoxGeometry,
    CoordinateSystem,
    Geometry,
    LineGeometry,
    PointGeometry,
    RegionGeometry,
)
from fiducial.entities.annotations.kinds import (
    AnyAnnotation,
    BoxAnnotation,
    CategoryAnnotation,
    ImageClassification,
    ImageSegmentation,
    LabelAnnotation,
    LineAnnotation,
    NumericAnnotation,
    PointAnnotation,
    RegionAnnotation,
    TextAnnotation,
    VolumeSegmentation,
    annotation_from_dict,
)
from fiducial.entities.annotations.types import AnnotationType

__all__ = [
    "Annotation",
    "AnnotationBase",
    "AnnotationSpec",
    "AnnotationType",
    "AnyAnnotation",
    "BoxAnnotation",
    "BoxGeometry",
    "CategoryAnnotation",
    "CategoryAnnotationSpec",
    "CoordinateSystem",
    "Geometry",
    "ImageClassification",
    "ImageSegmentation",
    "LabelAnnotation",
    "LineAnnotation",
    "LineGeometry",
    "NumericAnnotation",
    "PointAnnotation",
    "PointGeometry",
    "RegionAnnotation",
    "RegionGeometry",
    "TextAnnotation",
    "VolumeSegmentation",
    "annotation_from_dict",
]
