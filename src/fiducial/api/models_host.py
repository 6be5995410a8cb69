"""The second host of a server, for models: where it is, and calls that go there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx

from fiducial.api.base_api import BaseApi
from fiducial.api.connection import Connection
from fiducial.api.event_stream import events
from fiducial.exceptions import ApiError, UnsupportedError

DEFAULT_PORT = 5000
BASE = "datamint/api/v1"


class OnModelsHost(BaseApi):
    """A group of calls whose paths are on the models host. The same key is used there."""

    @cached_property
    def _address(self) -> str:
        return models_url(self._connection, self.config.server_url)

    def _request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        return self._connection.request(method, f"{self._address}{path}", **arguments)

    def _events(
        self, path: str, params: dict[str, Any] | None = None, *, within_s: float | None = None
    ) -> Iterator[dict[str, Any] | None]:
        return events(self._connection, f"{self._address}{path}", params, within_s=within_s)


def models_url(connection: Connection, server_url: str) -> str:
    """Where the models host is: at the port that the server tells, else where published clients look for it.

    UnsupportedError when the server says that it has none.
    """
    parts = urlsplit(server_url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    try:
        told = connection.request("GET", "/healthz").json()
    except (ApiError, ValueError):
        told = {}
    if not isinstance(told, dict) or "models_port" not in told:
        return derived_url(host)
    if told["models_port"] is None:
        raise UnsupportedError(f"{server_url} has no models host: it was started without one, or its port was taken")
    return f"{parts.scheme}://{host}:{told['models_port']}"


def derived_url(host: str) -> str:
    """The rule of published clients: ``mlflow.`` for ``api.`` in front of a name, else port 5000 without TLS."""
    if host.startswith("api."):
        return f"https://mlflow.{host.removeprefix('api.')}:443"
    return f"http://{host}:{DEFAULT_PORT}"
