"""Resources: lists with every filter, one, changes, and their bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from fiducial.errors import Invalid
from fiducial.media.base import Axis
from fiducial_server.dialects.datamint.body import Fields, decode, json_object
from fiducial_server.dialects.datamint.call import (
    ORIGIN,
    PAGE,
    Call,
    Calling,
    JsonObject,
    Limit,
    Offset,
    ResourceId,
)
from fiducial_server.dialects.datamint.ranges import send
from fiducial_server.dialects.datamint.wire.channel import channel
from fiducial_server.dialects.datamint.wire.listing import done, json, listed, wrapped
from fiducial_server.dialects.datamint.wire.resource import finding, item_file, resource
from fiducial_server.model.ids import parse_id
from fiducial_server.model.item import ItemFilter, ItemStatus
from fiducial_server.model.times import from_iso
from fiducial_server.services.content import EncodedImage

router = APIRouter(tags=["resources"])

ORDER_FIELDS: Mapping[str, str] = {
    "created_at": "created_at",
    "filename": "name",
    "modality": "modality",
    "created_by": "created_by",
    "published_by": "published_by",
    "published_on": "published_at",
}
_DELETED = ("exclude", "include", "only")
_MATCHES = ("union", "intersection")
_NEVER = ("new", "archived")
"""Status words of old clients that no resource has here."""


async def _narrowed(
    *,
    status: str = "",
    created_from: Annotated[str | None, Query(alias="from")] = None,
    created_to: Annotated[str | None, Query(alias="to")] = None,
    modality: str | None = None,
    mimetype: str | None = None,
    channel_name: str | None = None,
    filename: str | None = None,
    tags: str | None = None,
    project: str | None = None,
    project_id: str | None = None,
    deleted: str = "exclude",
    order_field: str | None = None,
    order_by_asc: bool = True,
) -> ItemFilter | None:
    """What the query asks for: ``from`` inclusive, ``to`` exclusive; None where no resource can answer it."""
    if status in _NEVER:
        return None
    words, words_match = selection(tags, "tags", "union")
    projects, projects_match = selection(project, "project", "intersection")
    narrowing = ItemFilter(
        status=_status(status),
        created_from=from_iso(created_from, "from") if created_from else None,
        created_to=from_iso(created_to, "to") if created_to else None,
        modality=modality or None,
        mimetype=mimetype or None,
        channel=channel_name or None,
        name=filename or None,
        tags=words,
        tags_match=words_match,
        projects=(*projects, *((project_id,) if project_id else ())),
        projects_match=projects_match,
        deleted=_one_of(deleted, "deleted", _DELETED),
        order_field=ORDER_FIELDS[_one_of(order_field or "created_at", "order_field", tuple(ORDER_FIELDS))],
        ascending=order_by_asc,
    )
    return replace(narrowing, deleted="only") if status == "deleted" else narrowing


Narrowed = Annotated[ItemFilter | None, Depends(_narrowed)]


@router.get("/resources")
def list_resources(call: Calling, narrowing: Narrowed, offset: Offset = 0, limit: Limit = PAGE) -> Response:
    """Resources, narrowed. ``from`` is inclusive, ``to`` exclusive; ``tags`` and ``project`` are JSON texts."""
    return _page(call, narrowing, offset, limit)


def _page(call: Call, narrowing: ItemFilter | None, offset: int, limit: int) -> Response:
    if narrowing is None:
        return wrapped("resources", [], 0)
    items = call.services.items
    page = items.page_at(call.actor, narrowing, offset=offset, limit=limit)
    rows = [resource(item, call.customer_id) for item in page.rows]
    if page.next_key is not None:  # counting what lies outside the page would cost more than the page
        return wrapped("resources", rows, offset + len(rows) + 1, exact=False)
    if rows or offset == 0:
        return wrapped("resources", rows, offset + len(rows))
    return wrapped("resources", rows, *items.bounded_count(call.actor, narrowing))


def _status(text: str) -> ItemStatus | None:
    if text in {"", "all", "deleted"}:
        return None
    return ItemStatus(_one_of(text, "status", tuple(ItemStatus)))


def _one_of(word: str, field: str, known: Sequence[str]) -> str:
    if word not in known:
        raise Invalid(f"{field} must be one of {', '.join(known)}, not {word[:80]!r}", field=field)
    return word


def selection(text: str | None, field: str, match: str) -> tuple[tuple[str, ...], str]:
    """``{"items": [...], "filterType": ...}`` as JSON text; also a JSON list, or words with commas between them."""
    if not text:
        return (), match
    if text.lstrip()[:1] not in {"{", "["}:
        return tuple(word.strip() for word in text.split(",") if word.strip()), match
    given = decode(text, field)
    fields = Fields({"items": given} if isinstance(given, list) else json_object(given, field), field)
    return fields.texts("items"), _one_of(fields.text("filterType") or match, f"{field}.filterType", _MATCHES)


@router.get("/resources/channels")
def list_channels(call: Calling, project_name: str | None = None, offset: Offset = 0, limit: Limit = PAGE) -> Response:
    """Channels with what came through them."""
    page = call.services.items.channels(call.actor, offset=offset, limit=limit, project_name=project_name)
    rows = [channel(view, call.customer_id) for view in page.rows]
    return listed(rows, offset + len(rows), page.next_key is None)


@router.get("/resources/not-annotated")
def not_annotated(call: Calling, narrowing: Narrowed, offset: Offset = 0, limit: Limit = PAGE) -> Response:
    """Resources without a label; narrowed as ``/resources`` is."""
    return _page(call, narrowing and replace(narrowing, not_annotated=True), offset, limit)


@router.post("/resources/restore")
def bulk_restore(call: Calling, body: JsonObject) -> Response:
    """``{ids}`` -> which were restored, and which were not and why."""
    outcome = call.services.items.restore(call.actor, body.ids("ids"), origin=ORIGIN)
    skipped = [{"id": item_id, "reason": reason} for item_id, reason in outcome.skipped]
    return json({"restored": list(outcome.restored), "skipped": skipped})


@router.put("/resources/tags")
def bulk_tags(call: Calling, body: JsonObject) -> Response:
    """``{resource_ids, tags}``: these tags instead of those there were."""
    call.services.items.set_tags(call.actor, body.ids("resource_ids"), body.texts("tags"), origin=ORIGIN)
    return done()


@router.post("/resources/bulk-publish")
def bulk_publish(call: Calling, body: JsonObject) -> Response:
    """``{resource_ids}``: out of the inbox; harmless for those that are."""
    call.services.items.publish(call.actor, body.ids("resource_ids"), origin=ORIGIN)
    return done()


@router.delete("/resources")
def bulk_delete(call: Calling, resource_ids: str) -> Response:
    """``resource_ids`` with commas between them; all or none."""
    ids = [parse_id(part.strip(), "resource_ids") for part in resource_ids.split(",") if part.strip()]
    if not ids:
        raise Invalid("resource_ids names no resource", field="resource_ids")
    call.services.items.delete(call.actor, ids, origin=ORIGIN)
    return done()


@router.get("/resources/{rid}")
def get_resource(call: Calling, rid: ResourceId) -> Response:
    """One resource, deleted ones too."""
    return json(resource(call.services.items.get(call.actor, rid), call.customer_id))


@router.patch("/resources/{rid}")
def patch_resource(call: Calling, rid: ResourceId, body: JsonObject) -> Response:
    """``metadata`` (what the user said of it), ``filename``, ``modality``, ``channel``, ``tags``."""
    items = call.services.items
    if changes := _changes(body):
        items.patch(call.actor, rid, changes, origin=ORIGIN)
    if body.has("tags"):
        items.set_tags(call.actor, [rid], body.texts("tags"), origin=ORIGIN)
    return json(resource(items.get(call.actor, rid), call.customer_id))


_PATCHED = {"metadata": "user_metadata", "filename": "name", "modality": "modality", "channel": "channel"}


def _changes(body: Fields) -> dict[str, Any]:
    texts = {mine: body.text(name) for name, mine in _PATCHED.items() if name != "metadata" and body.has(name)}
    return {**texts, **({"user_metadata": body.object("metadata")} if body.has("metadata") else {})}


@router.delete("/resources/{rid}")
def delete_resource(call: Calling, rid: ResourceId) -> Response:
    """Delete softly: it can be restored."""
    call.services.items.delete(call.actor, [rid], origin=ORIGIN)
    return done()


@router.post("/resources/{rid}/restore")
def restore_resource(call: Calling, rid: ResourceId) -> Response:
    """Undo a deletion; harmless for a resource that is there."""
    call.services.items.get(call.actor, rid)
    call.services.items.restore(call.actor, [rid], origin=ORIGIN)
    return json(resource(call.services.items.get(call.actor, rid), call.customer_id))


@router.post("/resources/{rid}/publish")
def publish_resource(call: Calling, rid: ResourceId) -> Response:
    """Out of the inbox; harmless when it is."""
    call.services.items.publish(call.actor, [rid], origin=ORIGIN)
    return done()


@router.put("/resources/{rid}/tags")
def set_tags(call: Calling, rid: ResourceId, body: JsonObject) -> Response:
    """``{tags}`` instead of those there were."""
    call.services.items.set_tags(call.actor, [rid], body.texts("tags"), origin=ORIGIN)
    return done()


@router.get("/resources/{rid}/file")
def resource_file(call: Calling, rid: ResourceId) -> Response:
    """The bytes exactly as uploaded; a series of n files as one multi-frame DICOM, the same bytes every time."""
    return send(call.services.items.content(call.actor, rid), call.headers)


@router.get("/resources/{rid}/files")
def resource_files(call: Calling, rid: ResourceId) -> Response:
    """The resource's original files in order."""
    return json([item_file(entry) for entry in call.services.items.files(call.actor, rid)])


