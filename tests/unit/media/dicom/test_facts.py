"""Every DICOM row of the shared data's own table: it opens, is whole, and its values are what the table says."""

from __future__ import annotations

import re

import numpy as np
import pytest

from fiducial.media.base import Stage
from fiducial.media.dicom import DICOM
from tests.shared_data import SHARED_DATA, needs_shared

_ROW = re.compile(r"\|((?:compressed|colour|us-multiframe|seg|broken)/[^|]*\.dcm)\|[^|]*\|[^|]*\|[^|]*\|([^|]*)\|")
_EXTENDED_12_BIT = "JPEGProcess2_4"
"""Two decoders of lossy 12-bit JPEG may differ by one count, which is 2.0002442 after rescale."""


def _rows() -> list[tuple[str, str]]:
    table = SHARED_DATA / "README.md"
    lines = table.read_text().splitlines() if table.is_file() else []
    return [(m[1], m[2]) for line in lines if (m := _ROW.match(line))]


ROWS = _rows()
IMAGES = [(name, facts) for name, facts in ROWS if "min " in facts]


@needs_shared
def test_the_table_was_understood() -> None:
    assert len(IMAGES) == 41


@needs_shared
@pytest.mark.parametrize(("name", "facts"), IMAGES, ids=[name for name, _ in IMAGES])
def test_a_row_of_the_table(name: str, facts: str) -> None:
    with (SHARED_DATA / name).open("rb") as source:
        DICOM.verify(source)
        with DICOM.open(source) as reader:
            header = reader.header
            _check_header(facts, header)
            enhanced = name.startswith("compressed/CT0012")
            stored = enhanced or header.photometric_interpretation == "PALETTE COLOR"
            frames = [reader.frame(k, Stage.STORED if stored else Stage.MODALITY) for k in range(header.frame_count)]
            low, high = (float(v) for v in re.search(r"min (\S+) max ([^\s,]+)", facts).groups())  # type: ignore[union-attr]
            tolerance = 2.01 if _EXTENDED_12_BIT in name else 0.005
            assert min(float(f.min()) for f in frames) == pytest.approx(low, abs=tolerance)
            assert max(float(f.max()) for f in frames) == pytest.approx(high, abs=tolerance)
            shown = reader.frame(0, Stage.DISPLAY)
            assert shown.dtype == np.uint8
            assert shown.shape[:2] == (header.height, header.width)


def _check_header(facts: str, header: object) -> None:
    from fiducial.media.base import Header

    assert isinstance(header, Header)
    assert header.modality == facts.split(",", maxsplit=1)[0]
    assert f"{header.height} rows x {header.width} cols" in facts
    assert f"{header.frame_count} frame(s)" in facts
    assert str(header.photometric_interpretation) in facts
    assert f"bits {header.bits_stored}" in facts
    spacing = re.search(r"spacing \[([^\]]*)\]", facts)
    if spacing:
        assert header.spacing_zyx_mm is not None
        assert list(header.spacing_zyx_mm[1:]) == [float(v) for v in spacing[1].split(",")]


def _frames(name: str) -> list[np.ndarray]:
    with (SHARED_DATA / name).open("rb") as source, DICOM.open(source) as reader:
        return [reader.frame(k, Stage.STORED) for k in range(reader.header.frame_count)]


LOSSLESS = {
    "compressed/CTImage.dcm": [
        "BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2",
        "DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99",
        "JPEG2000LosslessOnlyTransferSyntax_1.2.840.10008.1.2.4.90",
        "JPEGLSLosslessTransferSyntax_1.2.840.10008.1.2.4.80",
        "JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70",
        "JPEGProcess14TransferSyntax_1.2.840.10008.1.2.4.57",
        "LittleEndianExplicitTransferSyntax_1.2.840.10008.1.2.1",
        "RLELosslessTransferSyntax_1.2.840.10008.1.2.5",
    ],
}
SAME_PIXELS = [
    ("compressed/CTImage.dcm", f"compressed/CTImage.dcm_{name}.dcm") for name in LOSSLESS["compressed/CTImage.dcm"]
]
SAME_PIXELS += [
    ("compressed/CT0012.explicit_little_endian.dcm", f"compressed/CT0012.{name}.dcm")
    for name in (
        "fragmented_no_bot_jpeg_lossless.57",
        "fragmented_no_bot_jpeg_lossless.70",
        "fragmented_no_bot_jpeg_ls.80",
        "not_fragmented_bot_rle",
    )
]


@needs_shared
@pytest.mark.parametrize(("reference", "variant"), SAME_PIXELS, ids=[v for _, v in SAME_PIXELS])
def test_lossless_variants_are_identical(reference: str, variant: str) -> None:
    for expected, actual in zip(_frames(reference), _frames(variant), strict=True):
        assert expected.dtype == actual.dtype
        assert np.array_equal(expected, actual)


@needs_shared
@pytest.mark.parametrize(
    ("variant", "most"),
    [("JPEGLSLossyTransferSyntax_1.2.840.10008.1.2.4.81", 1), ("JPEG2000TransferSyntax_1.2.840.10008.1.2.4.91", 5)],
)
def test_lossy_variants_are_as_near_as_the_table_says(variant: str, most: int) -> None:
    (expected,), (actual,) = _frames("compressed/CTImage.dcm"), _frames(f"compressed/CTImage.dcm_{variant}.dcm")
    assert np.abs(expected.astype(int) - actual.astype(int)).max() <= most


@needs_shared
def test_the_same_cine_compressed_looks_the_same() -> None:
    def rgb(name: str) -> list[np.ndarray]:
        with (SHARED_DATA / name).open("rb") as source, DICOM.open(source) as reader:
            return [reader.frame(k) for k in range(reader.header.frame_count)]

    plain = rgb("us-multiframe/acuson-echo-8f-implicit.dcm")
    packed = rgb("us-multiframe/acuson-echo-8f-jpeg-fragmented.dcm")
    for a, b in zip(plain, packed, strict=True):
        assert np.abs(a.astype(int) - b.astype(int)).mean() < 3  # a wrong colour conversion is off by tens


@needs_shared
@pytest.mark.parametrize(
    "name", ["seg/test-SR.dcm", "seg/rtstruct-phantom/rtstruct-1roi.dcm", "seg/rtstruct-phantom/rtstruct-4roi.dcm"]
)
def test_objects_without_pixels_are_items_without_frames(name: str) -> None:
    with (SHARED_DATA / name).open("rb") as source:
        DICOM.verify(source)
        header = DICOM.read_header(source)
    assert header.frame_count == 0
    assert header.width is None
    assert header.sop_class_uid
