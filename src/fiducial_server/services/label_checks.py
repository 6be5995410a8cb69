"""Is this a label that can be kept? Looked at before anything is written, without the database."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fiducial.errors import Conflict, Invalid
from fiducial_server.model.actor import Actor
from fiducial_server.model.ids import new_id
from fiducial_server.model.item import Item, ItemKind, ItemState
from fiducial_server.model.label import VALUE_KINDS, LabelKind, Mark, NewLabel, Source
from fiducial_server.model.names import checked_name, checked_text

MASK_KINDS = frozenset({LabelKind.MASK, LabelKind.VOLUME_MASK})
_ORDERED_LATER = frozenset({ItemKind.DICOM_SERIES, ItemKind.IMAGE_GROUP, ItemKind.IMAGE_SEQUENCE})
_MODEL_SOURCES = frozenset({Source.MODEL_PIPELINE, Source.MODEL_DEPLOY})
_MOST_INSTANCE = 64


@dataclass(frozen=True, slots=True)
class CheckedLabel:
    """A label whose every part was looked at. ``mask`` is the runs of a mask that came as a shape."""

    new: NewLabel
    mark: Mark
    source: Source
    is_model: bool
    credited_to: str | None
    mask: bytes | None = None


def require_labelable(item: Item) -> None:
    """Frames are numbered by geometry once a group is closed and ordered: before that, no frame can be named."""
    if item.state is ItemState.OPEN:
        raise Conflict(f"Resource {item.id} still takes files: close it before it is labelled", item_id=item.id)
    if item.state is ItemState.PENDING and (item.kind in _ORDERED_LATER or item.file_count > 1):
        raise Conflict(f"Resource {item.id} is being put in order: label it when it is ready", item_id=item.id)


def checked_labels(actor: Actor, item: Item, labels: Sequence[NewLabel]) -> list[CheckedLabel]:
    """All of them, or the error of the first that cannot be kept, with its place in the list."""
    checked = []
    for place, new in enumerate(labels):
        try:
            checked.append(_checked(actor, item, new))
        except Invalid as error:
            where = f"label {place} ({new.kind} {new.identifier!r}): " if len(labels) > 1 else ""
            raise Invalid(f"{where}{error.message}", **{**error.details, "index": place}) from error
    return checked


def _checked(actor: Actor, item: Item, new: NewLabel) -> CheckedLabel:
    checked_name(new.identifier, "identifier")
    start, end = checked_frames(item, new.frame_start, new.frame_end)
    shape, mask = checked_shape(item, new.kind, new.shape)
    check_value(new.kind, new.text_value, new.numeric_value)
    _check_facts(new)
    source, is_model = source_of(new)
    mark = Mark(
        id=new_id(),
        frame_start=start,
        frame_end=end,
        shape=shape,
        mask_sha256=None if mask is None else hashlib.sha256(mask).hexdigest(),
        patient_points=new.patient_points,
        extra=new.extra,
    )
    return CheckedLabel(new, mark, source, is_model, _credited(actor, new.author_email), mask)


def source_of(new: NewLabel) -> tuple[Source, bool]:
    """Where the label comes from, and whether a model made it; each is told by the other where it is not said."""
    is_model = new.is_model
    if is_model is None:
        is_model = new.model_id is not None or new.source in _MODEL_SOURCES
    return new.source or (Source.MODEL_PIPELINE if is_model else Source.MANUAL), is_model


def checked_frames(item: Item, start: int | None, end: int | None) -> tuple[int | None, int | None]:
    """Inclusive range; one frame when only ``start`` is given; None and None for the whole item."""
    if start is None:
        if end is not None:
            raise Invalid("frame_end without frame_start", field="frame_end")
        return None, None
    last = start if end is None else end
    for name, value in (("frame_start", start), ("frame_end", last)):
        if isinstance(value, bool) or not isinstance(value, int):
            raise Invalid(f"{name} must be a whole number, not {value!r}", field=name)
    if not 0 <= start <= last:
        raise Invalid(f"frames {start} to {last} are not a range from 0 upwards", field="frame_start")
    if item.frame_count > 0 and last >= item.frame_count:
        raise Invalid(
            f"frame {last} is outside of 0..{item.frame_count - 1}, the frames of {item.name!r}",
            field="frame_index",
            frame=last,
            frame_count=item.frame_count,
        )
    return start, last


def checked_shape(item: Item, kind: LabelKind, given: Any) -> tuple[Any, bytes | None]:
    """(the shape as it is stored, the runs of a mask): values have neither, masks that come as a file later too."""
    from fiducial.geometry.mask import Mask
    from fiducial.geometry.registry import shape_from_json
    from fiducial.geometry.volume_mask import VolumeMask

    if given is None:
        if kind in VALUE_KINDS or kind in MASK_KINDS:
            return None, None
        raise Invalid(f"a {kind} needs its geometry", field="shape")
    if kind in VALUE_KINDS:
        raise Invalid(f"a {kind} has no geometry", field="shape")
    shape = shape_from_json(given)
    if shape.kind != kind.value:
        raise Invalid(f"the geometry is a {shape.kind}, and the label a {kind}", field="shape.kind")
    if item.width is not None and item.height is not None:
        shape.check_inside(item.width, item.height)
    if isinstance(shape, Mask | VolumeMask):
        check_volume_shape(item, shape)
        return None, shape.to_bytes()
    stored = shape.to_json()
    if kind is LabelKind.KEYPOINTS:  # the only shape with texts in it
        check_json(stored, "shape")
    return stored, None


def check_volume_shape(item: Item, shape: Any) -> None:
    """A volume mask has a plane for each slice of the item."""
    from fiducial.geometry.volume_mask import VolumeMask

    slices = slice_count(item)
    if isinstance(shape, VolumeMask) and slices and shape.shape[0] != slices:
        raise Invalid(
            f"the mask has {shape.shape[0]} slices, and {item.name!r} has {slices}", field="volume_mask.shape"
        )


def slice_count(item: Item) -> int:
    """Slices of one time point."""
    return item.frame_count // max(item.time_points, 1)


def check_value(kind: LabelKind, text: str | None, number: float | None) -> None:
    """Categories and texts have a text, integers and floats a finite number."""
    if kind in (LabelKind.CATEGORY, LabelKind.TEXT) and text is None:
        raise Invalid(f"a {kind} needs its value", field="value")
    if kind is LabelKind.CATEGORY and not str(text).strip():
        raise Invalid("a category's value is empty", field="value")
    if text is not None:
        checked_text(text, "value")
    if kind in (LabelKind.INTEGER, LabelKind.FLOAT) and number is None:
        raise Invalid(f"a {kind} needs its number", field="value")
    if number is not None:
        check_number(number, "value")
    if kind is LabelKind.INTEGER and number is not None and number != int(number):
        raise Invalid(f"an integer's value is {number}", field="value")


def check_number(number: Any, what: str) -> None:
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        raise Invalid(f"{what} must be a finite number, not {number!r}", field=what)


def check_json(value: Any, what: str) -> None:
    """That ``value`` can be kept as JSON by every database: no NaN, no NUL, nothing but JSON's types."""
    if not value:
        return
    try:
        text = json.dumps(value, allow_nan=False)
    except (ValueError, TypeError) as error:
        raise Invalid(f"{what} cannot be kept as JSON: {error}", field=what) from error
    if "\\u0000" in text:
        raise Invalid(f"{what} has a NUL character", field=what)


def _check_facts(new: NewLabel) -> None:
    check_json(new.extra, "extra")
    check_json(new.attributes, "values")
    check_json(new.patient_points, "patient_points")
    check_number(new.confidence, "confidence")
    for what in ("unit", "model_id", "set_name", "imported_from"):
        if getattr(new, what) is not None:
            checked_text(getattr(new, what), what)
    if new.instance is not None:
        checked_name(new.instance, "instance", most=_MOST_INSTANCE)


def _credited(actor: Actor, author_email: str | None) -> str | None:
    """Another author may be credited by administrators only; crediting oneself says nothing."""
    if author_email is None or author_email.strip().lower() == actor.email.lower():
        return None
    actor.require_admin("credit another author")
    if "@" not in author_email:
        raise Invalid(f"author_email is no e-mail address: {author_email!r}", field="author_email")
    return checked_name(author_email.strip().lower(), "author_email")
