"""What is known of each frame: from the functional groups of an enhanced object, else from the dataset itself.

PS3.3 C.7.6.16.2: Pixel Measures .1, Plane Position .3, Plane Orientation .4, Pixel Value Transformation .9, Frame VOI
LUT .10.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from fiducial.media.dicom import attributes as at
from fiducial.media.dicom.attributes import Attribute
from fiducial.media.dicom.elements import Elements

Vector = tuple[float, float, float]
Cosines = tuple[float, float, float, float, float, float]


class Window(NamedTuple):
    """One VOI window; several in a file are alternatives (PS3.3 C.11.2.1.2)."""

    center: float
    width: float
    function: str = "LINEAR"


@dataclass(frozen=True, slots=True)
class FrameFacts:
    """One stored frame's geometry (LPS, mm) and its way from stored to displayed values."""

    position: Vector | None = None
    orientation: Cosines | None = None
    pixel_spacing: tuple[float, float] | None = None
    """(between rows, between columns), mm"""
    slice_thickness: float | None = None
    slope: float = 1.0
    intercept: float = 0.0
    windows: tuple[Window, ...] = ()
    stack: str | None = None
    temporal_position: float | None = None
    acquisition_number: float | None = None
    echo_time: float | None = None
    b_value: float | None = None
    trigger_time: float | None = None


def frame_facts(elements: Elements, count: int) -> tuple[FrameFacts, ...]:
    """Facts of every frame in stored order: one entry per item of the per-frame groups, else one for all frames."""
    base = _plain(elements)
    shared = elements.item(at.SHARED_FUNCTIONAL_GROUPS)
    per_frame = elements.items(at.PER_FRAME_FUNCTIONAL_GROUPS) if at.PER_FRAME_FUNCTIONAL_GROUPS in elements else []
    if shared is not None:
        base = _grouped(shared, base)
    if per_frame:
        return tuple(_grouped(item, base) for item in per_frame)
    return _by_offsets(elements, base, count) or (base,)


def _plain(e: Elements) -> FrameFacts:
    slope, intercept = e.exact_number(at.RESCALE_SLOPE), e.exact_number(at.RESCALE_INTERCEPT)
    if slope is None and at.DOSE_GRID_SCALING in e:
        slope = e.exact_number(at.DOSE_GRID_SCALING)  # RTDOSE: stored value times this is the dose (PS3.3 C.8.8.3)
    return FrameFacts(
        position=vector(e, at.IMAGE_POSITION_PATIENT),
        orientation=cosines(e),
        pixel_spacing=pair(e, at.PIXEL_SPACING),
        slice_thickness=e.number(at.SLICE_THICKNESS),
        slope=1.0 if slope is None else slope,
        intercept=0.0 if intercept is None else intercept,
        windows=windows(e),
        temporal_position=e.number(at.TEMPORAL_POSITION_IDENTIFIER),
        acquisition_number=e.number(at.ACQUISITION_NUMBER),
        echo_time=e.number(at.ECHO_TIME),
        b_value=e.number(at.DIFFUSION_B_VALUE),
        trigger_time=e.number(at.TRIGGER_TIME),
    )


_NOTHING = FrameFacts()


def _grouped(groups: Elements, base: FrameFacts) -> FrameFacts:
    """``base`` with what this item of functional groups says instead."""
    measures, place = groups.item(at.PIXEL_MEASURES_SEQUENCE), groups.item(at.PLANE_POSITION_SEQUENCE)
    turn, values = groups.item(at.PLANE_ORIENTATION_SEQUENCE), groups.item(at.PIXEL_VALUE_TRANSFORMATION_SEQUENCE)
    voi, content = groups.item(at.FRAME_VOI_LUT_SEQUENCE), groups.item(at.FRAME_CONTENT_SEQUENCE)
    echo, diffusion = groups.item(at.MR_ECHO_SEQUENCE), groups.item(at.MR_DIFFUSION_SEQUENCE)
    slope = values.exact_number(at.RESCALE_SLOPE) if values else None
    intercept = values.exact_number(at.RESCALE_INTERCEPT) if values else None
    return FrameFacts(
        position=(place and vector(place, at.IMAGE_POSITION_PATIENT)) or base.position,
        orientation=(turn and cosines(turn)) or base.orientation,
        pixel_spacing=(measures and pair(measures, at.PIXEL_SPACING)) or base.pixel_spacing,
        slice_thickness=_or(measures, at.SLICE_THICKNESS, base.slice_thickness),
        slope=base.slope if slope is None else slope,
        intercept=base.intercept if intercept is None else intercept,
        windows=(voi and windows(voi)) or base.windows,
        stack=(content and content.text(at.STACK_ID)) or base.stack,
        temporal_position=_or(content, at.TEMPORAL_POSITION_INDEX, base.temporal_position),
        acquisition_number=_or(content, at.FRAME_ACQUISITION_NUMBER, base.acquisition_number),
        echo_time=_or(echo, at.EFFECTIVE_ECHO_TIME, base.echo_time),
        b_value=_or(diffusion, at.DIFFUSION_B_VALUE, base.b_value),
        trigger_time=base.trigger_time,
    )


