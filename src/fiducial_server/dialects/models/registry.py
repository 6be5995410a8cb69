"""What else needs to know of registered models: their names per project."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from fiducial.errors import Unavailable
from fiducial_server.dialects.models.artifacts import InThread
from fiducial_server.dialects.models.filters import organization_wide, scoped
from fiducial_server.dialects.models.upstream import Upstream
from fiducial_server.model.actor import Actor
from fiducial_server.model.model_space import ModelSpace, bare, project_of
from fiducial_server.services.models import Models


class Registry:
    """Reads the registry for other calls of ours."""

    def __init__(self, models: Models, upstream: Upstream, in_thread: InThread) -> None:
        self._models, self._upstream, self._in_thread = models, upstream, in_thread

    async def names_in(self, actor: Actor, project_id: str) -> list[str]:
        """Names of the models of a project; NotFound for a project that is not there."""
        space: ModelSpace = await self._in_thread(partial(self._models.space, actor, project_id))
        return [bare(name) async for name in self._search(space, scoped(None, space))]

    async def projects_with(self, actor: Actor, model_name: str) -> list[str]:
        """Ids of the projects that have a model of that name."""
        space: ModelSpace = await self._in_thread(partial(self._models.space, actor, None))
        found = [name async for name in self._search(space, organization_wide(None, space)) if bare(name) == model_name]
        return [project_id for name in found if (project_id := project_of(name)) is not None]

    async def _search(self, space: ModelSpace, condition: str) -> AsyncIterator[str]:
        token: str | None = None
        while True:
            fields: dict[str, Any] = {"filter": condition, "max_results": 1000}
            reply = await self._upstream.call("GET", "registered-models/search", fields | _token(token))
            if not reply.ok:
                raise Unavailable(f"the model registry answered {reply.status}")
            told = reply.json()
            for row in told.get("registered_models", ()):
                if space.owns(row["name"]):
                    yield row["name"]
            token = told.get("next_page_token")
            if not token:
                return


def _token(token: str | None) -> dict[str, str]:
    return {"page_token": token} if token else {}
