"""A label: what somebody (or a model) says about an item, with one mark per frame, range of frames, or volume.

``spec/one-truth`` is the law: stored geometry is in pixel index coordinates, float64, integer = pixel centre, x right,
y down, with the frame beside it. Each dialect converts at its edge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class LabelKind(StrEnum):
    """Stored kinds. The first group are shapes of :mod:`fiducial.geometry`, the second values without a place."""

    BOX = "box"
    ROTATABLE_BOX = "rotatable_box"
    POLYGON = "polygon"
    POLYLINE = "polyline"
    LINE = "line"
    DISTANCE = "distance"
    AREA = "area"
    ANGLE = "angle"
    SPLINE = "spline"
    POINT = "point"
    KEYPOINTS = "keypoints"
    CIRCLE = "circle"
    ELLIPSE = "ellipse"
    MASK = "mask"
    VOLUME_MASK = "volume_mask"
    CATEGORY = "category"
    FLAG = "flag"
    TEXT = "text"
    INTEGER = "integer"
    FLOAT = "float"


VALUE_KINDS = frozenset({LabelKind.CATEGORY, LabelKind.FLAG, LabelKind.TEXT, LabelKind.INTEGER, LabelKind.FLOAT})
SHAPE_KINDS = frozenset(LabelKind) - VALUE_KINDS


class Source(StrEnum):
    MANUAL = "manual"
    IMPORTED = "imported"
    MODEL_PIPELINE = "model_pipeline"
    MODEL_DEPLOY = "model_deploy"


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a label is. ``frame_start`` None means the whole item; otherwise frames ``start..end`` inclusive, from 0.

    ``shape`` is the shape's own JSON (:func:`fiducial.geometry.shape_from_json`), None for values and for masks. A
    mask is kept as ``mask_sha256`` (lossless runs, table ``mask``) and, when it came as a file, as those bytes too
    (``file_sha256``). ``patient_points`` holds points in mm as they came, with their frame of reference.
    """

    id: str
    frame_start: int | None = None
    frame_end: int | None = None
    shape: Mapping[str, Any] | None = None
    mask_sha256: str | None = None
    file_sha256: str | None = None
    file_mimetype: str | None = None
    patient_points: Mapping[str, Any] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What a dialect wrote and only that dialect can show (view plane normal ...), never lost, never interpreted."""


@dataclass(frozen=True, slots=True)
class Label:
    """One annotation with its marks, as read from the store. Times in microseconds."""

    id: str
    item_id: str
    kind: LabelKind
    identifier: str
    feature_id: str
    created_at: int
    created_by: str
    marks: tuple[Mark, ...]
    updated_at: int = 0
    updated_by: str | None = None
    credited_to: str | None = None
    """E-mail of the author credited by an administrator; ``created_by`` stays who wrote it."""
    project_id: str | None = None
    annotation_set_id: str | None = None
    annotation_set_name: str | None = None
    instance: str = ""
    """Object or classification hash: what is one thing over several frames."""
    text_value: str | None = None
    numeric_value: float | None = None
    unit: str | None = None
    attributes: Sequence[Mapping[str, Any]] = ()
    source: Source = Source.MANUAL
    is_model: bool = False
    model_id: str | None = None
    confidence: float = 1.0
    imported_from: str | None = None
    status: str = "new"
    approved_at: int | None = None
    approved_by: str | None = None
    deleted_at: int | None = None
    deleted_by: str | None = None
    set_name: str | None = None
    revision: int = 1
    item_name: str | None = None
    item_modality: str | None = None


@dataclass(frozen=True, slots=True)
class NewLabel:
    """A label to be written: one mark. What the dialect does not say is None."""

    kind: LabelKind
    identifier: str
    frame_start: int | None = None
    frame_end: int | None = None
    shape: Mapping[str, Any] | None = None
    patient_points: Mapping[str, Any] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    text_value: str | None = None
    numeric_value: float | None = None
    unit: str | None = None
    attributes: Sequence[Mapping[str, Any]] = ()
    annotation_set_id: str | None = None
    project_id: str | None = None
    source: Source | None = None
    is_model: bool | None = None
    model_id: str | None = None
    confidence: float = 1.0
    imported_from: str | None = None
    author_email: str | None = None
    instance: str | None = None
    set_name: str | None = None


@dataclass(frozen=True, slots=True)
class LabelFilter:
    """Every field narrows. ``item_ids`` may hold thousands; only labels of those items come back."""

    item_ids: tuple[str, ...] | None = None
    kinds: tuple[LabelKind, ...] | None = None
    created_by: str | None = None
    authors: tuple[str, ...] | None = None
    """Any of these, by whom it was written or to whom it is credited."""
    identifiers: tuple[str, ...] | None = None
    created_from: int | None = None
    created_to: int | None = None
    dataset_id: str | None = None
    project_id: str | None = None
    annotation_set_id: str | None = None
    status: str | None = None
    source: Source | None = None
    is_model: bool | None = None
    deleted: str = "exclude"
    """``exclude``, ``include`` or ``only``."""


@dataclass(frozen=True, slots=True)
class LabelRow:
    """What a frame-wise dialect shows: a label at one mark. ``mark`` is one of ``label.marks``, cut to one frame."""

    label: Label
    mark: Mark
