"""An item as this dialect's Resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from fiducial.media.base import Finding
from fiducial_server.dialects.datamint.wire.moment import moment
from fiducial_server.model.item import Item, ItemFile, ItemKind

STORAGE: Mapping[ItemKind, str] = {
    ItemKind.IMAGE: "ImageResource",
    ItemKind.IMAGE_GROUP: "VolumeResource",
    ItemKind.IMAGE_SEQUENCE: "VolumeResource",
    ItemKind.VIDEO: "VideoResource",
    ItemKind.DICOM_FILE: "DicomResource",
    ItemKind.DICOM_SERIES: "DicomResource",
    ItemKind.NIFTI: "NiftiResource",
    ItemKind.AUDIO: "Resource",
    ItemKind.PDF: "Resource",
    ItemKind.TEXT: "Resource",
    ItemKind.GROUP: "Resource",
}
"""By this word the published clients choose the entity's class."""


def resource(item: Item, customer_id: str) -> dict[str, Any]:
    """Every key the clients know, and beside them what only our own client reads (``kind`` to ``findings``)."""
    return {
        "id": item.id,
        "storage": STORAGE[item.kind],
        "location": f"items/{item.id}",
        "resource_uri": f"/resources/{item.id}/file",
        "filename": item.name,
        "mimetype": item.mimetype,
        "size": item.size,
        "upload_channel": item.channel or "",
        "upload_mechanism": item.upload_mechanism,
        "customer_id": customer_id,
        "status": "deleted" if item.deleted_at is not None else item.status,
        "created_at": moment(item.created_at),
        "created_by": item.created_by,
        "published": item.published_at is not None,
        "published_on": moment(item.published_at),
        "published_by": item.published_by,
        "deleted": item.deleted_at is not None,
        "deleted_at": moment(item.deleted_at),
        "deleted_by": item.deleted_by,
        "modality": item.modality or "",  # null would make 2.0.0 refuse the whole list
        "source_filepath": item.source_filepath,
        "instance_uid": item.instance_uid,
        "series_uid": item.series_uid,
        "study_uid": item.study_uid,
        "patient_id": item.patient_id,
        "tags": list(item.tags),
        "metadata": metadata(item),
        "kind": item.kind,
        "state": item.state,
        "state_reason": item.state_reason,
        "file_count": item.file_count,
        "is_volume": item.is_volume,
        "updated_at": moment(item.updated_at),
        "findings": [finding(entry) for entry in item.findings],
    }


def metadata(item: Item) -> dict[str, Any]:
    """What the file says, over what the caller gave; the names are those the clients look for."""
    facts = {**item.user_metadata, **item.metadata} if item.user_metadata else dict(item.metadata)
    if item.frame_count:
        facts["frame_count"] = item.frame_count
    for name, value in (("width", item.width), ("height", item.height), ("PatientID", item.patient_id)):
        if value is not None:
            facts.setdefault(name, value)
    return facts


def finding(entry: Finding) -> dict[str, Any]:
    """``code, severity, message, evidence``."""
    return asdict(entry)


def item_file(entry: ItemFile) -> dict[str, Any]:
    """One of an item's files; ``index`` is its place, under which its bytes are asked for."""
    return {
        "index": entry.ordinal,
        "filename": entry.filename,
        "mimetype": entry.mimetype,
        "size": entry.size,
        "sha256": entry.sha256,
        "instance_uid": entry.instance_uid,
        "frame_count": entry.frame_count,
    }
