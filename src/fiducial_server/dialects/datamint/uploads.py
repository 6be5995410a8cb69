"""Receiving files: the hot path. Plain Starlette endpoints, one hop into a thread for a small file."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fiducial.errors import Invalid
from fiducial_server.dialects.datamint.auth import key_of
from fiducial_server.dialects.datamint.body import Fields, decode, json_object
from fiducial_server.dialects.datamint.call import ORIGIN, Call, Calling, JsonObject, ResourceId
from fiducial_server.dialects.datamint.errors import answer
from fiducial_server.dialects.datamint.intake import Form, Intake, take_form
from fiducial_server.dialects.datamint.multipart import flag
from fiducial_server.dialects.datamint.small_files import SmallFiles, Waiting
from fiducial_server.dialects.datamint.wire.listing import done, json
from fiducial_server.dialects.datamint.wire.resource import item_file, resource
from fiducial_server.dialects.services import Services
from fiducial_server.model.ids import parse_id
from fiducial_server.services.uploads import UploadFacts
from fiducial_server.storage.base import Spool

router = APIRouter(tags=["uploads"])

KNOWN_LIMIT = 10_000
"""Hashes that may be asked about in one request."""


@dataclass(slots=True)
class Entrance:
    """The key that came with a file. It is looked up in the thread that first needs to know whose it is.

    So a small file costs one hop into a thread, and nothing is written for somebody unknown.
    """

    services: Services
    headers: Headers
    known: Call | None = None

    def call(self) -> Call:
        """Who it is (blocking); Unauthenticated when the key is nobody's."""
        if self.known is None:
            actor = self.services.access.authenticate(key_of(self.headers))
            self.known = Call(self.services, actor, self.headers)
        return self.known

    def begin(self) -> Spool:
        return self.call().services.uploads.begin()


Work = Callable[[Call, Form], Response]


@dataclass(frozen=True, slots=True)
class Receiver:
    """Endpoints that take a file. ``threads`` run everything that blocks, ``small_files`` small ones of ``POST /resources``."""

    services: Services
    threads: Executor
    small_files: SmallFiles

    async def upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        """``POST /resources``: one file, one resource. Every error leaves in this dialect's shape from here."""
        try:
            response = await self.receive(scope, receive, "resource", None)
        except Exception as error:
            response = answer(error)
        await response(scope, receive, send)

    def endpoint(self, part: str, work: Work) -> Callable[[Request], Awaitable[Response]]:
        """A route's endpoint that takes the file in ``part``, then does ``work`` in a thread."""

        async def take(request: Request) -> Response:
            return await self.receive(request.scope, request.receive, part, work)

        return take

    async def receive(self, scope: Scope, receive: Receive, part: str, work: Work | None) -> Response:
        """Take the form, then run ``work`` in a thread (None: receive the file as a resource).

        Whatever goes wrong, nothing of the file is left.
        """
        entrance = Entrance(self.services, Headers(scope=scope))
        key_of(entrance.headers)  # without any key there is no need to read on
        intake = Intake(entrance.begin, self.services.max_upload_bytes)
        loop = asyncio.get_running_loop()
        try:
            form = await take_form(scope, receive, part, intake, self.threads)
        except BaseException:
            await loop.run_in_executor(self.threads, _refused, entrance, intake)
            raise
        if work is None and intake.is_small:
            waiting = Waiting(entrance.call, form, facts_of_form, _made, loop, loop.create_future())
            return await self.small_files.submit(waiting)
        return await loop.run_in_executor(self.threads, _finished, entrance, intake, work or upload, form)


def _refused(entrance: Entrance, intake: Intake) -> None:
    """A stranger is told that they are one, not what was wrong with their form."""
    intake.discard()
    entrance.call()


def _finished(entrance: Entrance, intake: Intake, work: Work, form: Form) -> Response:
    try:
        return work(entrance.call(), form)
    finally:
        intake.discard()  # harmless when the file was kept


