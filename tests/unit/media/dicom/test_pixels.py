"""Stored to modality to displayed values, each rule with a file made for it."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from fiducial.errors import Damaged, Unsupported
from fiducial.media.base import Severity, Stage
from fiducial.media.dicom import DICOM
from fiducial.media.dicom.colour import ybr_full_to_rgb
from tests.unit.media.dicom import phantom


def test_the_f_comes_out_as_it_went_in() -> None:
    with DICOM.open(phantom.file(phantom.letter_f())) as reader:
        assert np.array_equal(reader.frame(0, Stage.STORED), phantom.letter_f())
        assert reader.frame(0).dtype == np.float32
        assert reader.array().shape == (7, 5)
        with pytest.raises(IndexError):
            reader.frame(1)
        with pytest.raises(IndexError):
            reader.frame(-1)


@pytest.mark.parametrize(
    ("word", "value"), [(0x0FFF, -1), (0x0800, -2048), (0xF7FF, 2047), (0xF000, 0), (0x07FF, 2047)]
)
def test_twelve_bit_signed_values_ignore_the_bits_above(word: int, value: int) -> None:
    source = phantom.file(np.array([[word]], np.uint16), BitsStored=12, HighBit=11, PixelRepresentation=1)
    with DICOM.open(source) as reader:
        assert reader.frame(0, Stage.STORED).tolist() == [[value]]
        assert reader.frame(0, Stage.STORED).dtype == np.int16


@given(st.integers(1, 16), st.data(), st.booleans())
def test_any_high_bit_and_width(bits: int, data: st.DataObject, signed: bool) -> None:
    high = data.draw(st.integers(bits - 1, 15))
    junk = data.draw(st.integers(0, 0xFFFF))
    low, top = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    value = data.draw(st.integers(low, top))
    shift = high - bits + 1
    mask = ((1 << bits) - 1) << shift
    word = (value & ((1 << bits) - 1)) << shift | junk & ~mask & 0xFFFF
    source = phantom.file(np.array([[word]], np.uint16), BitsStored=bits, HighBit=high, PixelRepresentation=int(signed))
    with DICOM.open(source) as reader:
        assert reader.frame(0, Stage.STORED).tolist() == [[value]]


def test_rescale_keeps_fractions() -> None:
    """An integer cast made an SUV of 0.2 into 0 elsewhere."""
    with DICOM.open(phantom.file(np.array([[2]], np.uint16), RescaleSlope="0.1", RescaleIntercept="0")) as reader:
        assert reader.frame(0)[0, 0] == np.float32(0.2)


def test_modality_lut_goes_before_rescale() -> None:
    item = Dataset()
    item.LUTDescriptor, item.ModalityLUTType, item.LUTData = [3, 10, 16], "US", np.array([7, 8, 900], "<u2").tobytes()
    item["LUTDescriptor"].VR, item["LUTData"].VR = "US", "OW"
    source = phantom.file(np.array([[0, 10, 11, 12, 40]], np.uint16), ModalityLUTSequence=Sequence([item]))
    with DICOM.open(source) as reader:
        assert reader.frame(0).tolist() == [[7, 7, 8, 900, 900]]


def test_monochrome1_is_inverted_for_display_only() -> None:
    source = phantom.file(
        np.array([[0, 100]], np.uint16), PhotometricInterpretation="MONOCHROME1", WindowCenter="50.5", WindowWidth="101"
    )
    with DICOM.open(source) as reader:
        assert reader.frame(0).tolist() == [[0, 100]]
        assert reader.frame(0, Stage.DISPLAY).tolist() == [[255, 0]]


def test_padding_does_not_make_the_picture_dark() -> None:
    pixels = np.array([[-2000, -1990, 0, 50, 100]], np.int16)
    source = phantom.file(pixels, PixelPaddingValue=-2000, PixelPaddingRangeLimit=-1990)
    with DICOM.open(source) as reader:
        assert reader.frame(0, Stage.DISPLAY).tolist() == [[0, 0, 0, 128, 255]]
        assert reader.header.metadata["PixelPaddingValue"] == -2000


def test_the_first_of_several_windows_is_used() -> None:
    source = phantom.file(np.array([[0, 100, 1000]], np.uint16), WindowCenter=[50.5, 500], WindowWidth=[101, 1000])
    with DICOM.open(source) as reader:
        assert reader.frame(0, Stage.DISPLAY).tolist() == [[0, 255, 255]]
        assert reader.header.metadata["WindowCenter"] == [50.5, 500]


def test_voi_lut_function_is_followed() -> None:
    source = phantom.file(np.array([[40]], np.uint16), WindowCenter=40, WindowWidth=400, VOILUTFunction="SIGMOID")
    with DICOM.open(source) as reader:
        assert reader.frame(0, Stage.DISPLAY).tolist() == [[128]]


RGB = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3) * 10


@pytest.mark.parametrize("planar", [0, 1])
def test_planar_configuration(planar: int) -> None:
    raw = RGB if planar == 0 else RGB.transpose(2, 0, 1)
    source = phantom.file(RGB, colour=True, PlanarConfiguration=planar, PixelData=raw.tobytes())
    with DICOM.open(source) as reader:
        assert np.array_equal(reader.frame(0), RGB)
        assert np.array_equal(reader.frame(0, Stage.STORED), RGB)


def test_ybr_full_is_converted_once() -> None:
    ybr = np.array([[[76, 85, 255], [149, 43, 21], [29, 255, 107]]], np.uint8)  # red, green, blue
    with DICOM.open(phantom.file(ybr, colour=True, PhotometricInterpretation="YBR_FULL")) as reader:
        assert np.abs(reader.frame(0).astype(int) - [[[255, 0, 0], [0, 255, 0], [0, 0, 255]]]).max() <= 1
        assert np.array_equal(reader.frame(0, Stage.STORED), ybr)


def test_ybr_full_422_shares_chroma_between_two_pixels() -> None:
    ds = phantom.dataset(np.zeros((1, 2, 3), np.uint8), colour=True, PhotometricInterpretation="YBR_FULL_422")
    ds.PixelData = bytes([76, 149, 85, 255])  # Y1 Y2 Cb Cr
    with DICOM.open(phantom.encoded(ds)) as reader:
        expected = ybr_full_to_rgb(np.array([[[76, 85, 255], [149, 85, 255]]], np.uint8))
        assert np.array_equal(reader.frame(0), expected)


@pytest.mark.parametrize("bits", [8, 16])
def test_palette_colour(bits: int) -> None:
    scale = 1 if bits == 8 else 257
    tables = {"Red": [0, 255], "Green": [10, 0], "Blue": [20, 128]}
    ds = phantom.dataset(np.array([[4, 5, 6]], np.uint8), PhotometricInterpretation="PALETTE COLOR")
    for name, entries in tables.items():
        setattr(ds, f"{name}PaletteColorLookupTableDescriptor", [2, 5, bits])
        ds[f"{name}PaletteColorLookupTableDescriptor"].VR = "US"
        raw = (np.array(entries) * scale).astype("<u2" if bits == 16 else "u1").tobytes()
        setattr(ds, f"{name}PaletteColorLookupTableData", raw)
        ds[f"{name}PaletteColorLookupTableData"].VR = "OW"
    with DICOM.open(phantom.encoded(ds)) as reader:
        assert reader.frame(0).tolist() == [[[0, 10, 20], [0, 10, 20], [255, 0, 128]]]
        assert reader.frame(0, Stage.STORED).tolist() == [[4, 5, 6]]


def test_binary_frames_are_packed_from_the_lowest_bit_and_not_aligned() -> None:
    """Golden of PS3.3 C.8.20.2.1: a diagonal and a full 3 x 3 frame are the bytes 11 FF 03."""
    ds = phantom.dataset(
        np.zeros((2, 3, 3), np.uint8), NumberOfFrames=2, BitsAllocated=1, BitsStored=1, HighBit=0, Modality="SEG"
    )
    ds.PixelData = bytes([0x11, 0xFF, 0x03, 0x00])
    source = phantom.encoded(ds)
    DICOM.verify(source)
    with DICOM.open(source) as reader:
        assert np.array_equal(reader.frame(0), np.eye(3))
        assert np.array_equal(reader.frame(1, Stage.STORED), np.ones((3, 3)))


@given(st.integers(1, 5), st.integers(1, 7), st.integers(1, 7), st.randoms(use_true_random=False))
def test_packed_frames_of_any_size(frames: int, rows: int, columns: int, random: object) -> None:
    bits = np.random.default_rng(frames * rows + columns).integers(0, 2, (frames, rows, columns), np.uint8)
    ds = phantom.dataset(bits, NumberOfFrames=frames, BitsAllocated=1, BitsStored=1, HighBit=0)
    packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
    ds.PixelData = packed + b"\0" * (len(packed) % 2)
    with DICOM.open(phantom.encoded(ds)) as reader:
        assert all(np.array_equal(reader.frame(k, Stage.STORED), bits[k]) for k in range(frames))


def test_float_pixel_data_stays_float() -> None:
    values = np.array([[0.25, -3.5]], np.float32)
    ds = phantom.dataset(np.zeros((1, 2), np.uint16))
    del ds.PixelData
    ds.BitsAllocated, ds.FloatPixelData = 32, values.tobytes()
    with DICOM.open(phantom.encoded(ds)) as reader:
        assert np.array_equal(reader.frame(0, Stage.STORED), values)
        assert np.array_equal(reader.frame(0), values)


def test_dose_is_in_gray() -> None:
    source = phantom.file(np.array([[10]], np.uint16), Modality="RTDOSE", DoseGridScaling="0.5")
    with DICOM.open(source) as reader:
        assert reader.frame(0).tolist() == [[5.0]]


@pytest.mark.parametrize(
    "missing",
    [
        "Rows",
        "Columns",
        "BitsAllocated",
        "BitsStored",
        "PixelRepresentation",
        "PhotometricInterpretation",
        "SamplesPerPixel",
    ],
)
def test_what_pixels_need_is_named_when_it_is_missing(missing: str) -> None:
    ds = phantom.dataset(phantom.letter_f())
    delattr(ds, missing)
    with pytest.raises(Damaged, match=missing):
        DICOM.read_header(phantom.encoded(ds))


def test_an_image_without_pixel_data_is_damaged() -> None:
    ds = phantom.dataset(phantom.letter_f())
    del ds.PixelData
    with pytest.raises(Damaged, match="no pixel data"):
        DICOM.read_header(phantom.encoded(ds))
    del ds.Rows  # cut before that, only the SOP class says that it was to be an image
    with pytest.raises(Damaged, match="is an image"):
        DICOM.read_header(phantom.encoded(ds))


def test_an_unknown_transfer_syntax_is_kept_and_refuses_to_render() -> None:
    from pydicom.encaps import encapsulate
    from pydicom.uid import UID

    ds = phantom.dataset(phantom.letter_f())
    ds.PixelData = encapsulate([b"12345678"])
    ds["PixelData"].is_undefined_length = True
    ds.file_meta.TransferSyntaxUID = UID("1.2.3.4.5")
    source = phantom.encoded(ds)
    header = DICOM.read_header(source)
    DICOM.verify(source)
    assert header.transfer_syntax == "1.2.3.4.5"
    assert [(f.code, f.severity) for f in header.findings] == [("unsupported-transfer-syntax", Severity.ERROR)]
    with DICOM.open(source) as reader, pytest.raises(Unsupported, match=r"1\.2\.3\.4\.5"):
        reader.frame(0)


def test_an_optional_value_that_is_no_number_is_a_finding() -> None:
    ds = phantom.dataset(phantom.letter_f())
    ds.add_new(0x00180050, "LO", "thick")
    bad = phantom.encoded(ds).getvalue().replace(b"\x18\x00\x50\x00LO", b"\x18\x00\x50\x00DS")
    header = DICOM.read_header(BytesIO(bad))
    assert [f.code for f in header.findings] == ["unreadable-value"]
    assert "SliceThickness" in header.findings[0].message


def test_history_and_burned_in_text_are_found() -> None:
    source = phantom.file(
        phantom.letter_f(), LossyImageCompression="01", LossyImageCompressionRatio="12.5", BurnedInAnnotation="YES"
    )
    findings = {f.code: f for f in DICOM.read_header(source).findings}
    assert findings["lossy-history"].evidence["ratio"] == [12.5]
    assert findings["burned-in-annotation"].severity is Severity.WARNING


def test_text_without_a_character_set_is_found() -> None:
    ds = phantom.dataset(phantom.letter_f(), SpecificCharacterSet="ISO_IR 100", PatientName="Müller^F")
    raw = phantom.encoded(ds).getvalue()
    assert DICOM.read_header(BytesIO(raw)).metadata["PatientName"] == "Müller^F"
    without = raw.replace(b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100", b"\x08\x00\x04\x00LO\x0a\x00          ")
    header = DICOM.read_header(BytesIO(without))
    assert "missing-character-set" in {f.code for f in header.findings}
    assert header.metadata["PatientName"] == "Müller^F"


def test_japanese_names_are_read() -> None:
    from pydicom.data import get_charset_files

    (path,) = get_charset_files("chrH31.dcm")  # ISO 2022 IR 87, shipped with pydicom
    with open(path, "rb") as source:
        name = DICOM.read_header(source).metadata["PatientName"]
    assert name == "Yamada^Tarou=山田^太郎=やまだ^たろう"
