"""An open video, with the calls of the two libraries that its users know."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Self

import numpy as np

from fiducial.media.registry import open_media

if TYPE_CHECKING:
    from fiducial.media.base import Array

POS_MSEC, POS_FRAMES, POS_RATIO, FRAME_WIDTH, FRAME_HEIGHT, FPS, FRAME_COUNT = 0, 1, 2, 3, 4, 5, 7
"""OpenCV's numbers of the properties that :meth:`VideoCapture.get` knows (``cv2.CAP_PROP_...``)."""


class VideoCapture:
    """Reads frames as ``cv2.VideoCapture`` does; all else is asked of a PyAV container of the same file.

    Frames are counted in decoded order, so frame ``n`` here is frame ``n`` of
    :meth:`fiducial.entities.Resource.get_frame`; OpenCV's order of colours is kept: ``[row, column, channel]``, uint8, blue
    first. Damaged content raises :class:`~fiducial.errors.Damaged` when it is opened or reached.
    """

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._reader: Any = open_media(source)
        self._next = 0
        self._container: Any = None

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's own word
        """Whether frames can be read: until :meth:`release`."""
        return self._reader is not None

    def grab(self) -> bool:
        """Go to the next frame; False behind the last one."""
        if not self.isOpened() or self._next >= self._frame_count:
            return False
        self._next += 1
        return True

    def retrieve(self) -> tuple[bool, Array | None]:
        """The frame that :meth:`grab` went to."""
        if not self.isOpened() or self._next == 0:
            return False, None
        return True, np.ascontiguousarray(self._reader.frame(self._next - 1)[..., ::-1])

    def read(self) -> tuple[bool, Array | None]:
        """The next frame; ``(False, None)`` behind the last one."""
        return self.retrieve() if self.grab() else (False, None)

    def get(self, prop: int) -> float:
        """A property by OpenCV's number; 0 for one that is not known here."""
        if not self.isOpened():
            return 0.0
        header, count = self._reader.header, self._frame_count
        known = {
            POS_MSEC: 1000.0 * self._next / header.fps if header.fps else 0.0,
            POS_FRAMES: self._next,
            POS_RATIO: self._next / count if count else 0.0,
            FRAME_WIDTH: header.width,
            FRAME_HEIGHT: header.height,
            FPS: header.fps or 0.0,
            FRAME_COUNT: count,
        }
        return float(known.get(prop, 0.0))

    def set(self, prop: int, value: float) -> bool:
        """Go to frame ``value`` (``POS_FRAMES``), so that it is read next; False for any other property."""
        if prop != POS_FRAMES or not self.isOpened() or not 0 <= value <= self._frame_count:
            return False
        self._next = int(value)
        return True

    def release(self) -> None:
        """Close it."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        if self._container is not None:
            self._container.close()
            self._container = None

    close = release

    @property
    def _frame_count(self) -> int:
        return int(self._reader.header.frame_count)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if self._container is None:
            import av

            self._source.seek(0)
            self._container = av.open(_copy(self._source))
        return getattr(self._container, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _copy(source: BinaryIO) -> BinaryIO:
    """The same bytes with a place of their own: two decoders must not move each other."""
    from io import BytesIO

    return BytesIO(source.getvalue()) if isinstance(source, BytesIO) else BytesIO(source.read())
