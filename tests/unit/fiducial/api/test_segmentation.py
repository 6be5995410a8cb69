"""From pictures and arrays to one mask per name and frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from fiducial.api.segmentation import Names, frames_of, named_masks
from fiducial.errors import Invalid, Unsupported


def _masks(array: Any, names: Names = None, frame_index: Any = None, **more: Any) -> dict[tuple[str, int], Any]:
    return {(m.name, m.frame_index): m.mask for m in named_masks(frames_of(array), names, frame_index, **more)}


@given(
    hnp.arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 7), st.integers(1, 3)), elements=st.integers(0, 4))
)
def test_every_pixel_is_in_the_mask_of_its_value(array: Any) -> None:
    masks = _masks(array)
    for frame in range(array.shape[2]):
        for value in range(1, 5):
            wanted = array[:, :, frame] == value
            assert np.array_equal(masks.get((str(value), frame), np.zeros_like(wanted)), wanted)
    assert all(mask.any() for mask in masks.values())


def test_names_by_value_colour_and_default() -> None:
    grey = np.array([[0, 1, 2, 3]], np.uint8)
    assert set(_masks(grey, {1: "liver", (2, 2, 2): "tumour", "default": "rest"})) == {
        ("liver", 0),
        ("tumour", 0),
        ("rest", 0),
    }
    colour = np.zeros((3, 1, 3, 1), np.uint8)
    colour[:, 0, 1, 0] = (255, 0, 0)
    colour[:, 0, 2, 0] = (7, 7, 7)
    assert set(_masks(colour, {(255, 0, 0): "red", 7: "seven"})) == {("red", 0), ("seven", 0)}


def test_one_name_for_one_value_and_numbered_for_several() -> None:
    assert set(_masks(np.array([[0, 255]], np.uint8), "x")) == {("x", 0)}
    assert set(_masks(np.array([[0, 1, 2]], np.uint8), "x")) == {("x_1", 0), ("x_2", 0)}


def test_values_of_one_name_share_a_mask() -> None:
    ((_, mask),) = _masks(np.array([[0, 1, 2]], np.uint8), {1: "x", 2: "x"}).items()
    assert mask.tolist() == [[False, True, True]]


def test_frames_are_numbered_as_told() -> None:
    array = np.ones((2, 2, 2), np.uint8)
    assert set(_masks(array, "x", [7, 3])) == {("x", 7), ("x", 3)}
    for wrong in ([1], [1, 1], 4):
        with pytest.raises(Invalid, match="frame_index"):
            _masks(array, "x", wrong)


def test_empty_frames_are_kept_when_asked_for() -> None:
    array = np.zeros((2, 2), np.uint8)
    assert _masks(array, "x") == {}
    ((key, mask),) = _masks(array, {1: "x"}, keep_empty=True).items()
    assert key == ("x", 0)
    assert not mask.any()


def test_transposed() -> None:
    assert frames_of(np.zeros((2, 5, 1)), transpose=True)[0].shape == (5, 2)


@pytest.mark.parametrize("shape", [(2,), (2, 2, 2, 2), (4, 2, 2, 1)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(Invalid, match="shape"):
        frames_of(np.zeros(shape, np.uint8))


def test_fractions_and_photographs_are_refused() -> None:
    with pytest.raises(Invalid, match="whole numbers"):
        _masks(np.array([[0.5]]))
    with pytest.raises(Unsupported, match="distinct values"):
        _masks(np.arange(10_000, dtype=np.uint16).reshape(100, 100))


def test_pictures(tmp_path: Path) -> None:
    path = tmp_path / "m.png"
    palette = Image.fromarray(np.array([[0, 1, 2]], np.uint8), mode="P")
    palette.putpalette([0, 0, 0, 9, 9, 9, 200, 0, 0])
    palette.save(path)
    assert set(_masks(path, {1: "a", 2: "b"})) == {("a", 0), ("b", 0)}
    (tmp_path / "broken.png").write_bytes(path.read_bytes()[:30])
    with pytest.raises(Invalid, match=r"broken\.png"):
        frames_of(tmp_path / "broken.png")
    with pytest.raises(FileNotFoundError):
        frames_of(tmp_path / "none.png")
    with pytest.raises(Invalid, match="upload_volume_segmentation"):
        frames_of(tmp_path / "v.nii.gz")


def test_png_is_0_and_255_of_full_size() -> None:
    import io

    (mask,) = named_masks(frames_of(np.array([[0, 3], [0, 0]], np.uint8)), "x", None)
    image = Image.open(io.BytesIO(mask.png()))
    assert np.array(image).tolist() == [[0, 255], [0, 0]]
