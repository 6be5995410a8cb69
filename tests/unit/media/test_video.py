"""Video: a frame's number means the same frame however it is reached, in every container and with odd timing."""

from __future__ import annotations

import io
import random
import sys

import numpy as np
import pytest

from fiducial.errors import Damaged, Unsupported
from fiducial.media.base import Header
from fiducial.media.video import VIDEO
from fiducial.media.video.reader import VideoReader
from tests.unit.media import files

CLIP = files.clip(25)
KINDS = {
    "mp4 mpeg4": ("mp4", "mpeg4", {}),
    "mp4 h264 with B frames": ("mp4", "libx264", {"bf": "3", "x264-params": "keyint=6:open-gop=1"}),
    "fragmented mp4": ("mp4", "mpeg4", {}),
    "mov mjpeg": ("mov", "mjpeg", {}),
    "mkv mpeg4": ("matroska", "mpeg4", {}),
    "webm vp8 with hidden frames": ("webm", "libvpx", {"auto-alt-ref": "1", "lag-in-frames": "10"}),
    "webm vp9": ("webm", "libvpx-vp9", {}),
    "avi mpeg4 with B frames": ("avi", "mpeg4", {"bf": "2"}),
    "avi mjpeg": ("avi", "mjpeg", {}),
    "mpeg program stream": ("mpeg", "mpeg2video", {"bf": "2"}),
    "mpeg transport stream": ("mpegts", "mpeg2video", {"bf": "2"}),
}


def made(kind: str) -> bytes:
    container, codec, options = KINDS[kind]
    pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    return files.video_bytes(CLIP, container, codec, rate=25, options=options, keyframe_every=6, pix_fmt=pix_fmt)


