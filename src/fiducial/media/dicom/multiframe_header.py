"""The header of a multi-frame object made of a single-frame series, as a pydicom dataset without pixel data."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from fiducial.errors import Damaged
from fiducial.media.dicom.assembly import SAME_POSITION_MM
from fiducial.media.dicom.functional_groups import FrameFacts
from fiducial.media.dicom.multiframe_source import SourceFacts, SourceSlice
from fiducial.media.dicom.slice_geometry import is_orthonormal, normal_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_LEGACY_CONVERTED = {
    "1.2.840.10008.5.1.4.1.1.2": "1.2.840.10008.5.1.4.1.1.2.2",  # CT
    "1.2.840.10008.5.1.4.1.1.4": "1.2.840.10008.5.1.4.1.1.4.4",  # MR
    "1.2.840.10008.5.1.4.1.1.128": "1.2.840.10008.5.1.4.1.1.128.1",  # PET
}
_BYTE, _WORD, _COLOUR = (f"1.2.840.10008.5.1.4.1.1.7.{k}" for k in (2, 3, 4))
_EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
IMPLEMENTATION_CLASS_UID = "2.25.302019374651870934218755601482937465120"
_DROPPED = frozenset(
    {0x00080001, 0x00080018, 0x00080016, 0x0020000E, 0x00200013, 0x00280008, 0x00281101, 0x00281102, 0x00281103,
     0x00281199, 0x00281201, 0x00281202, 0x00281203, 0x00281221, 0x00281222, 0x00281223, 0x00280006, 0x0028000A}
)  # fmt: skip


def build_header(facts: SourceFacts) -> Dataset:
    """File meta and dataset up to (and without) pixel data."""
    ds = _common(facts)
    _identify(ds, facts)
    _describe_pixels(ds, facts)
    _top_level_geometry(ds, facts)
    _shared_and_per_frame(ds, facts)
    if facts.lossy is not None:
        ds.LossyImageCompression = "01"
        ds.LossyImageCompressionRatio = list(facts.lossy.ratios) or None
        ds.LossyImageCompressionMethod = list(facts.lossy.methods) or None
    return ds


def derived_uid(digest: bytes, purpose: str) -> str:
    """A UID under 2.25 that depends on the sources' bytes and the purpose only (PS3.5 B.2)."""
    value = hashlib.sha256(digest + purpose.encode()).digest()[:16]
    return f"2.25.{int.from_bytes(value, 'big')}"


def _common(facts: SourceFacts) -> Dataset:
    """What all sources agree on: patient, study, equipment, acquisition."""
    from pydicom import dcmread
    from pydicom.dataset import Dataset

    with facts.first() as stream:
        stream.seek(0)
        try:
            first = dcmread(stream, stop_before_pixels=True, force=True)
        except Exception as error:
            raise Damaged(f"the first source's header cannot be read: {error}") from error
    ds = Dataset()
    for tag in sorted(facts.common_tags - _DROPPED):
        if tag in first:
            ds[tag] = first[tag]
    return ds


def _identify(ds: Dataset, facts: SourceFacts) -> None:
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID

    ds.SOPClassUID = UID(_sop_class(facts))
    ds.SOPInstanceUID = UID(derived_uid(facts.digest, "instance"))
    ds.SeriesInstanceUID = UID(derived_uid(facts.digest, "series"))
    ds.InstanceNumber = 1
    ds.NumberOfFrames = len(facts.slices)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    meta.TransferSyntaxUID = UID(_EXPLICIT_LITTLE)
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = "FIDUCIAL"
    ds.file_meta = meta


def _sop_class(facts: SourceFacts) -> str:
    if facts.colour:
        return _COLOUR
    classes = {s.sop_class_uid for s in facts.slices}
    placed = all(s.facts.position and s.facts.orientation and s.facts.pixel_spacing for s in facts.slices)
    only = classes.pop() if len(classes) == 1 else None
    if placed and facts.pixels.bits_allocated == 16 and only in _LEGACY_CONVERTED:
        return _LEGACY_CONVERTED[only]
    return _BYTE if facts.pixels.bits_allocated == 8 else _WORD


def _describe_pixels(ds: Dataset, facts: SourceFacts) -> None:
    p = facts.pixels
    ds.Rows, ds.Columns = p.rows, p.columns
    if facts.colour:
        ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
        return
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, p.photometric
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = p.bits_allocated, p.bits_stored, p.bits_stored - 1
    ds.PixelRepresentation = int(p.signed)
    ds.PresentationLUTShape = "INVERSE" if p.photometric == "MONOCHROME1" else "IDENTITY"


def _top_level_geometry(ds: Dataset, facts: SourceFacts) -> None:
    """Beside the functional groups, for readers that only look at the dataset itself."""
    first = facts.slices[0].facts
    if first.pixel_spacing is not None:
        ds.PixelSpacing = _decimals(first.pixel_spacing)
    if first.orientation is not None:
        ds.ImageOrientationPatient = _decimals(first.orientation)
    if first.position is not None:
        ds.ImagePositionPatient = _decimals(first.position)
    spacing = _spacing([s.facts for s in facts.slices])
    if spacing is not None:
        ds.SpacingBetweenSlices = _decimal(spacing)
    elif "SpacingBetweenSlices" in ds:
        del ds.SpacingBetweenSlices


