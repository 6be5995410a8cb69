"""From an annotation to its geometry as points, in the system it came in or in pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fiducial.entities.annotations.geometry import BoxGeometry, Geometry, LineGeometry, PointGeometry, RegionGeometry
from fiducial.entities.annotations.types import AnnotationType
from fiducial.errors import Unsupported

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


def pixel_shape_of(annotation: Annotation) -> Geometry | None:
    shape = shape_of(annotation)
    if shape is None or not annotation.resource.is_volume():
        return shape
    from fiducial.entities.readers import reader_of
    from fiducial.geometry.datamint_points import datamint_to_pixels

    with reader_of(annotation.resource.local_path()) as reader:
        header = reader.header
    if header.voxel_to_patient is not None:
        placed, _ = datamint_to_pixels(shape.to_dict(), header.voxel_to_patient)
        return type(shape).model_validate({**placed, "coordinate_system": "pixel"})
    if shape.viewPlaneNormal is not None or header.frame_of_reference_uid is not None:
        raise Unsupported(
            f"the frames of {annotation.resource.filename} are not one grid, so its points in mm have no place in it here"
        )
    return shape
