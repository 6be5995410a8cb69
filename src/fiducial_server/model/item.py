"""An item: one thing a person looks at, made of 1..n immutable files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fiducial.media.base import Finding


class ItemKind(StrEnum):
    IMAGE = "image"
    IMAGE_GROUP = "image_group"
    IMAGE_SEQUENCE = "image_sequence"
    VIDEO = "video"
    DICOM_FILE = "dicom_file"
    DICOM_SERIES = "dicom_series"
    NIFTI = "nifti"
    AUDIO = "audio"
    PDF = "pdf"
    TEXT = "text"
    GROUP = "group"


class ItemStatus(StrEnum):
    """Where the item stands between arrival and use."""

    INBOX = "inbox"
    PUBLISHED = "published"


class ItemState(StrEnum):
    """What the follow-up job says of the item's files."""

    OPEN = "open"
    """A group that still takes files."""
    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ItemFile:
    """One file of an item.

    ``ordinal`` is its place: arrival order until the series is ordered by geometry, then slice order.
    """

    ordinal: int
    sha256: str
    size: int
    filename: str
    mimetype: str
    instance_uid: str | None = None
    frame_count: int = 1
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)  # without slots: lists of thousands are filled through __dict__ (db.items.to_item)
class Item:
    """Times are microseconds (see :mod:`fiducial_server.model.times`); sizes are bytes, width and height pixels."""

    id: str
    kind: ItemKind
    name: str
    mimetype: str
    status: ItemStatus
    state: ItemState
    size: int
    created_at: int
    created_by: str
    file_count: int = 1
    format: str | None = None
    channel: str | None = None
    folder_id: str | None = None
    modality: str | None = None
    patient_id: str | None = None
    study_uid: str | None = None
    series_uid: str | None = None
    instance_uid: str | None = None
    source_filepath: str | None = None
    upload_mechanism: str | None = None
    width: int | None = None
    height: int | None = None
    frame_count: int = 0
    time_points: int = 1
    is_volume: bool = False
    duration_s: float | None = None
    fps: float | None = None
    spacing_zyx_mm: tuple[float | None, float, float] | None = None
    voxel_to_patient: tuple[tuple[float, ...], ...] | None = None
    frame_of_reference_uid: str | None = None
    published_at: int | None = None
    published_by: str | None = None
    deleted_at: int | None = None
    deleted_by: str | None = None
    updated_at: int = 0
    state_reason: str | None = None
    """Why the item is FAILED; None otherwise."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """Format facts under the names of the Datamint wire; user-given keys win nothing here (see user_metadata)."""
    user_metadata: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """Every field narrows; None means "do not care". ``created_from`` is inclusive, ``created_to`` exclusive (us)."""

    status: ItemStatus | None = None
    created_from: int | None = None
    created_to: int | None = None
    modality: str | None = None
    mimetype: str | None = None
    channel: str | None = None
    name: str | None = None
    tags: tuple[str, ...] = ()
    tags_match: str = "union"
    """``union`` (any of the tags) or ``intersection`` (all)."""
    projects: tuple[str, ...] = ()
    """Ids or names."""
    projects_match: str = "intersection"
    dataset_id: str | None = None
    deleted: str = "exclude"
    """``exclude``, ``include`` or ``only``."""
    not_annotated: bool = False
    ids: tuple[str, ...] | None = None
    order_field: str = "created_at"
    """created_at, name, modality, created_by, published_by or published_at."""
    ascending: bool = True
