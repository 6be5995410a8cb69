"""Thumbnails have the true shape; encoded frames are exact."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from fiducial.errors import Invalid, Unsupported
from fiducial.media import open_media
from fiducial.media.base import Stage
from fiducial.media.thumbnail import encode_frame, thumbnail
from tests.unit.media import files


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def small(content: bytes, size: int = 64) -> Image.Image:
    with open_media(io.BytesIO(content)) as reader:
        return opened(thumbnail(reader, size))


def test_longer_side_is_the_size_and_nothing_is_enlarged() -> None:
    assert small(files.picture_bytes(files.grey(100, 300), "PNG")).size == (64, 21)
    assert small(files.picture_bytes(files.colour(20, 30), "PNG")).size == (30, 20)


@pytest.mark.parametrize(("spacing", "size"), [((2.0, 1.0), (64, 32)), ((1.0, 2.0), (32, 64)), ((1.0, 1.0), (64, 64))])
def test_pixels_that_are_not_square_get_their_true_shape(spacing: tuple[float, float], size: tuple[int, int]) -> None:
    """spacing is (x, y) in mm of a 100 x 100 frame."""
    affine = np.diag([*spacing, 5.0, 1.0])
    assert small(files.nifti_bytes(files.ramp(100, 100, 3), affine)).size == size


def test_middle_frame_at_display() -> None:
    values = np.zeros((40, 40, 5), dtype="u1")
    values[:20, :, 2] = 200
    shown = np.asarray(small(files.nifti_bytes(values, np.eye(4))))
    assert shown[:, :18].min() > 240
    assert shown[:, 22:].max() < 15


def test_video_and_colour_are_rgb() -> None:
    assert small(files.video_bytes(files.clip())).mode == "RGB"
    assert small(files.dicom_bytes()).mode == "L"


def test_no_pixels() -> None:
    class Empty:
        def __init__(self) -> None:
            with open_media(io.BytesIO(files.nifti_bytes(files.ramp(2, 2, 2)))) as reader:
                self.header = replace(reader.header, frame_count=0)

    with pytest.raises(Unsupported, match="no pixels"):
        thumbnail(Empty())  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=40))
    | hnp.arrays(np.uint8, st.tuples(st.integers(1, 30), st.integers(1, 30), st.just(3)))
)
def test_png_is_exact(frame: np.ndarray) -> None:
    np.testing.assert_array_equal(np.asarray(opened(encode_frame(frame))), frame)


def test_png_of_a_view() -> None:
    frame = np.asarray(files.colour())[::-1, ::2]
    np.testing.assert_array_equal(np.asarray(opened(encode_frame(frame))), frame)


def test_jpeg() -> None:
    assert opened(encode_frame(np.asarray(files.grey()), "jpeg")).format == "JPEG"


@pytest.mark.parametrize(
    "frame", [np.zeros((3, 3), "u2"), np.zeros((3, 3), "f4"), np.zeros((3, 3, 4), "u1"), np.zeros((0, 3), "u1")]
)
def test_what_cannot_be_encoded(frame: np.ndarray) -> None:
    with pytest.raises(Invalid, match="uint8"):
        encode_frame(frame)


def test_unknown_kind() -> None:
    with pytest.raises(Unsupported, match="gif"):
        encode_frame(np.zeros((3, 3), "u1"), "gif")


def test_every_format_gives_frames_that_encode() -> None:
    for content in (
        files.nifti_bytes(files.ramp(5, 4, 3)),
        files.picture_bytes(files.grey(), "PNG"),
        files.dicom_bytes(),
    ):
        with open_media(io.BytesIO(content)) as reader:
            frame = reader.frame(0, Stage.DISPLAY)
        np.testing.assert_array_equal(np.asarray(opened(encode_frame(frame))), frame)
