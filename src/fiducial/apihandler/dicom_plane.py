"""Where a frame of a DICOM file lies in the patient, from its header alone."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from fiducial.errors import Invalid
from fiducial.media.base import Affine
from fiducial.media.dicom import attributes as at
from fiducial.media.dicom.dataset import read_dataset
from fiducial.media.dicom.functional_groups import FrameFacts, frame_facts
from fiducial.media.dicom.header import parse
from fiducial.media.dicom.slice_geometry import single_slice_affine

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_GROUPS = frozenset({0x0008, 0x0018, 0x0020, 0x0028, 0x0054, 0x3004, 0x5200})
"""Groups of elements that describe frames; those about people and pixels are not looked at."""


class Plane(NamedTuple):
    """``affine`` maps (column, row, ``slice``, 1) to LPS mm (PS3.3 C.7.6.2.1.1)."""

    affine: Affine
    slice: int


def frame_plane(metadata: Dataset | str | Path, frame_index: int | None) -> Plane:
    """The plane of frame ``frame_index``, counted as Fiducial counts frames: by position where they are a volume.

    For a file of one frame the index does not matter: it may say which slice of a series the file is. Invalid when the index
    is needed and missing or out of range, or when the header does not say where the frame is; Damaged for what is not DICOM.
    """
    if isinstance(metadata, (str, Path)):
        with Path(metadata).expanduser().open("rb") as file:
            return _plane(file, frame_index)
    return _plane(_header_only(metadata), frame_index)


def _header_only(dataset: Dataset) -> BinaryIO:
    """What says where frames are, as a file with an empty element where pixels would be: reading a header looks no further."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    header, out = Dataset(), BytesIO()
    try:
        for element in dataset:
            if element.tag.group in _GROUPS:
                header.add(element)
        header.add_new(at.PIXEL_DATA.tag, "OW", b"\0\0")
        header.preamble = b"\0" * 128  # with it the prefix is written that files are known by
        header.file_meta = FileMetaDataset()
        header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        header.save_as(out, implicit_vr=False, little_endian=True)
    except Exception as error:  # what pydicom says about values it cannot write, and what is no dataset
        raise Invalid(f"dicom_metadata cannot be read: {error}", field="dicom_metadata") from error
    out.seek(0)
    return out


def _plane(source: BinaryIO, frame_index: int | None) -> Plane:
    dataset = read_dataset(source)
    try:
        count = dataset.elements.integer(at.NUMBER_OF_FRAMES) or 1
        if count == 1:
            return Plane(_own_affine(frame_facts(dataset.elements, 1)[0]), 0)
    finally:
        dataset.close()
    return _plane_of_several(source, _one_of(count, frame_index))


def _one_of(count: int, frame_index: int | None) -> int:
    if frame_index is None:
        raise Invalid(f"dicom_metadata has {count} frames: frame_index must say which", field="frame_index")
    if not 0 <= frame_index < count:
        raise Invalid(f"frame_index is {frame_index}, and dicom_metadata has {count} frames", field="frame_index")
    return frame_index


def _plane_of_several(source: BinaryIO, frame: int) -> Plane:
    parsed = parse(source)
    parsed.dataset.close()
    if parsed.header.voxel_to_patient is not None:
        return Plane(parsed.header.voxel_to_patient, frame)
    return Plane(_own_affine(parsed.facts_of(parsed.order[frame])), 0)


def _own_affine(facts: FrameFacts) -> Affine:
    affine = single_slice_affine(facts.position, facts.orientation, facts.pixel_spacing, facts.slice_thickness)
    if affine is not None:
        return affine
    given = {
        "ImagePositionPatient": facts.position,
        "ImageOrientationPatient": facts.orientation,
        "PixelSpacing": facts.pixel_spacing,
    }
    missing = ", ".join(name for name, value in given.items() if value is None) or "usable ImageOrientationPatient"
    raise Invalid(
        f"dicom_metadata does not say where the image is in the patient: it has no {missing}; "
        "leave it out to give the points in pixels",
        field="dicom_metadata",
    )
