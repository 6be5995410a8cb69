# ruff: noqa: PLR0917 - documented signatures have many positional parameters
"""Lines, in pixels of a frame or in mm of the patient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from fiducial.api.annotation_item import said_by
from fiducial.apihandler.values import ValueCalls
from fiducial.errors import Invalid

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_DIMENSIONS = {"pixel": 2, "patient": 3}


class LineCalls(ValueCalls):
    """The call for lines."""

    def add_line_annotation(
        self,
        point1: tuple[int, int] | tuple[float, float, float],
        point2: tuple[int, int] | tuple[float, float, float],
        resource_id: str,
        identifier: str,
        frame_index: int | None = None,
        dicom_metadata: Dataset | str | None = None,
        coords_system: Literal["pixel", "patient"] = "pixel",
        project: str | None = None,
        worklist_id: str | None = None,
        imported_from: str | None = None,
        author_email: str | None = None,
        model_id: str | None = None,
    ) -> list[str]:
        """A line between two points; its id in a list.

        ``'pixel'``: points are (x, y), x to the right and y down, a whole number is a pixel's centre; the line is on frame
        ``frame_index``, on the first when none is given. ``'patient'``: points are (x, y, z) in mm, LPS (DICOM PS3.3
        C.7.6.2.1.1), and go as they are: where they lie decides the frame.

        ``dicom_metadata``, a dataset (pixel data are not needed) or a file's path, turns pixels into mm first. A slice of a
        series says itself which frame it is; of a file with several frames ``frame_index`` picks one, counted as the
        resource's frames are (by position where they are a volume). Points that are in mm are not changed by it.

        ValueError for points of another number of dimensions or that are not finite, for an unknown ``coords_system``, a
        negative ``frame_index``, ``project`` together with ``worklist_id``, and metadata that do not say where the image is.
        """
        points = [_checked(point, f"point{n}", coords_system) for n, point in enumerate((point1, point2), 1)]
        if frame_index is not None and (isinstance(frame_index, bool) or frame_index < 0):
            raise Invalid(f"frame_index is {frame_index}, and counts from 0", field="frame_index")
        worklist = self._worklist_of(project, worklist_id)
        if coords_system == "pixel" and dicom_metadata is not None:
            points, coords_system = _to_patient(points, dicom_metadata, frame_index), "patient"
        elif coords_system == "pixel":
            points = [[*point, float(frame_index or 0)] for point in points]
        fields = {
            "type": "line",
            "identifier": identifier,
            "scope": "image" if frame_index is None else "frame",
            "frame_index": frame_index,
            "geometry": {"points": points, "coordinate_system": coords_system},
            **said_by(worklist, author_email, imported_from, model_id, None),
        }
        return self._annotate(resource_id, fields)


def _checked(point: Sequence[float], name: str, coords_system: str) -> list[float]:
    from fiducial.geometry.transform import finite

    if coords_system not in _DIMENSIONS:
        raise Invalid(f"coords_system is 'pixel' or 'patient', not {coords_system!r}", field="coords_system")
    wanted = _DIMENSIONS[coords_system]
    array = finite(list(point), name)
    if array.shape != (wanted,):
        raise Invalid(
            f"{name} must have {wanted} numbers, because coords_system is {coords_system!r}; it is {point!r}",
            field=name,
        )
    found: list[float] = array.tolist()
    return found


def _to_patient(points: list[list[float]], metadata: Dataset | str, frame_index: int | None) -> list[list[float]]:
    from fiducial.apihandler.dicom_plane import frame_plane
    from fiducial.geometry.transform import pixel_to_patient

    plane = frame_plane(metadata, frame_index)
    found: list[list[float]] = pixel_to_patient([[x, y, float(plane.slice)] for x, y in points], plane.affine).tolist()
    return found