@router.get("/resources/{rid}/files/{index}")
def resource_file_at(call: Calling, rid: ResourceId, index: int) -> Response:
    """One original file, byte for byte."""
    return send(call.services.items.file_content(call.actor, rid, index), call.headers)


@router.get("/resources/{rid}/frames/{index}")
def resource_frame(call: Calling, rid: ResourceId, index: int) -> Response:
    """One frame as a picture for looking at."""
    return _picture(call.services.items.frame(call.actor, rid, index))


@router.get("/resources/{rid}/slices/{axis}/{index}")
def resource_slice(call: Calling, rid: ResourceId, axis: str, index: int) -> Response:
    """One plane of a volume (``axial``, ``sagittal``, ``coronal``) as a picture for looking at."""
    plane = Axis(_one_of(axis, "axis", tuple(Axis)))
    return _picture(call.services.items.slice(call.actor, rid, plane, index))


@router.get("/resources/{rid}/thumbnail")
def resource_thumbnail(call: Calling, rid: ResourceId) -> Response:
    """A small picture."""
    return _picture(call.services.items.thumbnail(call.actor, rid))


def _picture(image: EncodedImage) -> Response:
    return Response(image.data, media_type=image.mimetype, headers={"Cache-Control": "private, no-cache"})


@router.get("/resources/{rid}/findings")
def resource_findings(call: Calling, rid: ResourceId) -> Response:
    """What is not ordinary about it, with the evidence."""
    return json([finding(entry) for entry in call.services.items.get(call.actor, rid).findings])
