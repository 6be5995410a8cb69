"""The second host: MLflow's calls, and beside them the Datamint dialect's own about models (``/datamint/api/v1``)."""

from __future__ import annotations

from concurrent.futures import Executor

from starlette.types import ASGIApp, Receive, Scope, Send

from fiducial_server.dialects.datamint import serving
from fiducial_server.dialects.datamint.auth import RequireKey
from fiducial_server.dialects.models import errors
from fiducial_server.dialects.models.app import ModelsApp
from fiducial_server.dialects.models.upstream import Upstream
from fiducial_server.dialects.services import Services


class ModelsHost:
    """Both ask for the same keys as the main host; each refuses in its own shape."""

    def __init__(self, services: Services, upstream: Upstream, threads: Executor) -> None:
        authenticate = services.access.authenticate
        models = ModelsApp(services.models, upstream, threads)
        self._upstream = upstream
        self._mlflow: ASGIApp = RequireKey(models, authenticate, threads, refuse=errors.answer)
        self._datamint: ASGIApp = RequireKey(serving.create_app(services, models.registry), authenticate, threads)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ours = scope["path"].startswith(f"{serving.BASE}/")
        await (self._datamint if ours else self._mlflow)(scope, receive, send)

    async def close(self) -> None:
        """End the MLflow process, if it was ever needed."""
        await self._upstream.close()