def _spacing(frames: list[FrameFacts]) -> float | None:
    """Median distance along the normal between frames that are not at one place, mm."""
    turn = frames[0].orientation
    if turn is None or not is_orthonormal(turn) or any(f.position is None for f in frames):
        return None
    gaps = np.diff(np.sort(np.array([f.position for f in frames]) @ normal_of(turn)))
    apart = gaps[gaps > SAME_POSITION_MM]
    return float(np.median(apart)) if len(apart) else None


def _shared_and_per_frame(ds: Dataset, facts: SourceFacts) -> None:
    from pydicom.dataset import Dataset

    ds.SharedFunctionalGroupsSequence = [Dataset()]
    places = {p: k for k, p in enumerate(dict.fromkeys(s.facts.position for s in facts.slices))}
    seen: dict[object, int] = {}
    items = []
    several = len(places) < len(facts.slices)
    for source in facts.slices:
        place = source.facts.position
        seen[place] = seen.get(place, 0) + 1
        items.append(_frame_item(source, places[place] + 1, seen[place] if several else None, facts.colour))
    ds.PerFrameFunctionalGroupsSequence = items
    _dimensions(ds, facts, timed=several)


def _dimensions(ds: Dataset, facts: SourceFacts, *, timed: bool) -> None:
    from pydicom.dataset import Dataset
    from pydicom.tag import Tag
    from pydicom.uid import UID

    organization = Dataset()
    organization.DimensionOrganizationUID = UID(derived_uid(facts.digest, "dimensions"))
    ds.DimensionOrganizationSequence = [organization]
    pointers = [0x00209056, 0x00209057] + ([0x00209128] if timed else [])  # Stack ID, In-Stack Position, Temporal Index
    ds.DimensionIndexSequence = []
    for pointer in pointers:
        index = Dataset()
        index.DimensionOrganizationUID = organization.DimensionOrganizationUID
        index.DimensionIndexPointer = Tag(pointer)
        index.FunctionalGroupPointer = Tag(0x00209111)
        ds.DimensionIndexSequence.append(index)


def _frame_item(source: SourceSlice, place: int, time: int | None, colour: bool) -> Dataset:
    from pydicom.dataset import Dataset

    item, content = Dataset(), Dataset()
    content.StackID, content.InStackPositionNumber = "1", place
    content.DimensionIndexValues = [1, place] + ([time] if time is not None else [])
    if time is not None:
        content.TemporalPositionIndex = time
    item.FrameContentSequence = [content]
    _place(item, source.facts)
    if not colour:
        _values(item, source.facts)
    if source.instance_uid and source.sop_class_uid:
        origin = Dataset()
        origin.ReferencedSOPClassUID, origin.ReferencedSOPInstanceUID = source.sop_class_uid, source.instance_uid
        item.ConversionSourceAttributesSequence = [origin]
    return item


def _place(item: Dataset, f: FrameFacts) -> None:
    from pydicom.dataset import Dataset

    if f.position is not None:
        position = Dataset()
        position.ImagePositionPatient = _decimals(f.position)
        item.PlanePositionSequence = [position]
    if f.orientation is not None:
        orientation = Dataset()
        orientation.ImageOrientationPatient = _decimals(f.orientation)
        item.PlaneOrientationSequence = [orientation]
    measures = Dataset()
    if f.pixel_spacing is not None:
        measures.PixelSpacing = _decimals(f.pixel_spacing)
    if f.slice_thickness is not None:
        measures.SliceThickness = _decimal(f.slice_thickness)
    if len(measures):
        item.PixelMeasuresSequence = [measures]


def _values(item: Dataset, f: FrameFacts) -> None:
    from pydicom.dataset import Dataset

    transformation = Dataset()
    transformation.RescaleSlope, transformation.RescaleIntercept = _decimal(f.slope), _decimal(f.intercept)
    transformation.RescaleType = "US"
    item.PixelValueTransformationSequence = [transformation]
    if f.windows:
        voi = Dataset()
        voi.WindowCenter = _decimals(tuple(w.center for w in f.windows))
        voi.WindowWidth = _decimals(tuple(w.width for w in f.windows))
        voi.VOILUTFunction = f.windows[0].function
        item.FrameVOILUTSequence = [voi]


def _decimal(value: float) -> str:
    """A DS: the shortest text that reads back as this number, or the closest one of 16 characters (PS3.5 6.2)."""
    from pydicom.valuerep import format_number_as_ds

    text = repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    return text if len(text) <= 16 else format_number_as_ds(value)


def _decimals(values: tuple[float, ...]) -> list[str]:
    return [_decimal(v) for v in values]
