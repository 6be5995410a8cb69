"""What Prometheus may ask: requests by method and status, how long they took, how many are under way."""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Metrics:
    """Counts every request that passes to ``app``; called as an application itself, it tells the figures."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter("fiducial_requests", "Requests answered", ("method", "status"), registry=self.registry)
        self._seconds = Histogram("fiducial_request_seconds", "Time to answer", ("method",), registry=self.registry)
        self._active = Gauge("fiducial_requests_active", "Requests under way", registry=self.registry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        text = generate_latest(self.registry)
        await Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})(scope, receive, send)

    async def count(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on to ``app``, and count its answer."""
        method, status, start = scope["method"], 500, time.perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._active.inc()
        try:
            await app(scope, receive, noting)
        finally:
            self._active.dec()
            self._requests.labels(method, status).inc()
            self._seconds.labels(method).observe(time.perf_counter() - start)
