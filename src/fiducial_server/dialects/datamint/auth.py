"""Who is asking: the header ``apikey`` or ``Authorization: Bearer``, either alone (asynchronous calls of the published
client send only the first, its model calls only the second). ``Basic`` with a key as the password lets a browser in.
"""

from __future__ import annotations

import base64
import binascii
from asyncio import get_running_loop
from collections.abc import Callable
from concurrent.futures import Executor

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from fiducial.errors import FiducialError, Unauthenticated
from fiducial_server.dialects.datamint.errors import answer
from fiducial_server.model.actor import Actor


def key_of(headers: Headers) -> str:
    """The key that the headers carry; Unauthenticated when there is none."""
    if key := headers.get("apikey", "").strip():
        return key
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and rest.strip():
        return rest.strip()
    if scheme.lower() == "basic":
        return _basic(rest)
    raise Unauthenticated("an API key is needed, in the header 'apikey' or 'Authorization: Bearer'")


def _basic(encoded: str) -> str:
    try:
        return base64.b64decode(encoded.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        raise Unauthenticated("the Basic credentials are not readable") from None


class RequireKey:
    """Nothing behind this answers without a key. The actor is put into the request's state.

    ``without_key`` are the exceptions, as (method, path); their requests have no actor, whatever key they bring.
    ``refuse`` renders a refusal in the shape of what is behind.
    """

    def __init__(
        self,
        app: ASGIApp,
        authenticate: Callable[[str], Actor],
        threads: Executor,
        without_key: frozenset[tuple[str, str]] = frozenset(),
        refuse: Callable[[FiducialError], Response] = answer,
    ) -> None:
        self._app, self._authenticate, self._threads = app, authenticate, threads
        self._without_key, self._refuse = without_key, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["method"], scope["path"]) in self._without_key:
            await self._app(scope, receive, send)
            return
        try:
            key = key_of(Headers(scope=scope))
            actor = await get_running_loop().run_in_executor(self._threads, self._authenticate, key)
        except FiducialError as error:
            response = self._refuse(error)
            if scope["path"].startswith("/docs"):
                response.headers["WWW-Authenticate"] = 'Basic realm="fiducial: any name, an API key as password"'
            await response(scope, receive, send)
            return
        scope.setdefault("state", {})["actor"] = actor
        await self._app(scope, receive, send)
