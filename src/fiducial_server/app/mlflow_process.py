"""MLflow in a process of its own: started by the first call, reached through a socket that only this user can open."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import logging
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fiducial.errors import Unavailable, Unsupported
from fiducial_server.app.mlflow_server import database_for
from fiducial_server.app.settings import Settings
from fiducial_server.dialects.models.upstream import Reply

if TYPE_CHECKING:
    import httpx

log = logging.getLogger(__name__)

ANSWER_S = 60.0
"""How long a call may take, the start of the process included."""
STOP_S, ENDING_S = 5.0, 1.0
WAITING = 512
"""Connections that may wait while the process starts."""
NOT_INSTALLED = "models are not installed on this server: pip install 'fiducial[models]'"


class MlflowProcess:
    """An :class:`~fiducial_server.dialects.models.upstream.Upstream`. One that died is started again by the next call."""

    def __init__(self, settings: Settings, program: str = "fiducial_server.app.mlflow_server") -> None:
        self._settings, self._program = settings, program
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None
        self._client: httpx.AsyncClient | None = None

    @property
    def pid(self) -> int | None:
        """Of the process, while it runs."""
        return None if self._process is None or self._process.poll() is not None else self._process.pid

    async def call(self, method: str, path: str, fields: Mapping[str, Any]) -> Reply:
        import httpx

        how: dict[str, Any] = {"params": dict(fields)} if method == "GET" else {"json": dict(fields)}
        for last in (False, True):
            client = await self._ready()
            try:
                response = await client.request(method, f"/api/2.0/mlflow/{path}", **how)
            except httpx.TimeoutException as error:
                raise Unavailable("the model registry did not answer in time") from error
            except httpx.TransportError as error:
                harmless = method == "GET" or isinstance(error, httpx.ConnectError)  # it changed nothing
                if last or not harmless or not await asyncio.to_thread(self._has_ended):
                    raise Unavailable("the model registry ended; models.log in the data folder says why") from error
            else:
                return Reply(response.status_code, response.content)
        raise AssertionError("the last attempt returns or raises")

    def _has_ended(self) -> bool:
        """Whether the process is gone, or goes within a moment."""
        process = self._process
        if process is None:
            return True
        try:
            process.wait(ENDING_S)
        except subprocess.TimeoutExpired:
            return False
        return True

    async def _ready(self) -> httpx.AsyncClient:
        with self._lock:
            if self._client is None or self.pid is None:
                stale, self._client = self._client, self._start()
            else:
                stale = None
        if stale is not None:
            await stale.aclose()
        return self._client

    def _start(self) -> httpx.AsyncClient:
        import httpx

        if importlib.util.find_spec("mlflow") is None:
            raise Unsupported(NOT_INSTALLED)
        self._forget()
        # temporary, as the path of a socket may have about 100 characters; mkdtemp lets only this user in
        self._folder = Path(tempfile.mkdtemp(prefix="fiducial-models-"))
        address = str(self._folder / "socket")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
            listening.bind(address)
            listening.listen(WAITING)  # from now on calls wait instead of being refused
            self._process = self._spawn(listening.fileno())
        log.info("the model registry starts as process %d", self._process.pid)
        return httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(uds=address, limits=httpx.Limits(max_connections=32)),
            base_url="http://localhost",
            timeout=ANSWER_S,
        )

    def _spawn(self, handle: int) -> subprocess.Popen[bytes]:
        data_dir = self._settings.data_dir.resolve()
        told = {"database": database_for(self._settings.database, str(data_dir))}
        with (data_dir / "models.log").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", self._program, str(handle)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                pass_fds=(handle,),
                start_new_session=True,  # Ctrl-C is for the server, which ends it when nobody needs it any more
            )
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(told).encode() + b"\n")
            process.stdin.flush()
        return process

    async def close(self) -> None:
        """End the process and let go of the connections to it."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()
        self.stop()

    def stop(self) -> None:
        """End the process, at once if it does not end by itself."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._forget()

    def _forget(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._process = self._folder = None
