"""MLflow's artifact calls, answered from our storage: ``/api/2.0/mlflow-artifacts/artifacts``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import unquote

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from fiducial_server.dialects.models.errors import NoEndpoint
from fiducial_server.model.actor import Actor
from fiducial_server.services.models import Models

BATCH = 1 << 20
InThread = Callable[[Callable[[], Any]], Any]


class ArtifactCalls:
    """Files stream both ways: memory does not grow with them."""

    def __init__(self, models: Models, in_thread: InThread) -> None:
        self._models, self._in_thread = models, in_thread

    async def answer(self, actor: Actor, request: Request, path: str) -> Response:
        """``path`` is below ``artifacts``, quoted; empty for the list of a folder."""
        name = unquote(path)
        if request.method == "GET" and not name:
            return await self._list(actor, request.query_params.get("path") or "")
        if request.method == "GET":
            size, pieces = await self._in_thread(partial(self._models.artifact, actor, name))
            return StreamingResponse(pieces, headers=_about(name, size), media_type="application/octet-stream")
        if request.method == "PUT" and name:
            return await self._put(actor, request, name)
        if request.method == "DELETE" and name:
            await self._in_thread(partial(self._models.delete_artifact, actor, name))
            return _json({})
        raise NoEndpoint(f"{request.method} of an artifact: this server does not offer that call of MLflow")

    async def _list(self, actor: Actor, path: str) -> Response:
        found = await self._in_thread(partial(self._models.artifacts_in, actor, path.strip("/")))
        files = [
            {"path": entry.name, "is_dir": entry.size is None}
            | ({} if entry.size is None else {"file_size": str(entry.size)})
            for entry in found
        ]
        return _json({"files": files})

    async def _put(self, actor: Actor, request: Request, name: str) -> Response:
        with await self._in_thread(partial(self._models.spool, actor, name)) as spool:
            waiting, size = [], 0
            async for piece in request.stream():
                waiting.append(piece)
                size += len(piece)
                if size >= BATCH:
                    await self._in_thread(partial(spool.write, b"".join(waiting)))
                    waiting, size = [], 0
            if size:
                await self._in_thread(partial(spool.write, b"".join(waiting)))
            await self._in_thread(partial(self._models.put_artifact, actor, name, spool))
        return _json({})


def _about(name: str, size: int) -> dict[str, str]:
    # never shown by a browser as a page of ours: somebody else made these bytes
    return {"content-length": str(size), "content-disposition": "attachment", "x-content-type-options": "nosniff"}


def _json(body: Any) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json")
