"""From slices in any order to one grid, or to the reasons why they are none.

Order is the projection of Image Position (Patient) on the slice normal (row x column), never file name, Instance
Number or Slice Location; spacing comes from positions, never from Slice Thickness. Nothing is repaired: what is not
regular is a finding, and a layout with an error finding is no volume.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fiducial.media.base import Affine, Finding, Header, Severity
from fiducial.media.dicom.functional_groups import Cosines, Vector


@dataclass(frozen=True, slots=True)
class SliceFacts:
    """What must be known of one slice to place it. Positions in LPS mm; ``pixel_spacing`` is (rows, columns) in mm."""

    position: Vector | None = None
    orientation: Cosines | None = None
    pixel_spacing: tuple[float, float] | None = None
    rows: int | None = None
    columns: int | None = None
    samples: int = 1
    slice_thickness: float | None = None
    frame_of_reference_uid: str | None = None
    instance_number: int | None = None
    instance_uid: str | None = None
    slope: float = 1.0
    intercept: float = 0.0
    stack: str | None = None
    temporal_position: float | None = None
    echo_time: float | None = None
    b_value: float | None = None
    trigger_time: float | None = None
    acquisition_number: float | None = None
    acquisition_time: str | None = None
    frame_count: int = 1

    @classmethod
    def from_header(cls, header: Header) -> SliceFacts:
        """Facts from a header of this package, also after its metadata went through JSON."""
        m = header.metadata
        return cls(
            position=_floats(m, "ImagePositionPatient", 3),
            orientation=_floats(m, "ImageOrientationPatient", 6),
            pixel_spacing=_floats(m, "PixelSpacing", 2),
            rows=header.height,
            columns=header.width,
            samples=header.samples_per_pixel,
            slice_thickness=m.get("SliceThickness"),
            frame_of_reference_uid=header.frame_of_reference_uid,
            instance_number=m.get("InstanceNumber"),
            instance_uid=header.instance_uid,
            slope=1.0 if m.get("RescaleSlope") is None else m["RescaleSlope"],
            intercept=0.0 if m.get("RescaleIntercept") is None else m["RescaleIntercept"],
            temporal_position=m.get("TemporalPositionIdentifier"),
            echo_time=m.get("EchoTime"),
            b_value=m.get("DiffusionBValue"),
            trigger_time=m.get("TriggerTime"),
            acquisition_number=m.get("AcquisitionNumber"),
            acquisition_time=m.get("AcquisitionTime"),
            frame_count=header.frame_count,
        )


def _floats(metadata: Mapping[str, Any], key: str, count: int) -> Any:
    values = metadata.get(key)
    return tuple(float(v) for v in values) if values is not None and len(values) == count else None


@dataclass(frozen=True, slots=True)
class SeriesLayout:
    """How slices make one grid. ``order``: input indices, time point by time point, each in order of position."""

    order: tuple[int, ...]
    time_points: int = 1
    voxel_to_patient: Affine | None = None
    spacing_zyx_mm: tuple[float | None, float, float] | None = None
    """Between slices along the normal, between rows, between columns."""
    is_volume: bool = False
    findings: tuple[Finding, ...] = ()

    @property
    def slice_count(self) -> int:
        """Slices of one time point."""
        return len(self.order) // self.time_points

    @property
    def refusal(self) -> str | None:
        """Why these slices are no volume; None when they are one."""
        if self.is_volume:
            return None
        reasons = [f.message for f in self.findings if f.severity is Severity.ERROR]
        return "; ".join(reasons) or "a single slice is no volume"


def assemble(slices: Sequence[SliceFacts]) -> SeriesLayout:
    """The layout of these slices; the same for any order of them, apart from the numbers in ``order``, which follow."""
    from fiducial.media.dicom.assembly import assemble_slices

    return assemble_slices(slices)
