"""The small files that pydicom ships: every codec against pydicom's own decoding, and damage to each of them."""

from __future__ import annotations

import warnings
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.pixels.utils import pixel_array

from fiducial.errors import Damaged
from fiducial.media.base import Stage
from fiducial.media.dicom import DICOM

FILES = Path(pydicom.__file__).parent / "data" / "test_files"
COMPARED = [
    "693_J2KI.dcm", "CT_small.dcm", "ExplVR_BigEnd.dcm", "GDCMJ2K_TextGBR.dcm", "J2K_pixelrep_mismatch.dcm",
    "JPEG2000.dcm", "JPEGLSNearLossless_08.dcm", "JPEGLSNearLossless_16.dcm", "MR_small.dcm", "MR_small_RLE.dcm",
    "MR_small_bigendian.dcm", "MR_small_expb.dcm", "MR_small_implicit.dcm", "MR_small_jp2klossless.dcm",
    "MR_small_jpeg_ls_lossless.dcm", "MR_small_padded.dcm", "SC_jpeg_no_color_transform.dcm",
    "SC_jpeg_no_color_transform_2.dcm", "SC_rgb_dcmtk_+eb+cr.dcm", "SC_rgb_dcmtk_+eb+cy+n1.dcm",
    "SC_rgb_dcmtk_+eb+cy+n2.dcm", "SC_rgb_dcmtk_+eb+cy+np.dcm", "SC_rgb_dcmtk_+eb+cy+s2.dcm",
    "SC_rgb_dcmtk_+eb+cy+s4.dcm", "SC_rgb_gdcm_KY.dcm", "SC_rgb_jls_lossy_line.dcm", "SC_rgb_jls_lossy_sample.dcm",
    "SC_rgb_jpeg_app14_dcmd.dcm", "SC_rgb_jpeg_dcmd.dcm", "SC_rgb_jpeg_dcmtk.dcm", "SC_rgb_jpeg_gdcm.dcm",
    "SC_rgb_jpeg_lossy_gdcm.dcm", "SC_rgb_rle.dcm", "SC_rgb_rle_16bit.dcm", "SC_rgb_rle_16bit_2frame.dcm",
    "SC_rgb_rle_2frame.dcm", "SC_rgb_rle_32bit.dcm", "SC_rgb_small_odd.dcm", "SC_rgb_small_odd_big_endian.dcm",
    "SC_rgb_small_odd_jpeg.dcm", "SC_ybr_full_422_uncompressed.dcm", "examples_jpeg2k.dcm", "examples_overlay.dcm",
    "examples_palette.dcm", "examples_rgb_color.dcm", "examples_ybr_color.dcm", "liver_1frame.dcm",
    "liver_expb_1frame.dcm", "rtdose.dcm", "rtdose_expb.dcm", "rtdose_rle.dcm",
]  # fmt: skip
HERE = [name for name in COMPARED if (FILES / name).is_file()]
COMPRESSED = [
    "MR_small_RLE.dcm", "MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm", "SC_rgb_jpeg_gdcm.dcm",
    "SC_rgb_dcmtk_+eb+cr.dcm",
]  # fmt: skip


def test_most_of_these_files_are_shipped() -> None:
    assert len(HERE) >= 40


@pytest.mark.parametrize("name", HERE)
def test_samples_are_those_of_pydicom(name: str) -> None:
    path = FILES / name
    with path.open("rb") as source, DICOM.open(source) as reader, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        header = reader.header
        stored = np.stack([reader.frame(k, Stage.STORED) for k in range(header.frame_count)])
        order = header.metadata.get("stored_frames") or list(range(header.frame_count))
        assert np.array_equal(stored, pixel_array(path, raw=True).reshape(stored.shape)[order])
        if header.samples_per_pixel == 3 and header.bits_stored == 8:
            shown = np.stack([reader.frame(k) for k in range(header.frame_count)])
            assert np.array_equal(shown, pixel_array(path).reshape(shown.shape))


