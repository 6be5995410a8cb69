"""Display ranges without a stated window: deterministic, and not fooled by air, padding or a few wild pixels."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fiducial.media.contrast import display_range, sampled_indices, thinned, to_uint8


def test_background_is_left_out() -> None:
    tissue = np.linspace(0, 1000, 1001)
    values = np.concatenate([np.full(5000, -3024.0), tissue]).astype(np.float32)
    assert display_range(values) == (5.0, 995.0)


def test_a_few_wild_pixels_do_not_darken_all() -> None:
    values = np.concatenate([np.arange(1000), np.full(3, 65000)]).astype(np.uint16)
    black, white = display_range(values)
    assert 0 <= black < 10
    assert 985 < white < 1005


def test_small_integers_use_all_of_their_range() -> None:
    assert display_range(np.array([0, 1, 117], dtype=np.uint8)) == (0, 117)
    assert display_range(np.array([-5, 250], dtype=np.int16)) == (-5, 250)


def test_nothing_finite_and_all_equal() -> None:
    assert display_range(np.array([np.nan, np.inf])) == (0.0, 1.0)
    assert display_range(np.full(9, 7.0)) == (7.0, 7.0)
    assert to_uint8(np.full(3, 7.0), 7.0, 7.0).tolist() == [0, 0, 0]


def test_ends_middle_and_not_a_number() -> None:
    values = np.array([-1, 0, 5, 10, 11, np.nan, np.inf, -np.inf])
    assert to_uint8(values, 0, 10).tolist() == [0, 0, 128, 255, 255, 0, 255, 0]


@given(st.integers(1, 3000), st.integers(1, 20))
def test_sampled_frames_are_spread_and_inside(count: int, wanted: int) -> None:
    indices = sampled_indices(count, wanted)
    assert list(indices) == sorted(set(indices))
    assert len(indices) == min(count, wanted)
    assert 0 <= indices[0] <= indices[-1] < count


def test_thinning_is_bounded() -> None:
    assert thinned(np.zeros((2000, 2000))).size < 2**19
