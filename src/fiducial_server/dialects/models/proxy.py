"""One MLflow call on its way: looked up in the table, moved into the caller's space, sent on, and shown without the space."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from fiducial.errors import Invalid, NotFound, Unavailable
from fiducial_server.dialects.models.errors import NoEndpoint
from fiducial_server.dialects.models.filters import organization_wide, scoped
from fiducial_server.dialects.models.ownership import Ownership
from fiducial_server.dialects.models.table import Endpoint, Filter, Kind, endpoint_for
from fiducial_server.dialects.models.upstream import Reply, Upstream
from fiducial_server.model.actor import Actor
from fiducial_server.model.model_space import ModelSpace
from fiducial_server.services.models import Models

T = TypeVar("T")
_ID = re.compile(r"[\w-]{1,64}")
_SQL = re.compile(r"\s*(?:Error: )?\((?:sqlite3|psycopg)\..*", re.DOTALL)
_FIELD = re.compile(r"[a-z_]+")
_LOGGED_MODEL_ID = re.compile(r"m-[0-9a-f]+")
ARTIFACTS = "mlflow-artifacts"


@dataclass(frozen=True, slots=True)
class Proxy:
    """``threads`` run what looks into our own database."""

    models: Models
    upstream: Upstream
    ownership: Ownership
    in_thread: Callable[[Callable[[], T]], Any]

    async def answer(self, actor: Actor, method: str, path: str, given: Mapping[str, Any]) -> Reply:
        """MLflow's answer to one call; ``path`` is below ``/api/2.0/mlflow/``."""
        found = endpoint_for(method, path)
        if found is None:
            raise NoEndpoint(f"{method} {path[:200]}: this server does not offer that call of MLflow")
        endpoint, held = found
        if endpoint.writes:
            self.models.require_writer(actor)
        space = await self._space(actor, endpoint, given)
        sent = await self._sent(endpoint, {**given, **held}, space, wide="project_id" not in given)
        reply = await self.upstream.call(method, _filled(endpoint.path, held), sent)
        return _shown(endpoint, reply, space)

    async def _space(self, actor: Actor, endpoint: Endpoint, given: Mapping[str, Any]) -> ModelSpace:
        project_id = given.get("project_id") or None
        if project_id is not None and not isinstance(project_id, str):
            raise Invalid("project_id must be a text", field="project_id")
        space: ModelSpace = await self.in_thread(partial(self.models.space, actor, project_id, adding=endpoint.adds))
        return space

    async def _sent(
        self, endpoint: Endpoint, given: Mapping[str, Any], space: ModelSpace, *, wide: bool
    ) -> dict[str, Any]:
        sent = {name: given[name] for name in endpoint.fields if given.get(name) is not None}
        if endpoint.stays:
            experiment_id = _id(Kind.EXPERIMENT, given.get("experiment_id"))
            space = await self.ownership.space_of(Kind.EXPERIMENT, experiment_id, space)
        sent |= {name: space.stored(_name(name, given)) for name in endpoint.names}
        if endpoint.search is Filter.OWNED and not given.get("experiment_ids"):
            raise Invalid("experiment_ids is missing: where to search", field="experiment_ids")
        for path, kind in endpoint.owned.items():
            for thing_id in dict.fromkeys(_id(kind, value) for value in _at(given, path.split("."))):
                await self.ownership.require(kind, thing_id, space)
            top = path.partition(".")[0]
            if given.get(top) is not None:
                sent[top] = _plain(given[top])
        if endpoint.search is not None:
            sent |= _searched(endpoint.search, given.get("filter"), space, wide)
        if endpoint.home:
            sent["artifact_location"] = _home(given, space)
        if endpoint.source:
            sent["source"] = await self._source(given, space)
        return sent

    async def _source(self, given: Mapping[str, Any], space: ModelSpace) -> str:
        """Where a model's files are: what that names must be the organization's."""
        source = given.get("source")
        if not isinstance(source, str) or not source:
            raise Invalid("source is missing: where the model's files are", field="source")
        parts = urlsplit(source)
        path = parts.path.lstrip("/")
        if parts.scheme == ARTIFACTS and (parts.netloc or not space.owns_path(path)):
            raise NotFound(f"the model source {source[:200]!r} was not found")
        if parts.scheme == "runs":
            await self.ownership.require(Kind.RUN, _id(Kind.RUN, path.partition("/")[0]), space)
        if parts.scheme == "models":
            first, _, rest = path.partition("/")
            if not rest and _LOGGED_MODEL_ID.fullmatch(first):
                await self.ownership.require(Kind.LOGGED_MODEL, first, space)
            else:
                return f"models:/{space.stored(path)}"
        return source


