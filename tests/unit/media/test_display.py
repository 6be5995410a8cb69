"""Windowing against the golden table (LINEAR, LINEAR_EXACT and SIGMOID of PS3.3 C.11.2.1, centre 40, width 400)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiducial.errors import Invalid
from fiducial.media.display import full_range, lookup, to_uint8, window

GOLDEN = [
    (-200, 0, 0, 21.209),
    (-160, 0, 0, 30.397),
    (-100, 38.346, 38.250, 50.443),
    (0, 102.256, 102.000, 102.335),
    (40, 127.820, 127.500, 127.500),
    (100, 166.165, 165.750, 164.642),
    (239, 255, 254.363, 224.335),
    (240, 255, 255, 224.603),
]


@pytest.mark.parametrize(("x", "linear", "exact", "sigmoid"), GOLDEN)
def test_golden_table(x: float, linear: float, exact: float, sigmoid: float) -> None:
    for function, expected in (("LINEAR", linear), ("LINEAR_EXACT", exact), ("SIGMOID", sigmoid)):
        assert window(x, 40, 400, function) == pytest.approx(expected, abs=5e-4)


def test_width_one_is_a_threshold() -> None:
    assert window([39, 40], 40, 1).tolist() == [0, 255]


@pytest.mark.parametrize(("width", "function"), [(0.5, "LINEAR"), (0, "LINEAR_EXACT"), (-1, "SIGMOID"), (10, "CUBIC")])
def test_impossible_windows_are_refused(width: float, function: str) -> None:
    with pytest.raises(Invalid):
        window(0, 0, width, function)


@given(
    st.lists(st.floats(-1e5, 1e5), min_size=2, max_size=20),
    st.floats(-1e4, 1e4),
    st.floats(1, 1e4),
    st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]),
)
def test_a_window_never_swaps_dark_and_bright(values: list[float], center: float, width: float, function: str) -> None:
    levels = window(sorted(values), center, width, function, (0, 255))
    assert (np.diff(levels) >= 0).all()
    assert levels.min() >= 0
    assert levels.max() <= 255


def test_full_range_leaves_padding_out() -> None:
    values = np.array([-2000.0, 0.0, 50.0, 100.0])
    assert full_range(values, values == -2000).tolist() == [0, 0, 127.5, 255]
    assert full_range(values).tolist() == pytest.approx([0, 242.857, 249.107 - 0.178, 255], abs=0.3)


def test_full_range_of_nothing_is_dark() -> None:
    assert full_range(np.full(3, 7.0)).tolist() == [0, 0, 0]
    assert full_range(np.array([np.nan, np.inf])).tolist() == [0, 0]


def test_lookup_takes_the_outermost_entries_beyond_its_ends() -> None:
    assert lookup([-5, 10, 11, 12, 99], 10, [0, 128, 255], 8).tolist() == [0, 0, 128, 255, 255]


def test_polarity_is_after_the_window() -> None:
    levels = window([0, 100], 50, 100)
    assert to_uint8(levels).tolist() == [0, 255]
    assert to_uint8(levels, inverted=True).tolist() == [255, 0]