def decoded_by_hand(content: bytes) -> list[np.ndarray]:
    import av

    with av.open(io.BytesIO(content)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def opened(content: bytes) -> VideoReader:
    return VIDEO.open(io.BytesIO(content))


def codes(header: Header) -> set[str]:
    return {finding.code for finding in header.findings}


@pytest.mark.parametrize("kind", KINDS)
def test_any_frame_is_the_one_of_sequential_decoding(kind: str) -> None:
    content = made(kind)
    expected = decoded_by_hand(content)
    with opened(content) as reader:
        assert reader.header.frame_count == len(expected) == len(CLIP)
        order = random.Random(7).sample(range(len(expected)), len(expected))
        for n in [*order, 0, 24, 12, 13, 12, 14]:
            np.testing.assert_array_equal(reader.frame(n), expected[n], err_msg=f"frame {n}")


@pytest.mark.parametrize("kind", KINDS)
def test_frames_are_the_pictures_that_went_in(kind: str) -> None:
    """Blue rises by 9 from frame to frame: within the codec's loss each frame is nearest to its own original."""
    with opened(made(kind)) as reader:
        for n in (0, 1, 11, 24):
            seen = float(reader.frame(n)[..., 2].mean())
            distances = [abs(seen - float(original[..., 2].mean())) for original in CLIP]
            assert abs(int(np.argmin(distances)) - n) <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_header(kind: str) -> None:
    header = VIDEO.check(io.BytesIO(made(kind)))
    stream = header.metadata["streams"][0]
    assert (header.width, header.height) == (64, 48)
    assert stream["codec_type"] == "video"
    assert (int(stream["nb_frames"]), stream["width"], stream["height"]) == (25, 64, 48)
    assert header.metadata["frame_count"] == 25
    assert header.fps == pytest.approx(25, abs=0.1)
    assert header.duration_s == pytest.approx(1.0, abs=0.09)


def test_where_the_count_comes_from() -> None:
    def source(kind: str) -> str:
        return str(VIDEO.read_header(io.BytesIO(made(kind))).metadata["frame_count_source"])

    assert source("mp4 mpeg4") == "container"
    assert source("mkv mpeg4") == "packets"
    assert source("avi mpeg4 with B frames") == source("webm vp8 with hidden frames") == "decoded"


def test_uneven_times_keep_frames_and_times_together() -> None:
    times = [0, 1, 2, 7, 8, 20, 21, 22, 40, 41, 42]
    content = files.video_bytes(files.clip(11), "matroska", "mpeg4", rate=25, times=times)
    with opened(content) as reader:
        np.testing.assert_allclose(reader.frame_times(), np.array(times) / 25, atol=1e-3)
        assert reader.header.frame_count == 11
        assert [reader.frame_at(t / 25 + 0.002) for t in (0, 6, 7, 19, 20, 39, 42, 99)] == [0, 2, 3, 4, 5, 7, 10, 10]
        assert reader.frame_at(-1.0) == 0
        expected = decoded_by_hand(content)
        for n in (10, 3, 5):
            np.testing.assert_array_equal(reader.frame(n), expected[n])


def test_going_forward_decodes_each_frame_once() -> None:
    class Counting(io.BytesIO):
        taken = 0

        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            self.taken += len(data)
            return data

    noise = np.random.default_rng(3).integers(0, 255, (60, 96, 128, 3), dtype="u1")
    content = files.video_bytes(list(noise), "matroska", "mjpeg", pix_fmt="yuvj420p")
    source = Counting(content)
    with VIDEO.open(source) as reader:
        before = source.taken
        for n in range(60):
            reader.frame(n)
    assert source.taken - before < 1.5 * len(content)


def test_rotation_is_reported_and_never_applied() -> None:
    from fractions import Fraction

    import av

    out = io.BytesIO()
    with av.open(out, mode="w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.sample_aspect_ratio = Fraction(2, 1)
        stream.set_display_rotation(90)
        for values in files.clip(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(values, format="rgb24")))
        container.mux(stream.encode(None))
    with opened(out.getvalue()) as reader:
        header = reader.header
        assert (header.width, header.height) == (64, 48)
        assert abs(header.metadata["rotation"]) == 90
        assert header.metadata["sample_aspect_ratio"] == 2.0
        assert {"orientation-tag", "pixel-aspect-ratio"} <= codes(header)
        assert reader.frame(1).shape == (48, 64, 3)


# damage


def test_index_in_front_and_pictures_cut() -> None:
    """A streaming MP4 has its index first: a reader that trusts it would find the frames missing much later."""
    content = files.video_bytes(files.clip(), options={"movflags": "faststart"})
    for cut in (len(content) - 1, len(content) * 2 // 3):
        with pytest.raises(Damaged, match="cut off"):
            VIDEO.read_header(io.BytesIO(content[:cut]))


def test_pictures_cut_but_lengths_repaired_to_fit() -> None:
    """The outer length was made to fit the shorter file; the sample table still asks for more."""
    content = made("mp4 mpeg4")
    data, index = content.index(b"mdat") - 4, content.index(b"moov") - 4
    size = int.from_bytes(content[data : data + 4], "big")
    lost = size // 2
    shorter = (size - lost).to_bytes(4, "big") + content[data + 4 : data + size - lost]
    with pytest.raises(Damaged):
        VIDEO.check(io.BytesIO(content[:data] + shorter + content[index:]))
    moved = content[:data] + content[index:] + shorter
    with pytest.raises(Damaged):
        VIDEO.check(io.BytesIO(moved))


def test_never_finished_recording() -> None:
    content = made("mp4 mpeg4")
    index = content.index(b"moov") - 4
    with pytest.raises(Damaged, match="moov"):
        VIDEO.check(io.BytesIO(content[:index]))


def test_sound_only_is_unsupported_by_reason() -> None:
    import av

    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), dtype="i2"), format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    with pytest.raises(Unsupported, match="no video stream"):
        VIDEO.check(io.BytesIO(out.getvalue()))


def test_size_that_changes_is_refused_at_the_frame() -> None:
    small, large = (
        files.video_bytes(files.clip(3, *size), "mpegts", "mpeg2video", rate=25) for size in ((48, 64), (96, 128))
    )
    joined = small + large
    source = io.BytesIO(joined)
    seen = set()
    try:
        with VIDEO.open(source) as reader:
            for n in range(reader.header.frame_count):
                seen.add(reader.frame(n).shape)
    except (Unsupported, Damaged) as refusal:
        assert refusal.message  # noqa: PT017 - either kind of refusal will do
    else:
        pytest.fail(f"frames of several sizes were given: {seen}")
    assert seen <= {(48, 64, 3)}


def test_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(Unsupported, match=r"fiducial\[video\]"):
        VIDEO.read_header(io.BytesIO(made_before))


made_before = files.video_bytes(files.clip(3))
