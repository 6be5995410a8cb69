"""Datasets: every project has one; what is added to it is added to the project."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fastapi import APIRouter
from starlette.responses import Response

from fiducial.errors import Invalid
from fiducial_server.dialects.datamint.call import ORIGIN, PAGE, Call, Calling, DatasetId, JsonObject, Limit, Offset
from fiducial_server.dialects.datamint.projects import array_of_resources
from fiducial_server.dialects.datamint.wire.dataset import dataset
from fiducial_server.dialects.datamint.wire.listing import done, json, listed
from fiducial_server.model.item import Item
from fiducial_server.model.page import Key

router = APIRouter(tags=["datasets"])


@router.get("/datasets")
def list_datasets(call: Calling, offset: Offset = 0, limit: Limit = PAGE) -> Response:
    """Datasets with the ids of what is in them."""
    projects = call.services.projects
    page = projects.datasets_at(call.actor, offset=offset, limit=limit)
    rows = [dataset(d, projects.dataset_item_ids(call.actor, d.id), call.customer_id) for d in page.rows]
    return listed(rows, offset + len(rows), page.next_key is None)


@router.get("/datasets/{did}")
def get_dataset(call: Calling, did: DatasetId) -> Response:
    """One dataset."""
    projects = call.services.projects
    value = projects.dataset(call.actor, did)
    return json(dataset(value, projects.dataset_item_ids(call.actor, did), call.customer_id))


@router.delete("/datasets/{did}")
def delete_dataset(call: Calling, did: DatasetId) -> Response:
    """Delete softly; 409 for a dataset that a project shows. The resources stay."""
    call.services.projects.delete_dataset(call.actor, did, origin=ORIGIN)
    return done()


@router.get("/datasets/{did}/resources")
def dataset_resources(call: Calling, did: DatasetId) -> Response:
    """All of them in one bare array, sent page by page."""
    call.services.projects.dataset(call.actor, did)
    return array_of_resources(_pages(call, did), call.customer_id)


def _pages(call: Call, did: str) -> Iterator[Sequence[Item]]:
    after: Key | None = None
    while True:
        page = call.services.projects.dataset_items(call.actor, did, after=after)
        yield page.rows
        if (after := page.next_key) is None:
            return


@router.post("/datasets/{did}/resources")
def change_dataset(call: Calling, did: DatasetId, body: JsonObject) -> Response:
    """``{resource_ids_to_add, resource_ids_to_delete}``. What is added is published, as old clients mean it."""
    if body.flag("all_files_selected"):
        raise Invalid("all_files_selected is not done here: name the resources", field="all_files_selected")
    call.services.projects.change_dataset_items(
        call.actor,
        did,
        add=body.ids("resource_ids_to_add"),
        remove=body.ids("resource_ids_to_delete"),
        origin=ORIGIN,
    )
    if added := body.ids("resource_ids_to_add"):
        call.services.items.publish(call.actor, added, origin=ORIGIN)
    return done()
