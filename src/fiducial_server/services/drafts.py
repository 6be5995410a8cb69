"""What an upload will become: item and file values made of a header and what the uploader says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fiducial.errors import Damaged, FiducialError, Invalid, Unsupported
from fiducial.media.base import Header, MediaKind
from fiducial_server.model.actor import Actor
from fiducial_server.model.item import Item, ItemFile, ItemKind, ItemState, ItemStatus
from fiducial_server.services.headers import finite, header_to_json
from fiducial_server.services.texts import LONGEST_PATH, clean_filename, clean_json, clean_tags, clean_text
from fiducial_server.storage.base import Spool

KIND_OF_FILE = {
    MediaKind.IMAGE: ItemKind.IMAGE,
    MediaKind.VIDEO: ItemKind.VIDEO,
    MediaKind.DICOM: ItemKind.DICOM_FILE,
    MediaKind.NIFTI: ItemKind.NIFTI,
}
KIND_OF_GROUP = {MediaKind.DICOM: ItemKind.DICOM_SERIES, MediaKind.IMAGE: ItemKind.IMAGE_GROUP}
LONGEST_UID = 64
LONGEST_MODALITY = 16


@dataclass(frozen=True, slots=True)
class UploadFacts:
    """What the uploader says about a file or a group. ``mechanism`` is the door: api, web, dicomweb ...

    ``mimetype`` is what the client thinks; what is kept is what the content says.
    """

    filename: str
    mimetype: str | None = None
    channel: str | None = None
    modality: str | None = None
    publish: bool = False
    tags: tuple[str, ...] = ()
    user_metadata: Mapping[str, Any] = field(default_factory=dict)
    source_filepath: str | None = None
    mechanism: str = "api"


def clean_facts(facts: UploadFacts) -> UploadFacts:
    """The facts as they are kept; Invalid names the field and the reason."""
    return replace(
        facts,
        filename=clean_filename(facts.filename),
        channel=_optional(facts.channel, "channel", 255),
        modality=_optional(facts.modality, "modality", LONGEST_MODALITY),
        tags=clean_tags(facts.tags),
        user_metadata=clean_json(facts.user_metadata, "metadata"),
        source_filepath=_optional(facts.source_filepath, "source_filepath", LONGEST_PATH),
        mechanism=clean_text(facts.mechanism, "source", 32),
    )


def _optional(text: str | None, what: str, longest: int) -> str | None:
    return None if text is None else clean_text(text, what, longest, empty=True) or None


def inspect(spool: Spool, filename: str) -> Header:
    """The header of a received file, after proof that it is whole. Damaged and Unsupported name the file."""
    from fiducial.media.registry import check

    with spool.open() as source:
        try:
            return check(source)
        except (Damaged, Unsupported, Invalid) as error:
            details = {**error.details, "filename": filename}
            raise type(error)(f"{filename}: {error.message}", **details) from error
        except FiducialError:
            raise
        except Exception as error:  # a parser's own exception is never the uploader's answer
            raise Damaged(
                f"{filename}: the file cannot be read ({type(error).__name__}: {error})", filename=filename
            ) from error


def new_item(item_id: str, actor: Actor, facts: UploadFacts, at: int) -> Item:
    """What is known of an item before any file is looked into: an open group without files."""
    return Item(
        id=item_id,
        kind=ItemKind.GROUP,
        name=facts.filename,
        mimetype="application/octet-stream",
        status=ItemStatus.PUBLISHED if facts.publish else ItemStatus.INBOX,
        state=ItemState.OPEN,
        size=0,
        file_count=0,
        created_at=at,
        created_by=actor.email,
        updated_at=at,
        published_at=at if facts.publish else None,
        published_by=actor.email if facts.publish else None,
        channel=facts.channel,
        modality=facts.modality,
        source_filepath=facts.source_filepath,
        upload_mechanism=facts.mechanism,
        user_metadata=facts.user_metadata,
        tags=facts.tags,
    )


def of_header(item: Item, header: Header) -> Item:
    """The item with the facts of its file, or of its assembled series. What the uploader said about modality stays."""
    return replace(
        item,
        mimetype=header.mimetype,
        format=header.format,
        modality=item.modality or short(header.modality, LONGEST_MODALITY),
        patient_id=short(header.patient_id, 255),
        study_uid=uid(header.study_uid),
        series_uid=uid(header.series_uid),
        instance_uid=uid(header.instance_uid),
        width=header.width,
        height=header.height,
        frame_count=header.frame_count,
        time_points=header.time_points,
        is_volume=header.is_volume,
        duration_s=finite(header.duration_s),
        fps=finite(header.fps),
        spacing_zyx_mm=header.spacing_zyx_mm,
        voxel_to_patient=header.voxel_to_patient,
        frame_of_reference_uid=header.frame_of_reference_uid,
        metadata=finite({**header.metadata, "frame_count": header.frame_count}),
        findings=tuple(replace(f, evidence=finite(f.evidence)) for f in header.findings),
    )


def single_item(item_id: str, actor: Actor, facts: UploadFacts, header: Header, *, size: int, at: int) -> Item:
    """The item that one uploaded file is."""
    draft = of_header(new_item(item_id, actor, facts, at), header)
    kind = KIND_OF_FILE[header.kind]
    return replace(draft, kind=kind, state=ItemState.PENDING, size=size, file_count=1)


def new_file(filename: str, spool: Spool, header: Header, *, with_header: bool) -> ItemFile:
    """The file's place is given later. ``with_header``: all its facts are kept, to order a series by."""
    return ItemFile(
        ordinal=0,
        sha256=spool.sha256,
        size=spool.size,
        filename=filename,
        mimetype=header.mimetype,
        instance_uid=uid(header.instance_uid),
        frame_count=header.frame_count,
        facts=header_to_json(header) if with_header else {},
    )


def short(text: str | None, longest: int) -> str | None:
    """Text of a file, fit for a column that is searched: the whole of it is in the metadata."""
    return None if not text else finite(text)[:longest]


def uid(text: str | None) -> str | None:
    """A UID, if it can be one: longer than 64 characters is none (PS3.5, 9.1), and searching for a part would be wrong."""
    return text if text and len(text) <= LONGEST_UID else None
