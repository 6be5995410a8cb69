"""Where an item's pixels are in the patient: what decides whether its geometry is written in pixels or in mm.

The wire never says which. Published clients write mm for resources they take for DICOM or NIfTI (LPS for both: their NIfTI
world coordinates have x and y negated before they are sent), and pixels with the frame as third coordinate for all others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fiducial.errors import Invalid
from fiducial.geometry.datamint_patient import datamint_to_patient, datamint_to_pixels
from fiducial.media.base import Affine
from fiducial_server.model.item import Item, ItemKind
from fiducial_server.services.items import ItemGeometry

IN_MM = frozenset({ItemKind.DICOM_FILE, ItemKind.DICOM_SERIES, ItemKind.NIFTI})
_ON_PLANE_MM = 1e-3
_FLAT_MM = 1.0


@dataclass(frozen=True, slots=True)
class Placed:
    """Patient points found in the item: pixels of ``frame``; ``off_plane_mm`` is how far from it some point is.

    ``frame`` is None when the points lie on several slices: the pixels are then their feet on the nearest one.
    """

    geometry: Mapping[str, Any]
    frame: int | None
    off_plane_mm: float


@dataclass(frozen=True, slots=True)
class Place:
    """``frame_affines[n]`` maps (column, row, 0, 1) of frame n to LPS mm, for frames that are not one grid."""

    frame_count: int
    size: tuple[int | None, int | None] = (None, None)
    voxel_to_patient: Affine | None = None
    frame_affines: tuple[Affine | None, ...] = ()
    frame_of_reference_uid: str | None = None
    spacing_yx_mm: tuple[float, float] | None = None

    @property
    def in_mm(self) -> bool:
        """Whether geometry on this item travels in patient mm."""
        return self.voxel_to_patient is not None or any(affine is not None for affine in self.frame_affines)

    def to_pixels(self, geometry: Mapping[str, Any]) -> Placed:
        """Points in mm as pixels of the frame they are on. Invalid names a point that is not three finite numbers."""
        if self.voxel_to_patient is None:
            return self._nearest_frame(geometry)
        placed, away = datamint_to_pixels(geometry, self.voxel_to_patient)
        frame = int(placed["points"][0][2])
        return Placed(placed, frame if away <= self._reach(self.voxel_to_patient) else None, away)

    def _nearest_frame(self, geometry: Mapping[str, Any]) -> Placed:
        found: list[Placed] = []
        for frame, affine in enumerate(self.frame_affines):
            if affine is not None:
                on_frame, away = _on_one(geometry, affine, frame)
                found.append(Placed(on_frame, frame, away))
        return min(found, key=lambda placed: placed.off_plane_mm)

    def _reach(self, affine: Affine) -> float:
        """mm from a frame's plane within which a point counts as on it: half the way to the next frame."""
        step = math.hypot(*(row[2] for row in affine[:3]))
        return max(step / 2 * (1 + 1e-6), _ON_PLANE_MM)

    def to_patient(self, geometry: Mapping[str, Any], frame: int) -> Mapping[str, Any]:
        """Pixel points of ``frame`` as LPS mm with the view's directions; unchanged where the frame has no place."""
        if self.voxel_to_patient is not None:
            return datamint_to_patient(geometry, self.voxel_to_patient)
        affine = self.frame_affines[frame] if frame < len(self.frame_affines) else None
        if affine is None:
            return geometry
        flat = {**geometry, "points": [[x, y, 0.0] for x, y, _ in geometry["points"]]}
        return datamint_to_patient(flat, affine)


def _on_one(geometry: Mapping[str, Any], affine: Affine, frame: int) -> tuple[Mapping[str, Any], float]:
    """On a frame of its own the third axis is the normal, 1 mm long, so that the index is the distance."""
    import numpy as np

    matrix = np.asarray(affine, np.float64)
    normal = np.cross(matrix[:3, 0], matrix[:3, 1])
    matrix[:3, 2] = normal / np.linalg.norm(normal) * 1e9  # the next frame is out of reach: all points fall on this one
    placed, away = datamint_to_pixels(geometry, matrix)
    return {**placed, "points": [[x, y, float(frame)] for x, y, _ in placed["points"]]}, away


def place_of(geometry: ItemGeometry) -> Place:
    """The place of an item whose whole geometry was read."""
    size = (geometry.width, geometry.height)
    if geometry.kind not in IN_MM:
        return Place(geometry.frame_count, size)
    return Place(
        geometry.frame_count,
        size,
        geometry.voxel_to_patient,
        () if geometry.voxel_to_patient is not None else tuple(geometry.per_frame_affines or ()),
        geometry.frame_of_reference_uid,
    )


def place_of_item(item: Item) -> Place:
    """The place of an item by what its row says (frames that are not one grid have none here)."""
    size = (item.width, item.height)
    spacing = None if item.spacing_zyx_mm is None else (item.spacing_zyx_mm[1], item.spacing_zyx_mm[2])
    if item.kind not in IN_MM:
        return Place(item.frame_count, size, spacing_yx_mm=spacing)
    affine: Any = item.voxel_to_patient
    return Place(item.frame_count, size, affine, (), item.frame_of_reference_uid, spacing)


def require_on_item(placed: Placed, place: Place, where: str) -> None:
    """Invalid when the points lie before the first or behind the last frame."""
    if placed.frame is None or 0 <= placed.frame < max(place.frame_count, 1):
        return
    raise Invalid(
        f"{where}: the points in mm lie on frame {placed.frame}, and the image has frames 0 to {place.frame_count - 1}",
        field=where,
        frame=placed.frame,
    )
