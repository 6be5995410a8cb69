"""The facts of one DICOM file, without its pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from fiducial.media.base import Affine, Finding, Header, MediaKind, Severity
from fiducial.media.dicom import attributes as at
from fiducial.media.dicom.dataset import Dataset, read_dataset
from fiducial.media.dicom.elements import Elements
from fiducial.media.dicom.findings import file_findings
from fiducial.media.dicom.functional_groups import FrameFacts, frame_facts
from fiducial.media.dicom.metadata import read_metadata
from fiducial.media.dicom.pixel_format import PixelFormat, read_pixel_format
from fiducial.media.dicom.series import SeriesLayout, SliceFacts, assemble
from fiducial.media.dicom.slice_geometry import single_slice_affine

MIMETYPE = "application/dicom"


@dataclass(frozen=True, slots=True)
class Parsed:
    """Everything read from one file but its pixels. ``order[k]`` is the stored frame that is shown as frame ``k``."""

    dataset: Dataset
    header: Header
    pixels: PixelFormat | None
    frames: tuple[FrameFacts, ...]
    order: tuple[int, ...]

    def facts_of(self, stored_index: int) -> FrameFacts:
        return self.frames[stored_index if len(self.frames) > 1 else 0]


def parse(source: BinaryIO) -> Parsed:
    """Header and frame facts. The caller closes ``dataset``."""
    dataset = read_dataset(source)
    try:
        return _parse(dataset)
    except BaseException:
        dataset.close()
        raise


def _parse(dataset: Dataset) -> Parsed:
    e = dataset.elements
    pixels = read_pixel_format(dataset)
    frames = frame_facts(e, pixels.frames if pixels else 0)
    findings = [*dataset.findings, *file_findings(e, dataset.syntax, pixels, frames)]
    layout = _layout(e, pixels, frames)
    if layout is not None:
        findings += [f for f in layout.findings if f.code not in {g.code for g in findings}]
    header = _header(dataset, pixels, frames, layout, tuple(findings))
    stored = tuple(range(pixels.frames)) if pixels else ()
    return Parsed(dataset, header, pixels, frames, layout.order if layout and layout.is_volume else stored)


def read_header(source: BinaryIO) -> Header:
    parsed = parse(source)
    parsed.dataset.close()
    return parsed.header


def _layout(e: Elements, pixels: PixelFormat | None, frames: tuple[FrameFacts, ...]) -> SeriesLayout | None:
    """The grid of a multi-frame object whose every frame has a place; None for a cine or a single frame."""
    if pixels is None or pixels.frames < 2 or len(frames) != pixels.frames:
        return None
    if all(f.position is None for f in frames):
        return None
    uid = e.text(at.FRAME_OF_REFERENCE_UID)
    layout = assemble([_slice(f, pixels, uid, k) for k, f in enumerate(frames)])
    by_segment = e.text(at.MODALITY) == "SEG" and not layout.is_volume
    return None if by_segment else layout  # frames of several segments share positions: that is no fault


def _slice(f: FrameFacts, pixels: PixelFormat, frame_of_reference_uid: str | None, index: int) -> SliceFacts:
    return SliceFacts(
        position=f.position,
        orientation=f.orientation,
        pixel_spacing=f.pixel_spacing,
        rows=pixels.rows,
        columns=pixels.columns,
        samples=pixels.samples,
        slice_thickness=f.slice_thickness,
        frame_of_reference_uid=frame_of_reference_uid,
        instance_number=index + 1,
        slope=f.slope,
        intercept=f.intercept,
        stack=f.stack,
        temporal_position=f.temporal_position,
        echo_time=f.echo_time,
        b_value=f.b_value,
        trigger_time=f.trigger_time,
        acquisition_number=f.acquisition_number,
    )


def _header(
    dataset: Dataset,
    pixels: PixelFormat | None,
    frames: tuple[FrameFacts, ...],
    layout: SeriesLayout | None,
    findings: tuple[Finding, ...],
) -> Header:
    e, first = dataset.elements, frames[0]
    volume = layout is not None and layout.is_volume
    count = pixels.frames if pixels else 0
    fps = _frames_per_second(e) if count > 1 and not volume else None
    affine, spacing = _geometry(e, frames, layout)
    return Header(
        kind=MediaKind.DICOM,
        format="dicom",
        mimetype=MIMETYPE,
        width=pixels.columns if pixels else None,
        height=pixels.rows if pixels else None,
        frame_count=count,
        time_points=layout.time_points if layout else 1,
        samples_per_pixel=pixels.samples if pixels else 1,
        bits_stored=pixels.bits_stored if pixels else None,
        signed=pixels.signed if pixels else False,
        photometric_interpretation=pixels.photometric if pixels else None,
        spacing_zyx_mm=spacing if pixels else None,
        voxel_to_patient=affine if pixels else None,
        frame_of_reference_uid=e.text(at.FRAME_OF_REFERENCE_UID),
        modality=e.text(at.MODALITY),
        patient_id=e.text(at.PATIENT_ID),
        study_uid=e.text(at.STUDY_INSTANCE_UID),
        series_uid=e.text(at.SERIES_INSTANCE_UID),
        instance_uid=e.text(at.SOP_INSTANCE_UID),
        sop_class_uid=dataset.sop_class_uid,
        transfer_syntax=dataset.syntax.uid,
        laterality=e.text(at.IMAGE_LATERALITY) or e.text(at.LATERALITY),
        duration_s=count / fps if fps else None,
        fps=fps,
        is_volume=volume,
        metadata=_metadata(e, first, count, layout, pixels),
        findings=findings,
    )


def _geometry(
    e: Elements, frames: Sequence[FrameFacts], layout: SeriesLayout | None
) -> tuple[Affine | None, tuple[float | None, float, float] | None]:
    first = frames[0]
    if layout is not None:
        return layout.voxel_to_patient, layout.spacing_zyx_mm
    spacing = first.pixel_spacing
    if spacing is None:
        detector = e.numbers(at.IMAGER_PIXEL_SPACING)
        spacing = (detector[0], detector[1]) if len(detector) == 2 and min(detector) > 0 else None
    affine = single_slice_affine(first.position, first.orientation, first.pixel_spacing, first.slice_thickness)
    return affine, (None, *spacing) if spacing else None


def _metadata(
    e: Elements, first: FrameFacts, count: int, layout: SeriesLayout | None, pixels: PixelFormat | None
) -> dict[str, Any]:
    """``frame_order`` says how frames are counted: ``position`` (a volume) or ``stored``. Where these differ,
    ``stored_frames[k]`` is the 0-based stored number of frame ``k``.
    """
    found = read_metadata(e, first) | {"frame_count": count}
    if pixels is None:
        return found
    found["frame_order"] = "stored"
    if layout is not None and layout.is_volume:
        found["frame_order"] = "position"
        if layout.order != tuple(range(count)):
            found["stored_frames"] = list(layout.order)
    if "PixelSpacing" not in found and "ImagerPixelSpacing" in found:
        found["spacing_source"] = "ImagerPixelSpacing"
    return found


def _frames_per_second(e: Elements) -> float | None:
    """Cine Rate, else Recommended Display Frame Rate, else Frame Time (ms), else the mean of Frame Time Vector."""
    for attribute in (at.CINE_RATE, at.RECOMMENDED_DISPLAY_FRAME_RATE):
        rate = e.number(attribute)
        if rate and rate > 0:
            return rate
    times = e.numbers(at.FRAME_TIME) or tuple(t for t in e.numbers(at.FRAME_TIME_VECTOR) if t > 0)
    mean = sum(times) / len(times) if times else 0.0
    return 1000.0 / mean if mean > 0 else None


def refuse_reason(header: Header) -> str:
    """Why the frames are no volume, in the words of the findings."""
    reasons = [f.message for f in header.findings if f.severity is Severity.ERROR]
    return "; ".join(reasons) or "its frames have no positions in one grid"
