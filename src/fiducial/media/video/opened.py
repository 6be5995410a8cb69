"""A video opened by FFmpeg's libraries (PyAV), with exactly the demuxer that its first bytes name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, BinaryIO

from fiducial.errors import Damaged, Unsupported
from fiducial.media.source import View, content_errors
from fiducial.media.video.container import Container


def library() -> ModuleType:
    """PyAV, or Unsupported naming the extra that installs it."""
    try:
        import av
    except ImportError as error:
        raise Unsupported(
            "video needs PyAV, which is not installed: pip install 'fiducial[video]'", extra="video"
        ) from error
    return av  # type: ignore[no-any-return]


@contextmanager
def video_errors(what: str) -> Iterator[None]:
    """FFmpeg's errors about content carry system-like numbers, so they are told from real ones by their class."""
    av = library()
    with content_errors(what):
        try:
            yield
        except av.FFmpegError as error:
            raise Damaged(f"{what}: {error.strerror or error}") from error


@contextmanager
def open_video(source: BinaryIO, container: Container) -> Iterator[tuple[Any, Any]]:
    """(container, its video stream), closed at the end; the source is left open."""
    opened, stream = start(source, container)
    try:
        yield opened, stream
    finally:
        opened.close()


def start(source: BinaryIO, container: Container) -> tuple[Any, Any]:
    """The same, to be closed by the caller."""
    av = library()
    with video_errors("the video file cannot be opened"):
        opened = av.open(View(source), mode="r", format=container.demuxer)
    try:
        with video_errors("the video stream is broken"):
            stream = _video_stream(av, opened)
            stream.thread_type = "AUTO"
    except BaseException:
        opened.close()
        raise
    return opened, stream


def _video_stream(av: ModuleType, opened: Any) -> Any:
    """The first moving one: cover pictures do not count."""
    cover = av.stream.Disposition.attached_pic
    for stream in opened.streams.video:
        if not stream.disposition & cover:
            if stream.codec_context is None:
                raise Unsupported("no decoder is there for this video's codec")
            return stream
    kinds = sorted({s.type for s in opened.streams})
    raise Unsupported(f"the file has no video stream (it has: {', '.join(kinds) or 'nothing'})", streams=kinds)
