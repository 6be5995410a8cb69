"""Small DICOM files made for one test each: no patient, every value chosen."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID

CT = "1.2.840.10008.5.1.4.1.1.2"
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"
EXPLICIT = "1.2.840.10008.1.2.1"
AXIAL = [1, 0, 0, 0, 1, 0]


def letter_f() -> np.ndarray[Any, Any]:
    """An F in 7 x 5 pixels, uint16 [row, column]: no flip or turn of it is itself."""
    rows = ("11110", "10000", "10000", "11100", "10000", "10000", "10000")
    return np.array([[int(c) * 100 for c in row] for row in rows], np.uint16)


def dataset(pixels: np.ndarray[Any, Any], *, colour: bool = False, **tags: Any) -> Dataset:
    """An image of these stored values: [row, column], [frame, row, column], or with [.., 3] for ``colour``. ``tags``
    replace or add elements.
    """
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = UID(EXPLICIT)
    ds.SOPClassUID, ds.SOPInstanceUID = UID(CT), UID("2.25.1")
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = UID("2.25.2"), UID("2.25.3"), UID("2.25.4")
    ds.Modality, ds.PatientID, ds.PatientName = "OT", "P1", "Phantom^F"
    frame = pixels.shape[-3:-1] if colour else pixels.shape[-2:]
    ds.Rows, ds.Columns, ds.SamplesPerPixel = frame[0], frame[1], 3 if colour else 1
    ds.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 8 * pixels.dtype.itemsize
    ds.HighBit, ds.PixelRepresentation = ds.BitsStored - 1, int(pixels.dtype.kind == "i")
    if colour:
        ds.PlanarConfiguration = 0
    raw = pixels.tobytes()
    ds.PixelData = raw + b"\0" * (len(raw) % 2)
    for keyword, value in tags.items():
        if value is None:
            if keyword in ds:
                delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    ds["PixelData"].VR = "OW" if ds.BitsAllocated > 8 else "OB"
    return ds


def encoded(ds: Dataset) -> BytesIO:
    out = BytesIO()
    private = ds.file_meta.TransferSyntaxUID.is_private
    if private:
        dcmwrite(out, ds, enforce_file_format=True, implicit_vr=False, little_endian=True)
    else:
        dcmwrite(out, ds, enforce_file_format=True)
    out.seek(0)
    return out


def file(pixels: np.ndarray[Any, Any], *, colour: bool = False, **tags: Any) -> BytesIO:
    return encoded(dataset(pixels, colour=colour, **tags))


def enhanced(frames: np.ndarray[Any, Any], positions: Sequence[Sequence[float]], **tags: Any) -> BytesIO:
    """An enhanced CT whose frame ``k`` lies at ``positions[k]``; geometry is only in the functional groups."""
    ds = dataset(frames, NumberOfFrames=len(frames), SOPClassUID=UID(ENHANCED_CT))
    shared, measures, turn = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [0.8, 0.5], 2.5
    turn.ImageOrientationPatient = AXIAL
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [turn]
    ds.SharedFunctionalGroupsSequence = [shared]
    ds.PerFrameFunctionalGroupsSequence = [_group(p, k) for k, p in enumerate(positions)]
    for keyword, value in tags.items():
        setattr(ds, keyword, value)
    return encoded(ds)


def _group(position: Sequence[float], index: int) -> Dataset:
    item, place, values = Dataset(), Dataset(), Dataset()
    place.ImagePositionPatient = list(position)
    values.RescaleSlope, values.RescaleIntercept, values.RescaleType = index + 1, -10 * index, "HU"
    item.PlanePositionSequence, item.PixelValueTransformationSequence = [place], [values]
    return item
