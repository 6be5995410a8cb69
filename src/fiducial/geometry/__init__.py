"""Shapes, masks with their encodings, and the transforms between pixels, fractions and patients.

Names are loaded when first asked for, so importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fiducial.geometry.angle import Angle
    from fiducial.geometry.area import Area
    from fiducial.geometry.base import INSIDE_TOLERANCE, Bounds, Shape
    from fiducial.geometry.box import Box
    from fiducial.geometry.circle import Circle
    from fiducial.geometry.coco_rle import mask_from_coco_rle, mask_to_coco_rle
    from fiducial.geometry.compare import same_shape
    from fiducial.geometry.coordinate import Position
    from fiducial.geometry.cvat_rle import mask_from_cvat_rle, mask_to_cvat_rle
    from fiducial.geometry.datamint_patient import datamint_to_patient, datamint_to_pixels
    from fiducial.geometry.datamint_points import (
        SHAPE_VALUE,
        DatamintGeometry,
        datamint_frame,
        from_datamint,
        join_datamint,
        to_datamint,
    )
    from fiducial.geometry.dicom_seg import pack_frames, unpack_frame, unpack_frames
    from fiducial.geometry.distance import Distance
    from fiducial.geometry.ellipse import Ellipse
    from fiducial.geometry.encord_rle import mask_from_encord_rle, mask_to_encord_rle
    from fiducial.geometry.encord_shapes import from_encord, to_encord, volume_from_encord, volume_to_encord
    from fiducial.geometry.keypoints import Keypoint, Keypoints, Visibility
    from fiducial.geometry.line import Line
    from fiducial.geometry.mask import Mask
    from fiducial.geometry.measurement import Measurement
    from fiducial.geometry.nifti_mask import LabelMap, label_map_from_nifti, volume_mask_to_nifti
    from fiducial.geometry.png import mask_from_png, mask_to_png
    from fiducial.geometry.point import Point
    from fiducial.geometry.polygon import Polygon, join_parts
    from fiducial.geometry.polyline import Polyline
    from fiducial.geometry.registry import SHAPES, shape_from_json
    from fiducial.geometry.rotatable_box import RotatableBox
    from fiducial.geometry.spline import Spline
    from fiducial.geometry.transform import (
        PatientPixels,
        affine_lps_to_ras,
        affine_ras_to_lps,
        box_to_fraction,
        edge_to_pixel,
        fraction_to_box,
        fraction_to_length,
        fraction_to_pixel,
        length_to_fraction,
        lps_to_ras,
        patient_to_pixel,
        patient_to_voxel,
        pixel_to_edge,
        pixel_to_fraction,
        pixel_to_patient,
        ras_to_lps,
    )
    from fiducial.geometry.volume_mask import VolumeMask

_HOMES: dict[str, tuple[str, ...]] = {
    "angle": ("Angle",),
    "area": ("Area",),
    "base": (
        "INSIDE_TOLERANCE",
        "Bounds",
        "Shape",
    ),
    "box": ("Box",),
    "circle": ("Circle",),
    "coco_rle": (
        "mask_from_coco_rle",
        "mask_to_coco_rle",
    ),
    "compare": ("same_shape",),
    "coordinate": ("Position",),
    "cvat_rle": (
        "mask_from_cvat_rle",
        "mask_to_cvat_rle",
    ),
    "datamint_patient": (
        "datamint_to_patient",
        "datamint_to_pixels",
    ),
    "datamint_points": (
        "SHAPE_VALUE",
        "DatamintGeometry",
        "datamint_frame",
        "from_datamint",
        "join_datamint",
        "to_datamint",
    ),
    "dicom_seg": (
        "pack_frames",
        "unpack_frame",
        "unpack_frames",
    ),
    "distance": ("Distance",),
    "ellipse": ("Ellipse",),
    "encord_rle": (
        "mask_from_encord_rle",
        "mask_to_encord_rle",
    ),
    "encord_shapes": (
        "from_encord",
        "to_encord",
        "volume_from_encord",
        "volume_to_encord",
    ),
    "keypoints": (
        "Keypoint",
        "Keypoints",
        "Visibility",
    ),
    "line": ("Line",),
    "mask": ("Mask",),
    "measurement": ("Measurement",),
    "nifti_mask": (
        "LabelMap",
        "label_map_from_nifti",
        "volume_mask_to_nifti",
    ),
    "png": (
        "mask_from_png",
        "mask_to_png",
    ),
    "point": ("Point",),
    "polygon": (
        "Polygon",
        "join_parts",
    ),
    "polyline": ("Polyline",),
    "registry": (
        "SHAPES",
        "shape_from_json",
    ),
    "rotatable_box": ("RotatableBox",),
    "spline": ("Spline",),
    "transform": (
        "PatientPixels",
        "affine_lps_to_ras",
        "affine_ras_to_lps",
        "box_to_fraction",
        "edge_to_pixel",
        "fraction_to_box",
        "fraction_to_length",
        "fraction_to_pixel",
        "length_to_fraction",
        "lps_to_ras",
        "patient_to_pixel",
        "patient_to_voxel",
        "pixel_to_edge",
        "pixel_to_fraction",
        "pixel_to_patient",
        "ras_to_lps",
    ),
    "volume_mask": ("VolumeMask",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [  # noqa: RUF022  # in the order of their modules
    "Angle",
    "Area",
    "INSIDE_TOLERANCE",
    "Bounds",
    "Shape",
    "Box",
    "Circle",
    "mask_from_coco_rle",
    "mask_to_coco_rle",
    "same_shape",
    "Position",
    "mask_from_cvat_rle",
    "mask_to_cvat_rle",
    "SHAPE_VALUE",
    "DatamintGeometry",
    "datamint_frame",
    "datamint_to_patient",
    "datamint_to_pixels",
    "from_datamint",
    "join_datamint",
    "to_datamint",
    "pack_frames",
    "unpack_frame",
    "unpack_frames",
    "Distance",
    "Ellipse",
    "mask_from_encord_rle",
    "mask_to_encord_rle",
    "from_encord",
    "to_encord",
    "volume_from_encord",
    "volume_to_encord",
    "Keypoint",
    "Keypoints",
    "Visibility",
    "Line",
    "Mask",
    "Measurement",
    "LabelMap",
    "label_map_from_nifti",
    "volume_mask_to_nifti",
    "mask_from_png",
    "mask_to_png",
    "Point",
    "Polygon",
    "join_parts",
    "Polyline",
    "SHAPES",
    "shape_from_json",
    "RotatableBox",
    "Spline",
    "PatientPixels",
    "affine_lps_to_ras",
    "affine_ras_to_lps",
    "box_to_fraction",
    "edge_to_pixel",
    "fraction_to_box",
    "fraction_to_length",
    "fraction_to_pixel",
    "length_to_fraction",
    "lps_to_ras",
    "patient_to_pixel",
    "patient_to_voxel",
    "pixel_to_edge",
    "pixel_to_fraction",
    "pixel_to_patient",
    "ras_to_lps",
    "VolumeMask",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
