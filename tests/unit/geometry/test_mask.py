"""Masks as runs: against plain arrays, which are the truth here."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fiducial.errors import Damaged, FiducialError, Invalid
from fiducial.geometry import Mask, VolumeMask
from fiducial.geometry.mask import BoolArray
from tests.unit.geometry.strategies import arrays, masks, sizes, volume_arrays, volume_masks

GOLDEN = np.array([[0, 1, 1], [0, 0, 1]], bool)

array_pairs = sizes.flatmap(lambda size: st.tuples(hnp.arrays(np.bool_, size), hnp.arrays(np.bool_, size)))


def test_golden_runs_are_row_major_and_begin_with_clear() -> None:
    mask = Mask.from_array(GOLDEN)
    assert mask.runs.tolist() == [1, 2, 2, 1]
    assert (mask.area, mask.box()) == (3, (1, 0, 2, 2))
    assert mask.bounds() == (0.5, -0.5, 2.5, 1.5)


def test_one_pixel_and_empty_and_full() -> None:
    pixel = Mask.from_array(np.ones((1, 1), bool))
    assert (pixel.runs.tolist(), pixel.area, pixel.is_empty) == ([0, 1], 1, False)
    empty = Mask.empty(4, 5)
    assert (empty.runs.tolist(), empty.area, empty.is_empty, empty.box()) == ([20], 0, True, (0, 0, 0, 0))
    full = Mask.from_array(np.ones((4, 5), np.uint8) * 7)
    assert (full.runs.tolist(), full.box()) == ([0, 20], (0, 0, 5, 4))
    with pytest.raises(Invalid, match="no bounds"):
        empty.bounds()


@given(arrays)
def test_array_round_trip(array: BoolArray) -> None:
    mask = Mask.from_array(array)
    assert np.array_equal(mask.to_array(), array)
    assert mask.area == array.sum()
    assert mask.is_empty == (not array.any())
    assert Mask(mask.height, mask.width, mask.runs) == mask
    assert Mask.from_runs(mask.height, mask.width, mask.runs) == mask
    assert Mask.from_bytes(mask.to_bytes()) == mask
    assert Mask.from_runs_text(mask.height, mask.width, mask.runs_text()) == mask


@given(arrays)
def test_box_is_the_smallest(array: BoolArray) -> None:
    left, top, width, height = Mask.from_array(array).box()
    crop = array[top : top + height, left : left + width]
    assert crop.sum() == array.sum()
    if array.any():
        assert crop[0].any()
        assert crop[-1].any()
        assert crop[:, 0].any()
        assert crop[:, -1].any()


@given(array_pairs)
def test_set_operations_agree_with_arrays(pair: tuple[BoolArray, BoolArray]) -> None:
    a, b = pair
    one, two = Mask.from_array(a), Mask.from_array(b)
    assert np.array_equal(one.union(two).to_array(), a | b)
    assert np.array_equal(one.intersection(two).to_array(), a & b)
    assert np.array_equal(one.subtract(two).to_array(), a & ~b)
    assert one.iou(two) == pytest.approx((a & b).sum() / (a | b).sum() if (a | b).any() else 1.0)
    assert (one == two) == np.array_equal(a, b)


def test_masks_of_different_frames_do_not_combine() -> None:
    with pytest.raises(Invalid, match="the mask is 4 x 3 and the image 4 x 2"):
        Mask.empty(2, 4).union(Mask.empty(3, 4))
    assert Mask.empty(2, 4) != Mask.empty(4, 2)
    assert Mask.empty(2, 4) != "mask"


def test_runs_cannot_be_changed_from_outside() -> None:
    given_runs = np.array([1, 2, 2, 1], np.uint32)
    mask = Mask(2, 3, given_runs)
    given_runs[0] = 5
    assert mask.runs[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        mask.runs[0] = 5


def test_empty_runs_on_the_wire_are_joined() -> None:
    assert Mask.from_runs(2, 3, [1, 1, 0, 1, 2, 1]) == Mask.from_array(GOLDEN)
    assert Mask.from_runs(2, 3, [0, 0, 6]) == Mask.empty(2, 3)
    assert Mask.from_runs(2, 3, [1, 2, 2, 1, 0]) == Mask.from_array(GOLDEN)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Mask(2, 3, np.array([1, 2, 2])), "the runs cover 5 pixels, and 2 rows x 3 columns are 6"),
        (lambda: Mask(2, 3, np.array([1, 0, 5])), "empty run"),
        (lambda: Mask(2, 3, np.array([-1, 7])), "negative count"),
        (lambda: Mask(2, 3, np.array([], np.uint32)), "not a list of whole numbers"),
        (lambda: Mask(2, 3, np.array([6.0])), "not a list of whole numbers"),
        (lambda: Mask(0, 3, np.array([0])), "mask.height is 0"),
        (lambda: Mask(2**17, 2**17, np.array([1])), "larger than any frame"),
        (lambda: Mask.from_runs(2, 3, [7]), "cover 7"),
        (lambda: Mask.from_runs(2, 3, []), "cover 0"),
        (lambda: Mask.from_runs(2, 3, [7, -1]), "negative"),
        (lambda: Mask.from_runs(2, 3, [2**33]), "larger than any frame"),
        (lambda: Mask.from_runs(2, 3, ["a"]), "whole numbers"),
        (lambda: Mask.from_array(np.zeros((2, 3, 4), bool)), "not an array of 3 axes"),
        (lambda: Mask.from_array(np.zeros((2, 3))), "not float64"),
        (lambda: VolumeMask.from_array(np.zeros((2, 3), bool)), "not an array of 2 axes"),
    ],
)
def test_refusals_say_what_is_wrong(make: object, words: str) -> None:
    assert callable(make)
    with pytest.raises(Invalid, match=words):
        make()


@given(masks, st.data())
def test_cut_off_bytes_are_damaged(mask: Mask, data: st.DataObject) -> None:
    stored = mask.to_bytes()
    cut = data.draw(st.integers(0, len(stored) - 1))
    with pytest.raises(Damaged):
        Mask.from_bytes(stored[:cut])


@given(st.binary(max_size=40), st.sampled_from([b"", b"M\x01", b"V\x01"]))
def test_any_bytes_are_read_or_refused(noise: bytes, magic: bytes) -> None:
    for kind in (Mask, VolumeMask):
        try:
            kind.from_bytes(magic + noise)
        except Damaged:
            continue


@given(st.integers(1, 6), st.integers(1, 6), st.text(st.characters(min_codepoint=40, max_codepoint=120), max_size=12))
def test_any_text_is_read_or_refused(height: int, width: int, text: str) -> None:
    try:
        mask = Mask.from_runs_text(height, width, text)
    except FiducialError:
        return
    assert mask.to_array().shape == (height, width)


def test_large_masks_keep_their_counts() -> None:
    mask = Mask.from_runs(60000, 60000, [3_000_000_000, 1, 599_999_999])
    assert Mask.from_bytes(mask.to_bytes()) == mask
    assert Mask.from_runs_text(60000, 60000, mask.runs_text()) == mask
    assert mask.area == 1


def test_stored_bytes_are_small() -> None:
    rows, columns = np.mgrid[:512, :512]
    disc = Mask.from_array((rows - 200) ** 2 + (columns - 250) ** 2 < 100**2)
    assert len(disc.runs) == 399
    assert len(disc.to_bytes()) < 2 + 4 + 399 * 1.2


# -- volumes ----------------------------------------------------------------------------------------------------------


@given(volume_arrays)
def test_volume_round_trip(array: BoolArray) -> None:
    mask = VolumeMask.from_array(array)
    assert np.array_equal(mask.to_array(), array)
    assert mask.area == array.sum()
    assert list(mask.slices) == [k for k, plane in enumerate(array) if plane.any()]
    assert VolumeMask.from_bytes(mask.to_bytes()) == mask
    assert all(np.array_equal(mask.slice(k).to_array(), plane) for k, plane in enumerate(array))


@given(volume_masks, st.data())
def test_cut_off_volume_bytes_are_damaged(mask: VolumeMask, data: st.DataObject) -> None:
    stored = mask.to_bytes()
    cut = data.draw(st.integers(0, len(stored) - 1))
    with pytest.raises(Damaged):
        VolumeMask.from_bytes(stored[:cut])


def test_volume_slices_are_checked() -> None:
    with pytest.raises(Invalid, match="the mask is 3 x 2 and the image 4 x 4"):
        VolumeMask((1, 4, 4), {0: Mask.from_array(GOLDEN)})
    with pytest.raises(Invalid, match="slice 3, and the volume has 2"):
        VolumeMask((2, 2, 3), {3: Mask.from_array(GOLDEN)})
    with pytest.raises(IndexError):
        VolumeMask((2, 2, 3), {}).slice(2)
    assert VolumeMask((2, 2, 3), {1: Mask.empty(2, 3)}) == VolumeMask((2, 2, 3), {})
