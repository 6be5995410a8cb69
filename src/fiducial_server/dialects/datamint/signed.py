"""Links without a key: made for who has one, and opened by whoever has the link, until it is over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from fiducial_server.dialects.datamint import errors
from fiducial_server.dialects.datamint.annotations import show
from fiducial_server.dialects.datamint.call import Call, Calling, ResourceId
from fiducial_server.dialects.datamint.ranges import begun, disposition, send
from fiducial_server.dialects.datamint.wire.listing import json
from fiducial_server.dialects.datamint.wire.moment import moment
from fiducial_server.dialects.services import Services
from fiducial_server.services.exports.image_format import format_of
from fiducial_server.services.links import Link

router = APIRouter(tags=["links"])
open_router = APIRouter(tags=["links"])
"""What needs no key: the token is one."""
OPEN_PATHS = ("/signed/", "/datasets/download/")
"""How their paths begin, and no others."""
ORIGIN_OF_LINKS = "link"
"""The door, in the audit trail, of what is taken with a link and no key."""


@router.get("/resources/{rid}/file-url")
def file_url(call: Calling, request: Request, rid: ResourceId) -> Response:
    """``{url, expires_at}``: the resource's file for whoever has the URL, for an hour."""
    return json(_told(call.services.links.file(call.actor, rid, None, base_url=str(request.base_url))))


@router.get("/resources/{rid}/files/{index}/url")
def file_at_url(call: Calling, request: Request, rid: ResourceId, index: int) -> Response:
    """``{url, expires_at}`` of one original file."""
    return json(_told(call.services.links.file(call.actor, rid, index, base_url=str(request.base_url))))


def _told(link: Link) -> dict[str, Any]:
    return {"url": link.url, "expires_at": moment(link.expires_at)}


@open_router.get("/signed/{token}")
def signed_file(request: Request, token: str) -> Response:
    """The file that a signed URL is for; no key is needed."""
    services: Services = request.app.state.services
    return send(services.links.open_file(token), request.headers)


@open_router.get("/datasets/download/{token}")
def dataset_archive(request: Request, token: str) -> Response:
    """The archive that a token from ``/datasets/{did}/download/{kind}`` is for; no key is needed."""
    services: Services = request.app.state.services
    actor, dataset_id, form = services.links.open_dataset(token)
    name = services.projects.dataset(actor, dataset_id).name
    call = Call(services, actor, Headers())
    pieces = services.exports.dataset(
        actor, dataset_id, format_of(form), lambda rows: show(call, rows), origin=ORIGIN_OF_LINKS
    )
    return archive(pieces, f"{name}-{form}.zip")


def archive(pieces: Iterator[bytes], filename: str) -> Response:
    """A ZIP that is being made. What is wrong at its beginning is an error; what goes wrong later cuts it off."""
    headers = {"Content-Disposition": disposition(filename), "Cache-Control": "private, no-store"}
    return StreamingResponse(begun(pieces), media_type="application/zip", headers=headers)


router.include_router(open_router)


def create_open_routes(services: Services) -> FastAPI:
    """The application of the routes that need no key, and of nothing else."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.services = services
    errors.install(app)
    app.include_router(open_router)
    return app