def upload(call: Call, form: Form) -> Response:
    """``POST /resources``: one file, one resource; beside it ``mimetype, channel, tags, metadata, bypass_inbox`` ..."""
    item = call.services.uploads.receive(call.actor, form.intake.flush(), facts_of_form(form), origin=ORIGIN)
    return _made(item.id)


def _made(item_id: str) -> Response:
    return json({"id": item_id})


def add_file(call: Call, form: Form) -> Response:
    """``POST /resources/groups/{id}/files``: one file of an open group, in any order."""
    item_id = parse_id(form.path["rid"], "resource id")
    entry = call.services.uploads.add_file(call.actor, item_id, form.intake.flush(), form.head.filename, origin=ORIGIN)
    return json({"id": item_id, **item_file(entry)})


def facts_of_form(form: Form) -> UploadFacts:
    """What the fields beside the file say of it (datamint-wire, 4.1)."""
    fields = form.fields
    return UploadFacts(
        filename=form.head.filename,
        mimetype=fields.get("mimetype") or form.head.mimetype,
        channel=fields.get("channel") or None,
        modality=fields.get("modality") or None,
        publish=flag(fields, "bypass_inbox"),
        tags=_tags(fields.get("tags", "").split(",")),
        user_metadata=_metadata(fields.get("metadata")),
        source_filepath=fields.get("source_filepath") or None,
        mechanism=fields.get("source") or "api",
    )


def _tags(words: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip() for word in words if word.strip()))


def _metadata(text: str | None) -> Mapping[str, Any]:
    return json_object(decode(text, "metadata"), "metadata") if text else {}


@router.post("/resources/known")
def known(call: Calling, body: JsonObject) -> Response:
    """``{sha256: [...]}`` -> ``{known: {sha256: [ids]}}``: what is there already need not be sent again."""
    hashes = body.texts("sha256")
    if len(hashes) > KNOWN_LIMIT:
        raise Invalid(f"sha256 has {len(hashes)} hashes; ask for at most {KNOWN_LIMIT} at a time", field="sha256")
    if wrong := next((h for h in hashes if len(h) != 64 or not set(h) <= set("0123456789abcdef")), None):
        raise Invalid(f"sha256 must be 64 lower-case hexadecimal digits, not {wrong[:80]!r}", field="sha256")
    return json({"known": call.services.uploads.known(call.actor, hashes)})


@router.post("/resources/groups")
def open_group(call: Calling, body: JsonObject) -> Response:
    """Open a resource of several files. The same ``token`` from the same user gives the same open group again."""
    item = call.services.uploads.open_group(call.actor, facts_of_object(body), token=body.text("token"), origin=ORIGIN)
    return json({"id": item.id, "state": item.state.value})


def facts_of_object(body: Fields) -> UploadFacts:
    """The same facts from JSON: ``filename`` (or ``name``), ``channel``, ``tags`` as a list, ``publish`` ..."""
    publish = body.flag("publish")
    return UploadFacts(
        filename=body.text("filename") or body.required_text("name"),
        mimetype=body.text("mimetype"),
        channel=body.text("channel") or None,
        modality=body.text("modality") or None,
        publish=bool(body.flag("bypass_inbox") if publish is None else publish),
        tags=_tags(list(body.texts("tags"))),
        user_metadata=body.object("metadata"),
        source_filepath=body.text("source_filepath"),
        mechanism=body.text("source") or "api",
    )


@router.get("/resources/groups/{rid}/files")
def group_files(call: Calling, rid: ResourceId) -> Response:
    """The files that an open group has so far."""
    return json([item_file(entry) for entry in call.services.uploads.group_files(call.actor, rid)])


@router.post("/resources/groups/{rid}/close")
def close_group(call: Calling, rid: ResourceId) -> Response:
    """No more files: the server orders them. Closing twice is harmless."""
    return json(resource(call.services.uploads.close_group(call.actor, rid, origin=ORIGIN), call.customer_id))


@router.delete("/resources/groups/{rid}")
def abandon_group(call: Calling, rid: ResourceId) -> Response:
    """Give an open group up; nothing of it stays."""
    call.services.uploads.abandon_group(call.actor, rid, origin=ORIGIN)
    return done()
