"""Video: MP4, MOV, AVI, MKV, WebM and MPEG, decoded by PyAV (the extra ``video``)."""

from __future__ import annotations

from typing import BinaryIO

from fiducial.media.base import Header
from fiducial.media.video.container import container_in, container_of
from fiducial.media.video.facts import describe
from fiducial.media.video.index import build_index
from fiducial.media.video.reader import VideoReader


class Video:
    """The media format ``video``. Reading the header reads every packet once: only so is the frame count exact."""

    name = "video"

    def sniff(self, head: bytes) -> bool:
        return container_of(head) is not None

    def read_header(self, source: BinaryIO) -> Header:
        container = container_in(source)
        return describe(source, container, build_index(source, container))

    def verify(self, source: BinaryIO) -> None:
        build_index(source, container_in(source))

    def check(self, source: BinaryIO) -> Header:
        return self.read_header(source)

    def open(self, source: BinaryIO) -> VideoReader:
        container = container_in(source)
        index = build_index(source, container)
        return VideoReader(source, container, index, describe(source, container, index))


VIDEO = Video()
