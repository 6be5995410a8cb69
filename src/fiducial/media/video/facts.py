"""Header facts of a video file."""

from __future__ import annotations

from typing import Any, BinaryIO

from fiducial.media.base import Finding, Header, MediaKind, Severity
from fiducial.media.video.container import Container
from fiducial.media.video.index import FrameIndex
from fiducial.media.video.opened import open_video, video_errors


def describe(source: BinaryIO, container: Container, index: FrameIndex) -> Header:
    """``metadata['streams']`` is shaped like FFmpeg's own report; ``nb_frames`` is the exact count, as text."""
    with open_video(source, container) as (opened, stream), video_errors("the video header is broken"):
        width, height = index.first_size
        rate = stream.average_rate or stream.guessed_rate
        streams = [_video_stream(stream, index), *({"codec_type": s.type} for s in opened.streams if s is not stream)]
        aspect = stream.sample_aspect_ratio
        findings = _findings(opened, index, aspect)
        return Header(
            kind=MediaKind.VIDEO,
            format="video",
            mimetype=container.mimetype,
            width=width,
            height=height,
            frame_count=index.count,
            samples_per_pixel=3,
            bits_stored=index.bits,
            photometric_interpretation="RGB",
            duration_s=_duration(opened, stream, index),
            fps=float(rate) if rate else None,
            metadata={
                "streams": streams,
                "frame_count": index.count,
                "frame_count_source": index.count_source,
                "width": width,
                "height": height,
                "time_base": [index.time_base.numerator, index.time_base.denominator],
                "container": opened.format.name,
                "sample_aspect_ratio": float(aspect) if aspect else 1.0,
                "rotation": index.rotation,
            },
            findings=tuple(findings),
        )


def _video_stream(stream: Any, index: FrameIndex) -> dict[str, Any]:
    rate = stream.average_rate
    return {
        "codec_type": "video",
        "codec_name": stream.codec_context.codec.canonical_name,
        "width": index.first_size[0],
        "height": index.first_size[1],
        "nb_frames": str(index.count),
        "avg_frame_rate": f"{rate.numerator}/{rate.denominator}" if rate else "0/0",
        "pix_fmt": stream.codec_context.pix_fmt,
    }


def _duration(opened: Any, stream: Any, index: FrameIndex) -> float | None:
    """Of the frames: MP4 states it exactly; elsewhere from the frames' own times, the last lasting as long as the mean;
    the container's estimate is the last resort."""
    if stream.duration and opened.format.name.startswith("mov"):
        return float(stream.duration * index.time_base)
    if index.times and len(index.times) > 1:
        spread = (index.times[-1] - index.times[0]) * index.time_base
        return float(spread * len(index.times) / (len(index.times) - 1))
    if stream.average_rate:
        return float(index.count / stream.average_rate)
    return opened.duration / 1e6 if opened.duration else None


def _findings(opened: Any, index: FrameIndex, aspect: Any) -> list[Finding]:
    found = []
    if index.rotation:
        text = (
            f"The file asks players to turn it by {index.rotation} degrees. Pixel coordinates are those of the stored "
            "frames, unturned."
        )
        found.append(Finding("orientation-tag", Severity.WARNING, text, {"rotation": index.rotation}))
    if aspect and aspect != 1:
        text = f"Pixels are not square (aspect {aspect}); coordinates are in stored pixels."
        found.append(Finding("pixel-aspect-ratio", Severity.INFO, text, {"aspect": float(aspect)}))
    if index.bits > 8:
        text = f"Samples of {index.bits} bits are decoded at 8 bits."
        found.append(Finding("bit-depth-reduced", Severity.WARNING, text, {"bits": index.bits}))
    if index.times is None:
        text = "Frames have no usable times of their own: reaching a frame decodes from the start."
        found.append(Finding("no-frame-times", Severity.INFO, text))
    if opened.streams.audio:
        text = "There is a sound track: it may hold speech that names a patient."
        found.append(Finding("audio-track", Severity.WARNING, text, {"tracks": len(opened.streams.audio)}))
    if len(opened.streams.video) > 1:
        text = f"The file has {len(opened.streams.video)} picture streams; the first moving one is the item."
        found.append(Finding("further-streams", Severity.WARNING, text, {"streams": len(opened.streams.video)}))
    return found