def test_sixteen_bit_colour_keeps_its_upper_bytes() -> None:
    with (FILES / "SC_rgb_rle_16bit.dcm").open("rb") as source, DICOM.open(source) as reader:
        assert np.array_equal(reader.frame(0), reader.frame(0, Stage.STORED) >> 8)


def test_twelve_bit_extended_jpeg_is_decoded() -> None:
    """An independent decoder gives 0 to 264; lossy decoders may differ by one count."""
    with (FILES / "JPGExtended.dcm").open("rb") as source, DICOM.open(source) as reader:
        frame = reader.frame(0, Stage.STORED)
        assert frame.dtype == np.uint16
        assert frame.min() == 0
        assert frame.max() in (263, 264, 265)


def test_header_and_codestream_that_disagree_are_found() -> None:
    with (FILES / "J2K_pixelrep_mismatch.dcm").open("rb") as source:
        findings = {f.code: f for f in DICOM.read_header(source).findings}
    assert "unsigned" in findings["codestream-mismatch"].message


def test_a_destroyed_codestream_header_is_found_without_decoding() -> None:
    with (FILES / "JPEG2000-embedded-sequence-delimiter.dcm").open("rb") as source, pytest.raises(Damaged):
        DICOM.verify(source)


@pytest.mark.parametrize("name", COMPRESSED)
def test_a_frame_whose_end_is_missing_is_refused_whole(name: str) -> None:
    """The fragment is shortened and its length made right: nothing but the codestream itself can tell."""
    from pydicom.encaps import encapsulate, generate_frames

    ds = pydicom.dcmread(FILES / name)
    (frame,) = generate_frames(ds.PixelData, number_of_frames=1)
    ds.PixelData = encapsulate([frame[: len(frame) * 2 // 3]])
    out = BytesIO()
    ds.save_as(out)
    with DICOM.open(out) as reader, pytest.raises(Damaged, match="frame 0"):
        reader.frame(0)


@pytest.mark.parametrize("table", ["none", "basic", "extended"])
@pytest.mark.parametrize("pieces", [1, 3])
def test_frames_are_found_among_fragments(table: str, pieces: int) -> None:
    from pydicom.encaps import encapsulate, encapsulate_extended, generate_frames

    source = pydicom.dcmread(FILES / "examples_ybr_color.dcm")
    frames = list(generate_frames(source.PixelData, number_of_frames=30))[:4]
    source.NumberOfFrames = 4
    if table == "extended":
        pixel, offsets, lengths = encapsulate_extended(frames)
        source.PixelData, source.ExtendedOffsetTable, source.ExtendedOffsetTableLengths = pixel, offsets, lengths
    else:
        source.PixelData = encapsulate(frames, fragments_per_frame=pieces, has_bot=table == "basic")
    out = BytesIO()
    source.save_as(out)
    DICOM.verify(out)
    with (
        DICOM.open(out) as reader,
        (FILES / "examples_ybr_color.dcm").open("rb") as original,
        DICOM.open(original) as whole,
    ):
        for k in (3, 0):
            assert np.array_equal(reader.frame(k), whole.frame(k))


def test_too_few_fragments_for_the_frames_are_damage() -> None:
    from pydicom.encaps import encapsulate, generate_frames

    ds = pydicom.dcmread(FILES / "examples_ybr_color.dcm")
    ds.PixelData = encapsulate(list(generate_frames(ds.PixelData, number_of_frames=30))[:29])
    out = BytesIO()
    ds.save_as(out)
    with pytest.raises(Damaged, match="30 frames are announced"):
        DICOM.verify(out)


def test_deflated_data_that_is_cut_is_damaged() -> None:
    raw = (FILES / "image_dfl.dcm").read_bytes()
    DICOM.verify(BytesIO(raw))
    with pytest.raises(Damaged, match="cut off"):
        DICOM.read_header(BytesIO(raw[:-100]))