def _or(item: Elements | None, attribute: Attribute, otherwise: float | None) -> float | None:
    value = item.number(attribute) if item is not None else None
    return otherwise if value is None else value


def _by_offsets(e: Elements, base: FrameFacts, count: int) -> tuple[FrameFacts, ...]:
    """Older multi-frame volumes give one position and how far the others are along the normal.

    RTDOSE: Grid Frame Offset Vector (PS3.3 C.8.8.3.2), relative when its first value is 0. NM: Spacing Between Slices,
    whose sign is the direction of stacking (C.8.4.15).
    """
    from dataclasses import replace

    if count < 2:
        return ()
    detector = e.item(at.DETECTOR_INFORMATION_SEQUENCE)
    place = base.position or (detector and vector(detector, at.IMAGE_POSITION_PATIENT)) or None
    turn = base.orientation or (detector and cosines(detector)) or None
    offsets = _offsets(e, count)
    if place is None or turn is None or offsets is None:
        return ()
    normal = _cross(turn)
    return tuple(
        replace(
            base,
            orientation=turn,
            position=(place[0] + d * normal[0], place[1] + d * normal[1], place[2] + d * normal[2]),
        )
        for d in offsets
    )


def _offsets(e: Elements, count: int) -> tuple[float, ...] | None:
    vector_mm = e.numbers(at.GRID_FRAME_OFFSET_VECTOR)
    if len(vector_mm) == count and vector_mm[0] == 0:
        return vector_mm
    step = e.number(at.SPACING_BETWEEN_SLICES)
    if step and e.text(at.MODALITY) == "NM" and "RECON TOMO" in e.strings(at.IMAGE_TYPE):
        return tuple(k * step for k in range(count))
    return None


def _cross(c: Cosines) -> Vector:
    return c[1] * c[5] - c[2] * c[4], c[2] * c[3] - c[0] * c[5], c[0] * c[4] - c[1] * c[3]


def vector(e: Elements, attribute: Attribute) -> Vector | None:
    """Three numbers, None when there are not exactly three."""
    values = e.numbers(attribute)
    return (values[0], values[1], values[2]) if len(values) == 3 else None


def pair(e: Elements, attribute: Attribute) -> tuple[float, float] | None:
    """Two positive numbers; a spacing of zero or less is no spacing."""
    values = e.numbers(attribute)
    return (values[0], values[1]) if len(values) == 2 and min(values) > 0 else None


def cosines(e: Elements) -> Cosines | None:
    v = e.numbers(at.IMAGE_ORIENTATION_PATIENT)
    return (v[0], v[1], v[2], v[3], v[4], v[5]) if len(v) == 6 else None


def windows(e: Elements) -> tuple[Window, ...]:
    """Pairs of centre and width with a usable width; the function is LINEAR when absent (PS3.3 C.11.2.1.2)."""
    function = e.text(at.VOI_LUT_FUNCTION) or "LINEAR"
    if function not in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        e.problems[at.VOI_LUT_FUNCTION.keyword] = f"{at.VOI_LUT_FUNCTION} {function!r} is not known, nor how to window"
        return ()
    least = 1.0 if function == "LINEAR" else 1e-9
    both = zip(e.numbers(at.WINDOW_CENTER), e.numbers(at.WINDOW_WIDTH), strict=False)
    return tuple(Window(center, width, function) for center, width in both if width >= least)
