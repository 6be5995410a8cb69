"""Frames of a video by their exact number in decoded order."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np

from fiducial.errors import Damaged, Unsupported
from fiducial.media.base import Array, Axis, Header, Stage
from fiducial.media.slicing import voxel_axis
from fiducial.media.video.container import Container
from fiducial.media.video.index import FrameIndex
from fiducial.media.video.opened import start, video_errors


class VideoReader:
    """An opened video. Every stage is uint8 RGB ``[row, column, 3]``: a video has no other values to offer.

    Going forward costs one decoded frame per frame. A jump seeks to the last keyframe at or before the frame and
    decodes on from there, and the frame is taken only when its time is exactly the one the index holds.
    """

    def __init__(self, source: BinaryIO, container: Container, index: FrameIndex, header: Header) -> None:
        self._source = source
        self._container = container
        self._index = index
        self._header = header
        self._opened: Any = None
        self._frames: Iterator[Any] = iter(())
        self._next = 0
        """Number of the frame that the decoder gives next, where that is known."""

    @property
    def header(self) -> Header:
        return self._header

    def frame_times(self) -> tuple[float, ...]:
        """Presentation time of each frame in seconds from the stream's zero (the first need not be 0), float64; evenly
        spaced by the frame rate where the file has no times."""
        if self._index.times is not None:
            return tuple(float(t * self._index.time_base) for t in self._index.times)
        return tuple(n / (self._header.fps or 1.0) for n in range(self._index.count))

    def frame_at(self, seconds: float) -> int:
        """Number of the frame shown at this time: the last that began at or before it; before the first, the first."""
        return max(0, bisect_right(self.frame_times(), seconds) - 1)

    def frame(self, index: int, stage: Stage = Stage.MODALITY) -> Array:
        """``[row, column, 3]`` uint8 RGB of the stored frame, not turned."""
        if not 0 <= index < self._index.count:
            raise IndexError(f"frame {index} of a video with {self._index.count} frames")
        with video_errors(f"frame {index} of the video does not decode"):
            return self._as_rgb(self._decoded(index), index)

    def slice(self, axis: Axis, index: int, stage: Stage = Stage.MODALITY) -> Array:
        voxel_axis(self._header, axis)  # a video is never a volume: this raises, saying so
        return self.frame(index, stage)

    def array(self, stage: Stage = Stage.MODALITY) -> Array:
        """``[frame, row, column, 3]`` uint8."""
        first = self.frame(0)
        whole = np.empty((self._index.count, *first.shape), dtype=np.uint8)
        whole[0] = first
        for n in range(1, self._index.count):
            whole[n] = self.frame(n)
        return whole

    def close(self) -> None:
        self._frames = iter(())
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _decoded(self, index: int) -> Any:
        key = self._keyframe_before(index)
        if self._opened is None or index < self._next or (key is not None and key > self._next):
            frame = self._after_seek(index, key)
            if frame is not None:
                return frame
            self._from_start()
        return self._forward_to(index)

    def _keyframe_before(self, index: int) -> int | None:
        """Number of the last frame up to ``index`` where decoding may begin; None when only the start is sure."""
        times, keys = self._index.times, self._index.keyframes
        if times is None:
            return None
        place = bisect_right(keys, times[index]) - 1
        if place < 0:
            return None
        number = bisect_right(times, keys[place]) - 1
        return number if number > 0 and times[number] == keys[place] else None

    def _after_seek(self, index: int, key: int | None) -> Any:
        """The frame, reached from its keyframe; None when the seek did not land where the index says it should."""
        times = self._index.times
        if key is None or times is None:
            return None
        self._restart()
        self._opened.seek(times[key], stream=self._stream, backward=True)
        self._frames = self._opened.decode(self._stream)
        for frame in self._frames:
            if frame.pts is None or frame.pts > times[key]:
                return None
            if frame.pts == times[key]:
                self._next = key + 1
                return frame if key == index else self._forward_to(index)
        return None

    def _from_start(self) -> None:
        self._restart()
        self._frames = self._opened.decode(self._stream)
        self._next = 0

    def _restart(self) -> None:
        self.close()
        self._opened, self._stream = start(self._source, self._container)

    def _forward_to(self, index: int) -> Any:
        times = self._index.times
        for frame in self._frames:
            number = self._next
            if times is not None and frame.pts != times[number]:
                raise Damaged(
                    f"frame {number} of the video has time {frame.pts} where the index says {times[number]}: a frame "
                    "before it does not decode",
                    frame=number,
                )
            self._next = number + 1
            if number == index:
                return frame
        self.close()
        raise Damaged(f"the video ends before frame {index}", frame=index)

    def _as_rgb(self, frame: Any, index: int) -> Array:
        if frame.is_corrupt:
            raise Damaged(f"frame {index} of the video is broken", frame=index)
        if (frame.width, frame.height) != self._index.first_size:
            raise Unsupported(
                f"frame {index} is {frame.width} x {frame.height}, the video began as {self._index.first_size[0]} x "
                f"{self._index.first_size[1]}: a size that changes cannot be labelled",
                frame=index,
            )
        rgb: Array = frame.to_ndarray(format="rgb24")
        return rgb
