"""Which frames a video has: how many are shown, when, and where decoding may begin.

A label names a frame by its number in decoded (shown) order, so the number must be exact. In MP4, MOV and Matroska one
packet is one shown frame for the codecs listed here, except packets that an edit list discards and leading ones that
refer to a frame before the first; for everything else the frames are decoded and counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, BinaryIO

from fiducial.errors import Damaged
from fiducial.media.video.container import Container, prove_samples
from fiducial.media.video.opened import open_video, video_errors

_ONE_PACKET_ONE_FRAME = {
    "h264",
    "hevc",
    "mpeg4",
    "mjpeg",
    "vp9",
    "av1",
    "libdav1d",
    "ffv1",
    "prores",
    "dnxhd",
    "rawvideo",
    "png",
}


@dataclass(frozen=True, slots=True)
class FrameIndex:
    """``times`` holds each frame's presentation time in units of ``time_base`` seconds, rising, in decoded order; None
    when the file gives none that can be used. ``keyframes`` are the times at which decoding may begin."""

    count: int
    count_source: str
    """``container`` (its own count, and as many packets), ``packets``, or ``decoded``."""
    time_base: Fraction
    times: tuple[int, ...] | None
    keyframes: tuple[int, ...]
    rotation: int = 0
    """Degrees by which a player should turn the picture, counter-clockwise."""
    bits: int = 8
    first_size: tuple[int, int] = (0, 0)
    """(columns, rows) of the first decoded frame."""


@dataclass(frozen=True, slots=True)
class _Packets:
    shown: tuple[int | None, ...]
    keyframes: tuple[int, ...]
    total: int


def build_index(source: BinaryIO, container: Container) -> FrameIndex:
    """Reads every packet of the video stream once, and decodes one frame, or all where packets cannot be counted.

    Raises Damaged when the file is cut, a packet is, or nothing decodes.
    """
    container.prove_length(source)
    with open_video(source, container) as (opened, stream), video_errors("the video is broken"):
        packets = _read_packets(opened, stream)
        stated, time_base = int(stream.frames or 0), Fraction(stream.time_base or Fraction(1, 1000))
        codec = stream.codec_context.name
        if container.demuxer == "mov":
            prove_samples(source, [(entry.pos, entry.size) for entry in stream.index_entries])
    if container.demuxer == "mov" and packets.total < stated:
        raise Damaged(
            f"the video is cut off: {packets.total} of {stated} frames are there", present=packets.total, needed=stated
        )
    countable = container.counts_are_frames and codec in _ONE_PACKET_ONE_FRAME
    decoded = _decode(source, container, only_first=countable)
    times = _shown_times(packets, decoded.times[0]) if countable else decoded.times
    if countable and times is None:
        decoded = _decode(source, container, only_first=False)
        countable, times = False, decoded.times
    usable = _rising(times)
    count = len(times or ())
    how = "decoded" if not countable else "container" if stated == count else "packets"
    return FrameIndex(count, how, time_base, usable, packets.keyframes, decoded.rotation, decoded.bits, decoded.size)


def _read_packets(opened: Any, stream: Any) -> _Packets:
    shown, keyframes, total = [], [], 0
    for packet in opened.demux(stream):
        if packet.size == 0 and packet.dts is None:
            continue  # the flush at the end
        if packet.is_corrupt:
            raise Damaged(f"the video is cut off or broken in packet {total}", packet=total)
        total += 1
        if packet.is_discard:
            continue
        shown.append(packet.pts)
        if packet.is_keyframe and packet.pts is not None:
            keyframes.append(packet.pts)
    if not total:
        raise Damaged("the video stream has no packets")
    return _Packets(tuple(shown), tuple(sorted(keyframes)), total)


def _shown_times(packets: _Packets, first: int | None) -> tuple[int, ...] | None:
    """The times of packets that are shown, from the first that decodes; None when they do not tell frames apart."""
    known = sorted(t for t in packets.shown if t is not None)
    if first is None or len(known) < len(packets.shown) or len(set(known)) < len(known) or first not in known:
        return None
    return tuple(known[known.index(first) :])


def _rising(times: tuple[int | None, ...] | None) -> tuple[int, ...] | None:
    known = tuple(t for t in times or () if t is not None)
    if len(known) < len(times or ()) or any(a >= b for a, b in pairwise(known)):
        return None
    return known


@dataclass(frozen=True, slots=True)
class _Decoded:
    times: tuple[int | None, ...]
    rotation: int
    bits: int
    size: tuple[int, int]


def _decode(source: BinaryIO, container: Container, *, only_first: bool) -> _Decoded:
    times: list[int | None] = []
    rotation, bits, size = 0, 8, (0, 0)
    with open_video(source, container) as (opened, stream), video_errors("the video does not decode"):
        for frame in opened.decode(stream):
            if not times:
                rotation, size = int(frame.rotation or 0), (frame.width, frame.height)
                bits = max((component.bits for component in frame.format.components), default=8)
            times.append(frame.pts)
            if only_first:
                break
    if not times:
        raise Damaged("no frame of the video decodes")
    return _Decoded(tuple(times), rotation, bits, size)
