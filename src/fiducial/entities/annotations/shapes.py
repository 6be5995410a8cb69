"""From an annotation to its geometry as points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fiducial.entities.annotations.geometry import BoxGeometry, Geometry, LineGeometry, PointGeometry, RegionGeometry
from fiducial.entities.annotations.types import AnnotationType

if TYPE_CHECKING:
    from fiducial.entities.annotations.annotation import Annotation

_KINDS: dict[str, type[Geometry]] = {
    AnnotationType.LINE: LineGeometry,
    AnnotationType.DISTANCE: LineGeometry,
    AnnotationType.POINT: PointGeometry,
    AnnotationType.REGION: RegionGeometry,
    AnnotationType.SQUARE: BoxGeometry,
}


def shape_of(annotation: Annotation) -> Geometry | None:
    geometry: Any = annotation.geometry
    if geometry is None:
        return None
    kind = _KINDS.get(annotation.annotation_type, Geometry)
    return kind.model_validate(geometry if isinstance(geometry, dict) else {"points": geometry})
