"""The dialect as one ASGI application. A key was looked at before anything gets here."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from fiducial.errors import Invalid, TooLarge
from fiducial_server.dialects.models.artifacts import ArtifactCalls
from fiducial_server.dialects.models.errors import NoEndpoint, answer
from fiducial_server.dialects.models.ownership import Ownership
from fiducial_server.dialects.models.proxy import Proxy, in_threads
from fiducial_server.dialects.models.registry import Registry
from fiducial_server.dialects.models.upstream import Upstream
from fiducial_server.model.actor import Actor
from fiducial_server.services.models import Models

API = "/api/2.0/mlflow/"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
BODY_BYTES = 32 << 20
"""The most that one call may hold; MLflow's clients send at most 1 MB at a time."""


class ModelsApp:
    """Tracking, registry and artifacts."""

    def __init__(self, models: Models, upstream: Upstream, threads: Executor) -> None:
        in_thread = in_threads(threads)
        self._proxy = Proxy(models, upstream, Ownership(upstream), in_thread)
        self._artifacts = ArtifactCalls(models, in_thread)
        self.registry = Registry(models, upstream, in_thread)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        except Exception as error:
            response = answer(error)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path, actor = request.scope["path"], request.state.actor
        if path == "/health":
            return PlainTextResponse("OK")
        if path == ARTIFACTS or path.startswith(f"{ARTIFACTS}/"):
            raw = request.scope.get("raw_path", path.encode()).decode().partition("?")[0]
            return await self._artifacts.answer(actor, request, raw[len(ARTIFACTS) + 1 :])
        if path.startswith(API):
            return await self._call(actor, request, path[len(API) :])
        raise NoEndpoint(f"{request.method} {path[:200]}: there is no such address on the models host")

    async def _call(self, actor: Actor, request: Request, path: str) -> Response:
        given = _query(request) if request.method == "GET" else await _body(request)
        reply = await self._proxy.answer(actor, request.method, path, given)
        return Response(reply.body, reply.status, media_type="application/json")


def _query(request: Request) -> dict[str, Any]:
    """A parameter that is given several times is a list."""
    params = request.query_params
    found = {name: params.getlist(name) for name in params}
    return {name: values if len(values) > 1 else values[0] for name, values in found.items()}


async def _body(request: Request) -> dict[str, Any]:
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > BODY_BYTES:
            raise TooLarge(f"one call may have at most {BODY_BYTES} bytes")
        pieces.append(piece)
    try:
        given = msgspec.json.decode(b"".join(pieces) or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"the body is not JSON: {error}") from None
    if not isinstance(given, dict):
        raise Invalid("the body must be a JSON object")
    return given
