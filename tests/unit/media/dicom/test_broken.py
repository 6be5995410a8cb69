"""What each malformed file of the shared data becomes at ingest: Damaged with its reason, or kept with a finding."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest

from fiducial.errors import Damaged, FiducialError, Unsupported
from fiducial.media.base import SNIFF_BYTES, Header
from fiducial.media.dicom import DICOM
from tests.shared_data import SHARED_DATA, needs_shared

BROKEN = SHARED_DATA / "broken"
DAMAGED = {
    "MR_truncated.dcm": "cut off: 8192 bytes",  # the pixel data misses 62 bytes
    "badVR.dcm": "NumberOfFrames (0028,0008) is not a number: '1A'",
    "ct-400-bytes.dcm": "ends inside an element",
    "ct-half.dcm": "cut off: 524288 bytes",
    "empty.dcm": "not DICOM: it is empty",
    "gh177-undefined-length.dcm": "(0008,2112)",  # big-endian dataset with a little-endian item inside
    "meta_missing_tsyntax.dcm": "PhotometricInterpretation",  # two bytes of pixel data that nothing describes
    "no_meta.dcm": "not DICOM",  # begins in the middle of an element: not one of its tags is where it must be
    "rtplan_truncated.dcm": "only 711 are left",
    "xa-cut-at-40pct.dcm": "cut off: fragment",
}


def ingest(path: Path) -> Header:
    with path.open("rb") as source:
        header = DICOM.read_header(source)
        DICOM.verify(source)
    return header


@needs_shared
@pytest.mark.parametrize(("name", "reason"), DAMAGED.items(), ids=list(DAMAGED))
def test_damaged_files_are_refused_with_the_reason(name: str, reason: str) -> None:
    with pytest.raises(Damaged) as caught:
        ingest(BROKEN / name)
    assert reason in caught.value.message


@needs_shared
def test_an_empty_character_set_harms_nothing() -> None:
    header = ingest(BROKEN / "empty_charset_LEI.dcm")
    assert header.frame_count == 0
    assert header.transfer_syntax == "1.2.840.10008.1.2"
    assert [f.code for f in header.findings] == ["missing-uid"]


@needs_shared
@pytest.mark.parametrize("folder", ["series-gantry-tilt", "series-missing-slice"])
def test_files_of_a_faulty_series_are_good_one_by_one(folder: str) -> None:
    for path in sorted((BROKEN / folder).iterdir()):
        assert ingest(path).findings == ()


@needs_shared
def test_every_file_there_is_accounted_for() -> None:
    known = {*DAMAGED, "empty_charset_LEI.dcm", "series-gantry-tilt", "series-missing-slice"}
    others = {"cut.mp4", "cut.nii.gz", "cxr-half.png"}
    assert {p.name for p in BROKEN.iterdir()} == known | others
    for name in others:
        assert not DICOM.sniff((BROKEN / name).read_bytes()[:SNIFF_BYTES])


@needs_shared
def test_a_frame_that_is_there_can_be_read_though_the_file_is_cut() -> None:
    with (
        (BROKEN / "ct-half.dcm").open("rb") as source,
        DICOM.open(source) as reader,
        pytest.raises(Damaged, match="frame 0"),
    ):
        reader.frame(0)


def test_a_dicomdir_is_no_image() -> None:
    meta = b"\x02\0\x02\0UI\x14\x001.2.840.10008.1.3.10\x02\0\x10\0UI\x14\x001.2.840.10008.1.2.1\0"
    with pytest.raises(Unsupported, match="DICOMDIR"):
        DICOM.read_header(BytesIO(b"\0" * 128 + b"DICM" + meta + b"\x04\0\x30\x11CS\0\0"))


def test_text_called_dcm_is_refused() -> None:
    text = b"This is a text file that somebody called scan.dcm.\n" * 50
    assert not DICOM.sniff(text[:SNIFF_BYTES])
    with pytest.raises(FiducialError, match="not DICOM"):
        DICOM.read_header(BytesIO(text))
