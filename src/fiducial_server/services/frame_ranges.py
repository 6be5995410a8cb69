"""Tracks: where over the frames of an item one identifier has which value, replaced as a whole.

What stays keeps its ids: only frames that come or go are written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from fiducial.errors import Invalid
from fiducial_server.db.annotations import labels_of_item
from fiducial_server.model.actor import Actor
from fiducial_server.model.frame_range import carve, merged, subtract
from fiducial_server.model.frame_track import FramePiece, FrameRange, FrameRangeChange, FrameTrack, FrameValue
from fiducial_server.model.ids import new_id
from fiducial_server.model.item import Item
from fiducial_server.model.label import VALUE_KINDS, Label, LabelKind, Mark, NewLabel, Source
from fiducial_server.model.names import checked_name
from fiducial_server.model.revision import RevisionAction
from fiducial_server.services.label_change import LabelChange
from fiducial_server.services.label_checks import (
    CheckedLabel,
    check_value,
    checked_frames,
    require_labelable,
    source_of,
)
from fiducial_server.services.label_making import make_label
from fiducial_server.services.label_part import LabelPart, require_item
from fiducial_server.services.label_target import Targets, require_live_item

_Value = str | float | None
_NUMBERS = (LabelKind.INTEGER, LabelKind.FLOAT)


class FrameRanges(LabelPart):
    """Values over frames. All ranges here are inclusive."""

    def set_frame_ranges(
        self,
        actor: Actor,
        item_id: str,
        *,
        identifier: str,
        kind: LabelKind,
        values: Sequence[FrameValue],
        annotation_set_id: str | None = None,
        source: Source | None = None,
        model_id: str | None = None,
        origin: str = "datamint",
    ) -> FrameRangeChange:
        """The track of (item, identifier, kind, actor, annotation set) becomes exactly this; no values clear it.

        Ranges of one value that meet or overlap become one. Different values may hold on one frame.
        """
        actor.require_writer("label")
        checked_name(identifier, "identifier")
        if kind not in VALUE_KINDS:
            raise Invalid(f"a {kind} has a place, and cannot be set by frame ranges", field="type")
        with self._database.read(actor.organization_id) as scope:
            item = require_item(scope, item_id)
        require_labelable(item)
        wanted = _checked_values(item, kind, values)
        facts = NewLabel(kind, identifier, annotation_set_id=annotation_set_id, source=source, model_id=model_id)
        return self._change(actor, origin, lambda labels: _replace_track(labels, item, facts, wanted))

    def frame_ranges(
        self, actor: Actor, item_id: str, *, annotation_set_id: str | None = None, created_by: str | None = None
    ) -> list[FrameTrack]:
        """One for each identifier, value and author, in order of creation; single frames are ranges of one."""
        with self._database.read(actor.organization_id) as scope:
            require_item(scope, item_id)
            found = labels_of_item(scope, item_id, kinds=sorted(VALUE_KINDS), created_by=created_by)
        tracks: dict[tuple[object, ...], list[Label]] = {}
        for label in found:
            if annotation_set_id in (None, label.annotation_set_id) and _frames(label):
                author = label.credited_to or label.created_by
                key = (label.identifier, label.kind, _value(label), author, label.annotation_set_id)
                tracks.setdefault(key, []).append(label)
        return [_track(labels) for labels in tracks.values()]


def _track(labels: Sequence[Label]) -> FrameTrack:
    first = labels[0]
    return FrameTrack(
        identifier=first.identifier,
        kind=first.kind,
        value=_value(first),
        created_by=first.credited_to or first.created_by,
        annotation_set_id=first.annotation_set_id,
        source=first.source,
        model_id=first.model_id,
        ranges=merged(one for label in labels for one in _frames(label)),
    )


def _value(label: Label) -> _Value:
    return label.numeric_value if label.kind in _NUMBERS else label.text_value


def _frames(label: Label) -> tuple[FrameRange, ...]:
    return tuple(one for mark in label.marks for one in _range_of(mark))


def _range_of(mark: Mark) -> Iterator[FrameRange]:
    if mark.frame_start is not None and mark.frame_end is not None:
        yield mark.frame_start, mark.frame_end


def _checked_values(item: Item, kind: LabelKind, values: Sequence[FrameValue]) -> dict[_Value, tuple[FrameRange, ...]]:
    wanted: dict[_Value, list[FrameRange]] = {}
    for one in values:
        value = None if kind is LabelKind.FLAG else one.value
        number = value if kind in _NUMBERS else None
        check_value(kind, None if kind in _NUMBERS else value, number)  # type: ignore[arg-type]  # told apart in there
        for start, end in one.ranges:
            checked_frames(item, start, end)
            wanted.setdefault(value, []).append((start, end))
    return {value: merged(ranges) for value, ranges in wanted.items()}


def _replace_track(
    labels: LabelChange, item: Item, facts: NewLabel, wanted: dict[_Value, tuple[FrameRange, ...]]
) -> FrameRangeChange:
    change = labels.change
    require_live_item(change, item.id)
    targets = Targets(change, item.id)
    target = targets.of(facts.annotation_set_id, facts.project_id)
    there: dict[_Value, list[Label]] = {}
    for label in labels_of_item(change.scope, item.id, kinds=[facts.kind], created_by=change.actor.email, lock=True):
        if label.identifier == facts.identifier and label.annotation_set_id == target.set_id and _frames(label):
            there.setdefault(_value(label), []).append(label)
    created: list[FramePiece] = []
    deleted: list[FramePiece] = []
    for value in [*there, *(one for one in wanted if one not in there)]:
        current, ranges = there.get(value, []), wanted.get(value, ())
        deleted += _take_away(labels, current, value, ranges)
        missing = subtract(ranges, (one for label in current for one in _frames(label)))
        if missing:
            marks = tuple(Mark(new_id(), start, end) for start, end in missing)
            created += [FramePiece(one.id, value, *span) for one, span in zip(marks, missing, strict=True)]
            labels.create([make_label(labels, targets, item, _checked_track(facts, value, marks), marks)])
    details = {"item_id": item.id, "identifier": facts.identifier, "created": len(created), "deleted": len(deleted)}
    labels.finish("annotation.frame_ranges", item.id, details)
    return FrameRangeChange(tuple(created), tuple(deleted))


def _take_away(
    labels: LabelChange, current: Sequence[Label], value: _Value, wanted: tuple[FrameRange, ...]
) -> Iterator[FramePiece]:
    """Frames that are no longer wanted leave their labels; a label without frames is deleted, and keeps them to show."""
    at, by = labels.change.at, labels.change.actor.email
    for label in current:
        kept: list[Mark] = []
        gone: list[Mark] = []
        for mark in label.marks:
            start = mark.frame_start or 0
            away = subtract(_range_of(mark), wanted)
            stays, goes = carve(mark, (place - start for first, last in away for place in range(first, last + 1)))
            kept += stays if away else [mark]
            gone += goes
        if gone and kept:
            labels.save(label, replace(label, marks=tuple(kept)))
        elif gone:
            labels.save(label, replace(label, deleted_at=at, deleted_by=by), RevisionAction.DELETE)
        for one in gone:
            yield FramePiece(one.id, value, one.frame_start or 0, one.frame_end or 0)


def _checked_track(facts: NewLabel, value: _Value, marks: tuple[Mark, ...]) -> CheckedLabel:
    numeric = facts.kind in _NUMBERS
    new = replace(
        facts,
        text_value=None if numeric else value,  # type: ignore[arg-type]  # text where it is not a number
        numeric_value=value if numeric else None,  # type: ignore[arg-type]
    )
    return CheckedLabel(new, marks[0], *source_of(facts), None)
