"""One server, one key, one pool of connections; requests that are tried again only where that is safe."""

from __future__ import annotations

import os
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx

from fiducial.exceptions import NetworkError, error_from

if TYPE_CHECKING:
    from fiducial.api.base_api import ApiConfig

CONNECTIONS = 32
_TRY_AGAIN = frozenset({502, 503, 504})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_FIRST_PAUSE_S = 0.1
_CONNECT_S = 10.0


class Connection:
    """Sends requests and turns refusals into :mod:`fiducial.exceptions`. Threads may share it; so may forked processes."""

    def __init__(
        self, config: ApiConfig, client: httpx.Client | None = None, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self.config = config
        self._client = client
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._pause = pause

    @property
    def client(self) -> httpx.Client:
        """The pool of this process: sockets made before a fork belong to the parent and are not used here."""
        with self._lock:
            if self._client is None or self._pid != os.getpid():
                self._client, self._pid = self._open(), os.getpid()
            return self._client

    def close(self) -> None:
        with self._lock:
            if self._client is not None and self._pid == os.getpid():
                self._client.close()
            self._client = None

    def _open(self) -> httpx.Client:
        from fiducial import __version__

        key = self.config.api_key
        headers = {"User-Agent": f"fiducial/{__version__}"}
        if key is not None:
            headers |= {"apikey": key, "Authorization": f"Bearer {key}"}
        verify = self.config.verify_ssl
        return httpx.Client(
            base_url=self.config.server_url,
            headers=headers,
            timeout=httpx.Timeout(self.config.timeout, connect=min(self.config.timeout, _CONNECT_S), pool=None),
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            verify=ssl.create_default_context(cafile=verify) if isinstance(verify, str) else verify,
        )

    def request(self, method: str, path: str, *, what: str | None = None, **arguments: Any) -> httpx.Response:
        """The answer, read whole; refusals are raised. ``what`` names the thing in front of the error's message."""
        response = self._with_retries(method, lambda: self.client.request(method, path, **arguments))
        if not response.is_success:
            raise error_from(response, what)
        return response

    @contextmanager
    def stream(
        self, path: str, *, headers: dict[str, str] | None = None, params: dict[str, Any] | None = None
    ) -> Iterator[httpx.Response]:
        """A GET whose body is read piece by piece by the caller."""

        def send() -> httpx.Response:
            request = self.client.build_request("GET", path, headers=headers, params=params)
            return self.client.send(request, stream=True)

        response = self._with_retries("GET", send)
        try:
            if not response.is_success:
                response.read()
                raise error_from(response)
            with self._network_errors():
                yield response
        finally:
            response.close()

    def _with_retries(self, method: str, send: Callable[[], httpx.Response]) -> httpx.Response:
        """A request that may have reached the server is repeated only when repeating it changes nothing."""
        safe = method.upper() in _SAFE_METHODS
        for attempt in range(self.config.max_retries + 1):
            last = attempt == self.config.max_retries
            try:
                with self._network_errors():
                    response = send()
            except NetworkError as error:
                if last or not (safe or isinstance(error.__cause__, httpx.ConnectError)):
                    raise
            else:
                if last or not safe or response.status_code not in _TRY_AGAIN:
                    return response
                response.close()
            self._pause(_FIRST_PAUSE_S * 2**attempt)
        raise AssertionError("the last attempt returns or raises")

    @contextmanager
    def _network_errors(self) -> Iterator[None]:
        try:
            yield
        except NetworkError:
            raise
        except httpx.TransportError as error:
            told = str(error) or type(error).__name__
            request = getattr(error, "_request", None)
            raise NetworkError(f"cannot reach {self.config.server_url}: {told}", request=request) from error