def in_threads(threads: Executor) -> Callable[[Callable[[], T]], Any]:
    """Runs a function in one of ``threads``; to be awaited."""
    import asyncio

    return lambda work: asyncio.get_running_loop().run_in_executor(threads, work)


def _filled(path: str, held: Mapping[str, str]) -> str:
    for name, value in held.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    return path


def _name(field: str, given: Mapping[str, Any]) -> str:
    value = given.get(field)
    if not isinstance(value, str) or not value.strip():
        raise Invalid(f"Missing value for required parameter {field!r}", field=field)
    return value


def _id(kind: Kind, value: Any) -> str:
    """Ids go into paths and queries: digits, letters, dash."""
    text = str(value)
    if not _ID.fullmatch(text):
        raise NotFound(f"{kind.capitalize()} {text[:80]!r} not found")
    return text


def _at(value: Any, path: list[str]) -> Iterator[Any]:
    """What is at a path; ``*`` is every entry of a list. Missing, null and empty things are passed over."""
    if not path:
        if value not in (None, ""):
            yield value
    elif path[0] == "*":
        for entry in value if isinstance(value, list) else [] if value is None else [value]:
            yield from _at(entry, path[1:])
    elif isinstance(value, Mapping):
        yield from _at(value.get(path[0]), path[1:])


def _plain(value: Any) -> Any:
    """Entries of a list with their plain field names only: MLflow would take ``modelId`` for ``model_id``, unchecked."""
    if not isinstance(value, list):
        return value
    return [
        {k: v for k, v in entry.items() if _FIELD.fullmatch(k)} if isinstance(entry, Mapping) else entry
        for entry in value
    ]


def _searched(how: Filter, text: Any, space: ModelSpace, wide: bool) -> dict[str, str]:
    if text is not None and not isinstance(text, str):
        raise Invalid("filter must be a text", field="filter")
    if how is Filter.OWNED:
        return {"filter": text} if text else {}
    if how is Filter.EXPERIMENTS and wide:
        return {"filter": organization_wide(text, space)}
    return {"filter": scoped(text, space)}


def _home(given: Mapping[str, Any], space: ModelSpace) -> str:
    if given.get("artifact_location"):
        raise Invalid("this server keeps all artifacts itself: leave artifact_location out", field="artifact_location")
    return f"{ARTIFACTS}:/{space.folder}/{uuid.uuid4().hex}"


def _shown(endpoint: Endpoint, reply: Reply, space: ModelSpace) -> Reply:
    if reply.ok and endpoint.replies:
        told = reply.json()
        for path in endpoint.replies:
            if not all(space.owns(name) for name in _at(told, path.split("."))):
                raise Unavailable("the model registry told something that was not asked for; it is withheld")
    body = reply.body if reply.ok else _refusal(reply)
    return Reply(reply.status, space.shown(body.decode()).encode())


def _refusal(reply: Reply) -> bytes:
    """MLflow's own words, without the statement and its parameters that it tells when a database refuses."""
    try:
        told = reply.json()
        code, message = str(told["error_code"]), str(told["message"])
    except (ValueError, TypeError, KeyError):
        code, message = "INTERNAL_ERROR", f"the model registry answered {reply.status}"
    return msgspec.json.encode({"error_code": code, "message": _SQL.sub("", message).rstrip()})
