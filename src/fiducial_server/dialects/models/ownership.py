"""Whether the thing behind an id is the organization's: a run and a logged model belong to whom their experiment belongs."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from fiducial.errors import NotFound, Unavailable
from fiducial_server.dialects.models.table import Kind
from fiducial_server.dialects.models.upstream import Upstream
from fiducial_server.model.model_space import ModelSpace, bare, project_of

_MOST = 50_000
_NOT_FOUND = frozenset({400, 404})


class Ownership:
    """What was learned is kept: a thing never moves to another organization."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._owners: OrderedDict[tuple[Kind, str], str] = OrderedDict()

    async def require(self, kind: Kind, thing_id: str, space: ModelSpace) -> None:
        """NotFound when there is no such thing, or it is another organization's."""
        await self.space_of(kind, thing_id, space)

    async def space_of(self, kind: Kind, thing_id: str, space: ModelSpace) -> ModelSpace:
        """The space of the organization that the thing is in; NotFound as for :meth:`require`."""
        owner = self._owners.get((kind, thing_id)) or await self._look_up(kind, thing_id)
        if not space.owns(owner):
            raise NotFound(f"{kind.capitalize()} {thing_id[:80]!r} not found")
        return ModelSpace(space.organization_id, project_of(owner))

    async def _look_up(self, kind: Kind, thing_id: str) -> str:
        if kind is Kind.EXPERIMENT:
            owner = await self._owner_of_experiment(thing_id)
        else:
            owner = await self._owner_of_part(kind, thing_id)
        if owner:
            self._owners[kind, thing_id] = owner
            while len(self._owners) > _MOST:
                self._owners.popitem(last=False)
        return owner

    async def _owner_of_experiment(self, experiment_id: str) -> str:
        """The prefix of its space; empty for an experiment of nobody (MLflow makes a default one)."""
        found = await self._get("experiments/get", {"experiment_id": experiment_id})
        name: str = found.get("experiment", {}).get("name", "")
        return name[: len(name) - len(bare(name))] if name[32:33] == "." and name[65:66] == "." else ""

    async def _owner_of_part(self, kind: Kind, thing_id: str) -> str:
        if kind is Kind.RUN:
            found = (await self._get("runs/get", {"run_id": thing_id})).get("run", {})
        else:
            found = (await self._get(f"logged-models/{thing_id}", {})).get("model", {})
        experiment_id = found.get("info", {}).get("experiment_id")
        if not experiment_id:
            return ""
        known = self._owners.get((Kind.EXPERIMENT, experiment_id))
        return known or await self._look_up(Kind.EXPERIMENT, experiment_id)

    async def _get(self, path: str, fields: dict[str, str]) -> dict[str, Any]:
        reply = await self._upstream.call("GET", path, fields)
        if reply.status in _NOT_FOUND:
            return {}
        if not reply.ok:
            raise Unavailable(f"the model registry answered {reply.status} when asked whose {path} is")
        found: dict[str, Any] = reply.json()
        return found
