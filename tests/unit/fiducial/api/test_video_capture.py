"""A video is read with OpenCV's calls and with PyAV's, and both show the frames that get_frame shows."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from fiducial.api.base_api import BaseApi
from fiducial.api.video_capture import FPS, FRAME_COUNT, FRAME_HEIGHT, FRAME_WIDTH, POS_FRAMES, POS_MSEC, VideoCapture
from fiducial.entities import Resource
from fiducial.errors import Damaged
from tests.acceptance.support import new_video


@pytest.fixture
def capture() -> VideoCapture:
    found = BaseApi.convert_format(new_video(frames=5, width=32, height=16))
    assert isinstance(found, VideoCapture)
    return found


def test_frames_come_in_order_and_end(capture: VideoCapture, tmp_path: Path) -> None:
    (tmp_path / "v.mp4").write_bytes(new_video(frames=5, width=32, height=16))
    local = Resource.from_local_file(tmp_path / "v.mp4")
    for number in range(5):
        there, frame = capture.read()
        assert there
        assert frame is not None
        assert np.array_equal(frame[..., ::-1], local.get_frame(number))
    assert capture.read() == (False, None)
    assert not capture.grab()


def test_properties_by_opencv_s_numbers(capture: VideoCapture) -> None:
    assert [capture.get(p) for p in (FRAME_WIDTH, FRAME_HEIGHT, FPS, FRAME_COUNT)] == [32, 16, 10, 5]
    assert capture.get(99) == 0
    capture.read()
    assert (capture.get(POS_FRAMES), capture.get(POS_MSEC)) == (1, 100)


def test_going_to_a_frame(capture: VideoCapture) -> None:
    frames = [capture.read()[1] for _ in range(5)]
    assert capture.set(POS_FRAMES, 3)
    assert np.array_equal(capture.read()[1], frames[3])  # type: ignore[arg-type]
    assert not capture.set(POS_FRAMES, 6)
    assert not capture.set(FPS, 3)


def test_the_container_s_own_calls(capture: VideoCapture) -> None:
    first = capture.read()[1]
    pictures = [frame.to_ndarray(format="bgr24") for frame in capture.decode(video=0)]
    assert len(pictures) == 5
    assert np.array_equal(pictures[0], first)  # type: ignore[arg-type]
    assert capture.streams.video[0].width == 32
    with pytest.raises(AttributeError):
        capture.nonsense  # noqa: B018


def test_released_it_says_so(capture: VideoCapture) -> None:
    with capture:
        assert capture.isOpened()
        assert capture.format.name.startswith("mov")
    assert not capture.isOpened()
    assert capture.read() == (False, None)
    assert capture.get(FRAME_COUNT) == 0


def test_a_cut_video_is_refused() -> None:
    with pytest.raises(Damaged):
        VideoCapture(BytesIO(new_video()[:-400]))
