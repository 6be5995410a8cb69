"""A series as one multi-frame file: the same values at the same places, and always the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fiducial.errors import Damaged, Invalid, Unsupported
from fiducial.media.base import Stage
from fiducial.media.dicom import DICOM
from fiducial.media.dicom.multiframe import write_multiframe
from tests.shared_data import SHARED_DATA, needs_shared
from tests.unit.media.dicom import phantom
from tests.unit.media.dicom.test_real_series import CT, MR, files, layout_of, opener, reader_of


def slices(pixels: np.ndarray[Any, Any], slopes: list[float] | None = None, **tags: Any) -> list[BytesIO]:
    """One file per [row, column] of ``pixels``, 2.5 mm apart."""
    return [
        phantom.file(
            frame,
            SOPInstanceUID=f"2.25.{100 + k}",
            Modality="PT",
            ImagePositionPatient=[-100, -120, 50 + 2.5 * k],
            ImageOrientationPatient=phantom.AXIAL,
            PixelSpacing=[0.8, 0.5],
            InstanceNumber=k + 1,
            RescaleSlope=str((slopes or [1.0] * len(pixels))[k]),
            RescaleIntercept="-3",
            **tags,
        )
        for k, frame in enumerate(pixels)
    ]


def openers(sources: list[BytesIO]) -> list[Callable[[], BinaryIO]]:
    return [partial(BytesIO, s.getvalue()) for s in sources]


def written(sources: list[BytesIO]) -> BytesIO:
    out = BytesIO()
    write_multiframe(openers(sources), out)
    return out


@settings(max_examples=30, deadline=None)
@given(st.data(), st.integers(1, 5), st.sampled_from(["u1", "u2", "i2"]))
def test_values_and_places_survive(data: st.DataObject, count: int, code: str) -> None:
    pixels = data.draw(arrays(np.dtype(code), (count, 3, 5)))
    slopes = data.draw(st.lists(st.sampled_from([1.0, 0.5, 2.25, 1e-3, 3.14159]), min_size=count, max_size=count))
    sources = slices(pixels, slopes)
    out = written(sources)
    DICOM.verify(out)
    with DICOM.open(out) as reader:
        assert reader.header.frame_count == count
        for k, source in enumerate(sources):
            with DICOM.open(source) as one:
                assert np.array_equal(reader.frame(k), one.frame(0))
                assert np.array_equal(reader.frame(k, Stage.STORED), one.frame(0, Stage.STORED))
    assert out.getvalue() == written(sources).getvalue()


def test_what_is_kept_and_what_is_new() -> None:
    sources = slices(np.stack([phantom.letter_f()] * 3), [1, 2, 3], LossyImageCompression="01",
                     LossyImageCompressionRatio="8", LossyImageCompressionMethod="ISO_10918_1")  # fmt: skip
    out = written(sources)
    ds = pydicom.dcmread(BytesIO(out.getvalue()))
    assert ds.NumberOfFrames == 3
    assert (ds.StudyInstanceUID, ds.FrameOfReferenceUID, ds.PatientID) == ("2.25.2", "2.25.4", "P1")
    assert ds.SOPInstanceUID.startswith("2.25.")
    assert ds.SOPInstanceUID not in {f"2.25.{100 + k}" for k in range(3)}
    assert ds.SOPInstanceUID == ds.file_meta.MediaStorageSOPInstanceUID
    assert len(ds.SOPInstanceUID) <= 64
    assert (ds.LossyImageCompression, ds.LossyImageCompressionRatio) == ("01", 8)
    assert (list(ds.PixelSpacing), ds.SpacingBetweenSlices) == ([0.8, 0.5], 2.5)
    assert list(ds.ImagePositionPatient) == [-100, -120, 50]
    assert list(ds.ImageOrientationPatient) == phantom.AXIAL
    assert "RescaleSlope" not in ds  # it differs between frames, so only the functional groups have it
    group = ds.PerFrameFunctionalGroupsSequence[2]
    assert group.PixelValueTransformationSequence[0].RescaleSlope == 3
    assert group.PlanePositionSequence[0].ImagePositionPatient[2] == 55
    assert group.ConversionSourceAttributesSequence[0].ReferencedSOPInstanceUID == "2.25.102"
    assert np.array_equal(ds.pixel_array, np.stack([phantom.letter_f()] * 3))
    header = DICOM.read_header(out)
    assert header.is_volume
    assert header.spacing_zyx_mm == (2.5, 0.8, 0.5)


def test_other_bytes_give_other_uids() -> None:
    pixels = np.stack([phantom.letter_f()] * 2)
    first, second = (DICOM.read_header(written(slices(p))).instance_uid for p in (pixels, pixels + 1))
    assert first != second


def test_colour_becomes_rgb() -> None:
    ybr = np.array([[[76, 85, 255], [149, 43, 21]]], np.uint8)
    sources = [
        phantom.file(ybr, colour=True, PhotometricInterpretation="YBR_FULL", SOPInstanceUID=f"2.25.{k}") for k in (7, 8)
    ]
    with DICOM.open(written(sources)) as reader, DICOM.open(sources[0]) as one:
        assert reader.header.photometric_interpretation == "RGB"
        assert reader.header.sop_class_uid == "1.2.840.10008.5.1.4.1.1.7.4"
        assert np.array_equal(reader.frame(1), one.frame(0))


def test_what_does_not_fit_together_is_refused() -> None:
    f = phantom.letter_f()
    small, tall = slices(f[None]), slices(np.vstack([f, f])[None])
    for other in (tall, slices(f[None], BitsStored=12, HighBit=11), slices(f.astype(np.int16)[None])):
        out = BytesIO()
        with pytest.raises(Unsupported, match="source 1 differs from the first"):
            write_multiframe(openers([*small, *other]), out)
        assert out.getvalue() == b""
    with pytest.raises(Unsupported, match="frames"):
        written([phantom.file(np.stack([f, f]), NumberOfFrames=2)])
    with pytest.raises(Invalid):
        written([])


def test_a_damaged_source_is_no_frame() -> None:
    good, bad = slices(np.stack([phantom.letter_f()] * 2))
    with pytest.raises(Damaged):
        written([good, BytesIO(bad.getvalue()[:-20])])


@needs_shared
@pytest.mark.parametrize(
    ("folder", "sop_class"), [(CT, "1.2.840.10008.5.1.4.1.1.2.2"), (MR, "1.2.840.10008.5.1.4.1.1.4.4")]
)
def test_a_real_series(folder: str, sop_class: str) -> None:
    layout, out = layout_of(folder), BytesIO()
    write_multiframe([opener(files(folder)[i]) for i in layout.order], out)
    DICOM.verify(out)
    with DICOM.open(out) as reader, reader_of(folder) as series:
        assert reader.header.sop_class_uid == sop_class
        assert reader.header.findings == ()
        assert np.array_equal(reader.array(), series.array())
        assert np.array(reader.header.voxel_to_patient) == pytest.approx(np.array(layout.voxel_to_patient), abs=1e-9)
    ds = pydicom.dcmread(BytesIO(out.getvalue()))
    assert ds.pixel_array.shape == (len(layout.order), ds.Rows, ds.Columns)


@needs_shared
def test_compressed_sources_are_decoded() -> None:
    names = ["CTImage.dcm", "CTImage.dcm_JPEGLSLosslessTransferSyntax_1.2.840.10008.1.2.4.80.dcm"]
    out = BytesIO()
    write_multiframe([opener(SHARED_DATA / "compressed" / name) for name in names], out)
    with DICOM.open(out) as reader:
        assert np.array_equal(reader.frame(0), reader.frame(1))
        assert reader.frame(0).min() == -3024
