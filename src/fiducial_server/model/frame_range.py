"""Marks over ranges of frames: shown frame by frame, cut without changing an id, and added up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from fiducial_server.model.frame_track import FrameRange
from fiducial_server.model.ids import frame_id, split_frame_id
from fiducial_server.model.label import Mark


def frame_total(one: Mark) -> int:
    """How many frames a mark is shown on; 1 for the whole item."""
    return 1 if one.frame_start is None or one.frame_end is None else one.frame_end - one.frame_start + 1


def cut(one: Mark, first: int, last: int) -> Mark:
    """The part of the mark from its frame number ``first`` to ``last`` (both in, counted from 0).

    Every frame keeps the id it is shown under: a part's own id is that of its first frame.
    """
    if one.frame_start is None or (first == 0 and last == frame_total(one) - 1):
        return one
    own = split_frame_id(one.id)[1]
    start = one.frame_start
    return replace(one, id=frame_id(one.id, own + first), frame_start=start + first, frame_end=start + last)


def offset_of(one: Mark, label_id: str) -> int | None:
    """Which of the mark's frames (from 0) is shown under ``label_id``; None when none is."""
    base, wanted = split_frame_id(label_id)
    mine, first = split_frame_id(one.id)
    offset = wanted - first
    return offset if base == mine and 0 <= offset < frame_total(one) else None


def carve(one: Mark, offsets: Iterable[int]) -> tuple[tuple[Mark, ...], tuple[Mark, ...]]:
    """(what stays, what is taken) when these of the mark's frames are taken; each in as few parts as possible."""
    taken = merged((offset, offset) for offset in offsets)
    left = subtract(((0, frame_total(one) - 1),), taken)
    return tuple(cut(one, *part) for part in left), tuple(cut(one, *part) for part in taken)


def merged(ranges: Iterable[FrameRange]) -> tuple[FrameRange, ...]:
    """The same frames in as few ranges as possible, in order."""
    found: list[FrameRange] = []
    for start, end in sorted(ranges):
        if found and start <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found)


def subtract(ranges: Iterable[FrameRange], gone: Iterable[FrameRange]) -> tuple[FrameRange, ...]:
    """The frames of ``ranges`` that are not in ``gone``."""
    left: list[FrameRange] = []
    away = merged(gone)
    for start, end in merged(ranges):
        place = start
        for first, last in away:
            if last < place or first > end:
                continue
            if first > place:
                left.append((place, first - 1))
            place = last + 1
        if place <= end:
            left.append((place, end))
    return tuple(left)
