"""Cut and altered files: a header or one of our errors, never anything else, and never a large allocation."""

from __future__ import annotations

import tracemalloc
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest

from fiducial.errors import FiducialError
from fiducial.media.base import Header
from fiducial.media.dicom import DICOM
from tests.unit.media.dicom import phantom
from tests.unit.media.dicom.test_codecs import COMPRESSED
from tests.unit.media.dicom.test_geometry import POSITIONS, frames

FILES = Path(pydicom.__file__).parent / "data" / "test_files"
NAMES = [
    "MR_small.dcm",
    "MR_small_implicit.dcm",
    "MR_small_bigendian.dcm",
    "MR_small_RLE.dcm",
    "reportsi.dcm",
    "image_dfl.dcm",
]
MOST_BYTES = 32 << 20


def sources() -> list[tuple[str, bytes]]:
    found = [(name, (FILES / name).read_bytes()) for name in NAMES if (FILES / name).is_file()]
    return [*found, ("enhanced", phantom.enhanced(frames(), POSITIONS).getvalue())]


def attempt(raw: bytes) -> Header | FiducialError:
    """The whole way: header, verify and, when these are content, the first frame."""
    try:
        source = BytesIO(raw)
        header = DICOM.read_header(source)
        DICOM.verify(source)
        if header.frame_count:
            with DICOM.open(source) as reader:
                reader.frame(0)
    except FiducialError as error:
        return error
    return header


@pytest.mark.parametrize(("name", "raw"), sources(), ids=[n for n, _ in sources()])
def test_two_hundred_truncations(name: str, raw: bytes) -> None:
    whole = attempt(raw)
    assert isinstance(whole, Header)
    for cut in np.linspace(0, len(raw) - 1, 200).astype(int):
        result = attempt(raw[:cut])
        if isinstance(result, Header) and name != "reportsi.dcm":
            # the pixels were all there: only trailing elements were cut, at an element's end
            assert result.frame_count == whole.frame_count
            assert result.width == whole.width


@pytest.mark.parametrize(("name", "raw"), sources(), ids=[n for n, _ in sources()])
def test_altered_bytes_in_the_header(name: str, raw: bytes) -> None:
    random = np.random.default_rng(len(raw))
    tracemalloc.start()
    try:
        for _ in range(300):
            changed = bytearray(raw)
            for _ in range(int(random.integers(1, 6))):
                changed[int(random.integers(128, min(len(raw), 1800)))] = int(random.integers(0, 256))
            attempt(bytes(changed))
        assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
    finally:
        tracemalloc.stop()


def test_an_absurd_length_allocates_nothing() -> None:
    raw = phantom.file(phantom.letter_f()).getvalue()
    at = raw.index(b"\xe0\x7f\x10\x00")
    absurd = raw[: at + 8] + b"\xfe\xff\xff\x7f" + raw[at + 12 :]
    tracemalloc.start()
    try:
        result = attempt(absurd)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
    assert isinstance(result, FiducialError)


def test_deep_nesting_is_damage_not_a_crash() -> None:
    item = b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    sequence = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff"
    meta = b"\x02\0\x10\0UI\x14\x001.2.840.10008.1.2.1\0"
    result = attempt(b"\0" * 128 + b"DICM" + meta + (sequence + item) * 20_000)
    assert isinstance(result, FiducialError)
    assert "nested" in result.message


@pytest.mark.parametrize("name", COMPRESSED)
def test_altered_bytes_in_compressed_frames(name: str) -> None:
    """The process lives: a decoder that ends it (as one did) fails this whole run."""
    raw = (FILES / name).read_bytes()
    start = raw.rindex(b"\xe0\x7f\x10\x00") + 12
    random = np.random.default_rng(len(raw))
    for turn in range(60):
        changed = bytearray(raw)
        last = len(raw) if turn % 2 else min(len(raw), start + 400)
        for _ in range(int(random.integers(1, 8))):
            changed[int(random.integers(start, last))] = int(random.integers(0, 256))
        with DICOM.open(BytesIO(bytes(changed))) as reader:
            try:
                reader.frame(0)
            except FiducialError as error:
                assert "frame 0" in error.message  # noqa: PT017 - most frames do not even fail
