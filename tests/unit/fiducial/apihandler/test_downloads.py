"""Which object a video becomes, and what a saved file is called."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from fiducial.api.video_capture import VideoCapture
from fiducial.apihandler.downloads import open_capture, with_ending
from tests.acceptance.support import new_video


def test_opencv_is_used_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video = tmp_path / "clip.mp4"
    video.write_bytes(new_video(frames=2))
    monkeypatch.setitem(sys.modules, "cv2", None)
    ours = open_capture(video)
    assert isinstance(ours, VideoCapture)
    assert ours.read()[0]
    ours.release()
    monkeypatch.setitem(sys.modules, "cv2", SimpleNamespace(VideoCapture=lambda path: ("OpenCV", path)))  # type: ignore[arg-type]
    assert open_capture(video) == ("OpenCV", str(video))


@pytest.mark.parametrize(
    ("name", "content", "mimetype", "called"),
    [
        ("a", b"x", "application/dicom", "a.dcm"),
        ("a.DCM", b"x", "application/dicom", "a.DCM"),
        ("a", b"x", "application/nifti", "a.nii"),
        ("a", gzip.compress(b"x"), "application/nifti", "a.nii.gz"),
        ("a.v1", b"x", "image/png", "a.v1.png"),
        ("a", b"x", "video/x-matroska", "a.mkv"),
        ("a", b"x", "application/x-nobody-knows", "a"),
    ],
)
def test_ending_of_the_content(tmp_path: Path, name: str, content: bytes, mimetype: str, called: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert with_ending(tmp_path / name, mimetype) == tmp_path / called
    assert [p.name for p in tmp_path.iterdir()] == [called]
    assert (tmp_path / called).read_bytes() == content
