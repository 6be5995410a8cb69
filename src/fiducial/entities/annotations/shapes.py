"""From an annotation to its geometry as points, in the system it came in or in pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fiducial.entities.annotations.geometry import BoxGeometry, Geometry, LineGeometry, PointGeometry, RegionGeometry
from fiducial.entities.annotations.types import AnnotationType
from fiducial.errors import Unsupported

if TYPE_CHECKING:
    from fiducial.entities.annotations.annotation import Annotation
    from fiducial.media.base import Affine

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

    with reader_of(annotation.resource.local_path()) as reader:
        header = reader.header
    if header.voxel_to_patient is not None:
        return _in_pixels(shape, header.voxel_to_patient)
    if shape.viewPlaneNormal is not None or header.frame_of_reference_uid is not None:
        raise Unsupported(
            f"the frames of {annotation.resource.filename} are not one grid, so its points in mm have no place in it here"
        )
    return shape


def _in_pixels(shape: Geometry, voxel_to_patient: Affine) -> Geometry:
    """On the slice it was drawn on, if there is one; otherwise every point keeps its own place along the slices."""
    import numpy as np

    from fiducial.geometry.datamint_patient import datamint_to_pixels

    matrix = np.array(voxel_to_patient)
    normal = np.cross(matrix[:3, 0], matrix[:3, 1])
    half_a_slice = abs(matrix[:3, 2] @ normal) / np.linalg.norm(normal) / 2
    placed, off_slice = datamint_to_pixels(shape.to_dict(), matrix)
    if off_slice > half_a_slice:
        offsets = np.array(shape.points) - matrix[:3, 3]
        placed["points"] = np.linalg.solve(matrix[:3, :3], offsets.T).T.round(9).tolist()
    return type(shape).model_validate({**placed, "coordinate_system": "pixel"})
