"""The JSON-able tags that a header carries for clients, under their DICOM keywords."""

from __future__ import annotations

from typing import Any

from fiducial.media.dicom import attributes as at
from fiducial.media.dicom.elements import Elements
from fiducial.media.dicom.functional_groups import FrameFacts

_TEXT = (
    at.STUDY_DATE, at.STUDY_TIME, at.ACQUISITION_DATE, at.ACQUISITION_TIME, at.ACCESSION_NUMBER, at.MODALITY,
    at.PRESENTATION_INTENT_TYPE, at.MANUFACTURER, at.MANUFACTURER_MODEL_NAME, at.STUDY_DESCRIPTION,
    at.SERIES_DESCRIPTION, at.PATIENT_ID, at.PATIENT_NAME, at.PATIENT_SEX, at.PATIENT_BIRTH_DATE, at.BODY_PART_EXAMINED,
    at.VIEW_POSITION, at.STUDY_ID, at.RESCALE_TYPE, at.VOI_LUT_FUNCTION, at.BURNED_IN_ANNOTATION,
    at.LOSSY_IMAGE_COMPRESSION, at.UNITS, at.PHOTOMETRIC_INTERPRETATION,
)  # fmt: skip
_NUMBERS = (
    at.SERIES_NUMBER, at.INSTANCE_NUMBER, at.ACQUISITION_NUMBER, at.TEMPORAL_POSITION_IDENTIFIER, at.SLICE_THICKNESS,
    at.SPACING_BETWEEN_SLICES, at.SLICE_LOCATION, at.ECHO_TIME, at.DIFFUSION_B_VALUE, at.TRIGGER_TIME,
    at.GANTRY_DETECTOR_TILT, at.ROWS, at.COLUMNS, at.BITS_STORED, at.PIXEL_PADDING_VALUE, at.PIXEL_PADDING_RANGE_LIMIT,
)  # fmt: skip
_LISTS = (at.IMAGER_PIXEL_SPACING, at.PIXEL_ASPECT_RATIO, at.LOSSY_IMAGE_COMPRESSION_RATIO)
_INTEGER_VRS = frozenset({"IS", "US", "UL"})
_REGION = (
    at.REGION_SPATIAL_FORMAT, at.REGION_DATA_TYPE, at.REGION_MIN_X, at.REGION_MIN_Y, at.REGION_MAX_X, at.REGION_MAX_Y,
    at.REGION_UNITS_X, at.REGION_UNITS_Y, at.REGION_DELTA_X, at.REGION_DELTA_Y,
)  # fmt: skip


def read_metadata(elements: Elements, first: FrameFacts) -> dict[str, Any]:
    """Tags that are present, as text, numbers and lists of numbers; ``first`` is the first frame's facts."""
    tags = elements.tags
    found: dict[str, Any] = {a.keyword: elements.text(a) for a in _TEXT if a.tag in tags}
    for attribute in _NUMBERS:
        if attribute.tag in tags:
            value = elements.number(attribute)
            whole = attribute.vr in _INTEGER_VRS and value is not None and value == int(value)
            found[attribute.keyword] = int(value) if whole and value is not None else value
    found |= {a.keyword: list(elements.numbers(a)) for a in _LISTS if a.tag in tags}
    if at.IMAGE_TYPE.tag in tags:
        found["ImageType"] = list(elements.strings(at.IMAGE_TYPE))
    found |= _of_frame(elements, first)
    regions = elements.items(at.ULTRASOUND_REGIONS)
    if regions:
        found[at.ULTRASOUND_REGIONS.keyword] = [{a.keyword: r.number(a) for a in _REGION if a in r} for r in regions]
    return {key: value for key, value in found.items() if value not in (None, [])}


def _of_frame(elements: Elements, first: FrameFacts) -> dict[str, Any]:
    found: dict[str, Any] = {
        "PixelSpacing": list(first.pixel_spacing or ()),
        "ImageOrientationPatient": list(first.orientation or ()),
        "ImagePositionPatient": list(first.position or ()),
        "SliceThickness": first.slice_thickness,
        "WindowCenter": _one_or_list([w.center for w in first.windows]),
        "WindowWidth": _one_or_list([w.width for w in first.windows]),
    }
    if at.RESCALE_SLOPE in elements or first.slope != 1 or first.intercept != 0:
        found |= {"RescaleSlope": first.slope, "RescaleIntercept": first.intercept}
    return found


def _one_or_list(values: list[float]) -> float | list[float] | None:
    return values[0] if len(values) == 1 else (values or None)
