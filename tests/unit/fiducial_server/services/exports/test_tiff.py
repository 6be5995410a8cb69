"""TIFF as an independent reader sees it."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from fiducial_server.services.exports.tiff import exact_16_bit, tiff_bytes

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9))
KINDS = ("uint8", "int16", "uint16", "float32")


@given(st.data(), st.sampled_from(KINDS))
def test_every_value_comes_back(data: st.DataObject, kind: str) -> None:
    frame = data.draw(arrays.arrays(np.dtype(kind), SHAPES))
    with tifffile.TiffFile(io.BytesIO(tiff_bytes(frame))) as found:
        (page,) = found.pages
        assert page.dtype == np.dtype(kind)
        np.testing.assert_array_equal(page.asarray(), frame)


def test_colour() -> None:
    frame = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    with tifffile.TiffFile(io.BytesIO(tiff_bytes(frame))) as found:
        page = found.pages[0]
        assert page.photometric == tifffile.PHOTOMETRIC.RGB
        np.testing.assert_array_equal(page.asarray(), frame)


def test_pillow_reads_it_too() -> None:
    from PIL import Image

    frame = np.array([[0, 40_000], [65_535, 1]], np.uint16)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(tiff_bytes(frame)))), frame)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([-1024.0, 3071.0], np.int16),
        ([0.0, 40_000.0], np.uint16),
        ([-1.0, 40_000.0], np.float32),
        ([0.0, 0.5], np.float32),
        ([0.0, 1e9], np.float32),
        ([0.0, np.nan], np.float32),
        ([0.0, np.inf], np.float32),
        ([-np.inf, 0.0], np.float32),
    ],
)
def test_16_bits_only_where_that_is_exact(values: list[float], kind: type) -> None:
    given_values = np.array([values], np.float32)
    found = exact_16_bit(given_values)
    assert found.dtype == kind
    np.testing.assert_array_equal(found.astype(np.float64), given_values.astype(np.float64))
