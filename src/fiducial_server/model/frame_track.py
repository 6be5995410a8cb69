"""Values over frames of an item, as sets of inclusive frame ranges."""

from __future__ import annotations

from dataclasses import dataclass

from fiducial_server.model.label import LabelKind, Source

FrameRange = tuple[int, int]
"""First and last frame, both in; from 0."""


@dataclass(frozen=True, slots=True)
class FrameValue:
    """One value of a track and where it holds. ``value`` is text for categories and texts, a number for numbers."""

    ranges: tuple[FrameRange, ...]
    value: str | float | None = None


@dataclass(frozen=True, slots=True)
class FramePiece:
    """A range of frames that a change added or took away; ``id`` is the label's id at its first frame."""

    id: str
    value: str | float | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FrameRangeChange:
    created: tuple[FramePiece, ...]
    deleted: tuple[FramePiece, ...]


@dataclass(frozen=True, slots=True)
class FrameTrack:
    """Where one identifier has one value, by one author, in one annotation set."""

    identifier: str
    kind: LabelKind
    value: str | float | None
    created_by: str
    annotation_set_id: str | None
    source: Source
    model_id: str | None
    ranges: tuple[FrameRange, ...]
