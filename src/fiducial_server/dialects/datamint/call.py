"""What every handler starts from: who asks, the services, and the request's headers, ids and pages in checked form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import AfterValidator
from starlette.datastructures import Headers
from starlette.requests import Request

from fiducial.errors import Invalid
from fiducial_server.dialects.datamint.body import Fields, json_array, json_object, read_json
from fiducial_server.dialects.services import Services
from fiducial_server.model.actor import Actor
from fiducial_server.model.ids import is_id, parse_id

ORIGIN = "datamint"
"""What the events of this dialect's writes name as their origin."""

PAGE = 5000
"""Rows of a page. Published clients stop at the first page that has fewer, so it must be exactly this."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a known user."""

    services: Services
    actor: Actor
    headers: Headers

    @property
    def customer_id(self) -> str:
        """The tenant, as this dialect calls the organization."""
        return self.actor.organization_id


def call_of(request: Request) -> Call:
    """The call that a request is."""
    return Call(request.app.state.services, request.state.actor, request.headers)


async def _call(request: Request) -> Call:  # async: no thread is needed to look at a request
    return call_of(request)


async def _object(request: Request) -> Fields:
    return Fields(json_object(await read_json(request)))


async def _array(request: Request) -> list[Any]:
    return json_array(await read_json(request))


def id_in_path(what: str) -> AfterValidator:
    """Checks an id that an address names. No thing has an id of another form, and old clients want to read just that."""

    def check(text: str) -> str:
        if not is_id(text):
            raise Invalid(f"{what} {text[:80]!r} not found: it must be a UUID", field=what)
        return parse_id(text, what)

    return AfterValidator(check)


Calling = Annotated[Call, Depends(_call)]
JsonObject = Annotated[Fields, Depends(_object)]
JsonArray = Annotated[list[Any], Depends(_array)]
ProjectId = Annotated[str, id_in_path("project id")]
ResourceId = Annotated[str, id_in_path("resource id")]
AnnotationId = Annotated[str, id_in_path("annotation id")]
WorklistId = Annotated[str, id_in_path("annotation set id")]
DatasetId = Annotated[str, id_in_path("dataset id")]
JobId = Annotated[str, id_in_path("job id")]
Offset = Annotated[int, Query(ge=0, le=2**53)]
Limit = Annotated[int, Query(ge=1, le=PAGE)]
