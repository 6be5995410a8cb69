"""What is and what is not DICOM by its first bytes."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiducial.media.base import SNIFF_BYTES
from fiducial.media.dicom import DICOM
from tests.unit.media.dicom import phantom

FILES = Path(pydicom.__file__).parent / "data" / "test_files"


def test_the_prefix_is_enough() -> None:
    assert DICOM.sniff(phantom.file(phantom.letter_f()).read(SNIFF_BYTES))
    assert DICOM.sniff(b"II*\0" + b"\0" * 124 + b"DICM")  # a preamble may hold a TIFF header (PS3.10 7.1)


@pytest.mark.parametrize("name", ["ExplVR_BigEndNoMeta.dcm", "ExplVR_LitEndNoMeta.dcm", "rtstruct.dcm"])
def test_datasets_without_preamble(name: str) -> None:
    raw = (FILES / name).read_bytes()
    assert DICOM.sniff(raw[:SNIFF_BYTES])
    with (FILES / name).open("rb") as source:
        assert "missing-preamble" in {f.code for f in DICOM.read_header(source).findings}


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"DICM",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 200,
        b"\xff\xd8\xff\xe0" * 64,
        b"MM\0*" * 64,
        b"\x1f\x8b\x08\x00" * 64,
    ],
)
def test_other_formats(head: bytes) -> None:
    assert not DICOM.sniff(head)


@given(st.text(alphabet=st.characters(max_codepoint=126, min_codepoint=9), max_size=400))
def test_text_is_never_dicom(text: str) -> None:
    head = text.encode()
    assert not DICOM.sniff(head[:128] + b"X" + head[128:])


@given(st.binary(max_size=600))
def test_noise_is_never_dicom(head: bytes) -> None:
    assert not DICOM.sniff(head) or head[128:132] == b"DICM"
