"""The web application of all dialects, and the process that serves it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import msgspec
import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

import fiducial
from fiducial.errors import FiducialError, Unavailable
from fiducial_server.app.metrics import Metrics
from fiducial_server.app.models_host import ModelsHost
from fiducial_server.dialects.datamint import app as datamint
from fiducial_server.dialects.datamint.auth import RequireKey
from fiducial_server.dialects.models.upstream import Upstream
from fiducial_server.dialects.services import Services

THREADS = 16
"""Threads for what blocks in uploads. More of them only wait for each other on one disk and one database writer."""
SHUTDOWN_S = 20


@dataclass(frozen=True, slots=True)
class ModelsAt:
    """The port of the models host, and what answers there."""

    port: int
    upstream: Upstream


class Root:
    """Which application answers a port and a path. ``/healthz`` is the only one that asks for no key."""

    def __init__(self, services: Services, threads: ThreadPoolExecutor, models: ModelsAt | None = None) -> None:
        self._services, self._threads, self._metrics = services, threads, Metrics()
        self._models_port = models.port if models else None
        self._models = ModelsHost(services, models.upstream, threads) if models else None
        self._datamint = datamint.create_app(services, threads)
        self._exact: Mapping[str, ASGIApp] = {
            "/healthz": self._health,
            "/metrics": RequireKey(self._metrics, services.access.authenticate, threads),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._metrics.count(self._app_for(scope), scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    def _app_for(self, scope: Scope) -> ASGIApp:
        if self._models is not None and (scope.get("server") or ("", None))[1] == self._models_port:
            return self._models
        return self._exact.get(scope["path"], self._datamint)

    async def _health(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, told = 200, {"status": "ok", "version": fiducial.__version__, "models_port": self._models_port}
        try:
            await self._in_thread(self._services.ready)
        except FiducialError as error:
            status, told = 503, {"status": "unavailable", "message": error.message}
        await Response(msgspec.json.encode(told), status, media_type="application/json")(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        for work in (self._services.start, self._close):
            message = await receive()
            try:
                await asyncio.get_running_loop().run_in_executor(None, work)
            except FiducialError as error:
                await send({"type": f"{message['type']}.failed", "message": error.message})
                return
            if work == self._close and self._models is not None:
                await self._models.close()
            await send({"type": f"{message['type']}.complete"})

    def _close(self) -> None:
        self._datamint.close()
        self._threads.shutdown(wait=True)
        self._services.close()

    async def _in_thread(self, work: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._threads, work)


def create_app(services: Services, models: ModelsAt | None = None) -> ASGIApp:
    """The whole application; it starts and closes ``services`` with its own lifespan."""
    return Root(services, ThreadPoolExecutor(THREADS, thread_name_prefix="fiducial"), models)


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; Unavailable says which address is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise Unavailable(f"cannot listen at {host}:{port}: {error.strerror}", port=port) from error
    return bound


def claim(bound: socket.socket) -> None:
    """Take a bound address now; Unavailable when another socket of this machine was quicker."""
    address = bound.getsockname()
    try:
        bound.listen()
    except OSError as error:
        bound.close()
        raise Unavailable(f"cannot listen at {address[0]}:{address[1]}: {error.strerror}", port=address[1]) from error


def make_server(services: Services, models: ModelsAt | None = None) -> uvicorn.Server:
    """A server that is not yet running; ``server.run(sockets=[...])`` serves until it is told to stop.

    With ``models`` one of the sockets is at that port.
    """
    return uvicorn.Server(
        uvicorn.Config(
            partial(create_app, services, models),
            factory=True,
            loop="uvloop",
            http="httptools",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=SHUTDOWN_S,
        )
    )
