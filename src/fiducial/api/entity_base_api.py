"""Groups of calls around one kind of entity: list, get, create, patch, delete."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter

from fiducial.api.base_api import ApiConfig, BaseApi
from fiducial.api.pages import all_rows, rows_of, validated
from fiducial.entities.base_entity import BaseEntity
from fiducial.exceptions import EntityAlreadyExistsError, ValidationError

if TYPE_CHECKING:
    from fiducial.api.client import Api

T = TypeVar("T", bound=BaseEntity)
S = TypeVar("S")
R = TypeVar("R")

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
PARALLEL = 8


def is_uuid(text: str) -> bool:
    return _UUID.fullmatch(text) is not None


class EntityBaseApi(BaseApi, Generic[T]):
    """Calls around one kind of entity. Entities that come from here keep a way back to the server."""

    def __init__(
        self,
        config: ApiConfig,
        entity_class: type[T],
        endpoint_base: str,
        client: httpx.Client | None = None,
        root: Api | None = None,
    ) -> None:
        super().__init__(config, client, root)
        self.entity_class = entity_class
        self.endpoint_base = endpoint_base.strip("/")

    @cached_property
    def _adapter(self) -> TypeAdapter[T]:
        return TypeAdapter(self.entity_class)

    @cached_property
    def _list_adapter(self) -> TypeAdapter[list[T]]:
        return TypeAdapter(list[self.entity_class])  # type: ignore[name-defined]

    def _own(self, entity: T) -> T:
        entity._api = self
        return entity

    def _parse_one(self, body: bytes) -> T:
        return self._own(self._adapter.validate_json(body))

    def _split_page(self, body: bytes) -> list[Any]:
        return rows_of(body, self.endpoint_base.rsplit("/", 1)[-1])

    def _make_page(self, rows: list[Any]) -> list[T]:
        entities = validated(self._list_adapter, rows)
        for entity in entities:
            entity._api = self
        return entities

    def _parse_list(self, body: bytes) -> list[T]:
        return self._make_page(self._split_page(body))

    def _path(self, entity_id: str, *rest: str) -> str:
        """The path of one entity; parts are quoted. An id that is not a UUID is refused before anything is sent."""
        if not is_uuid(entity_id):
            raise ValidationError(
                f"{self.entity_class.__name__} id must be a UUID, not {str(entity_id)[:80]!r}", field="id"
            )
        return "/".join((f"/{self.endpoint_base}", entity_id, *(quote(part, safe="") for part in rest)))

    @staticmethod
    def _entid(entity: str | BaseEntity) -> str:
        if isinstance(entity, str):
            return entity
        return str(entity.id)

    def _pages(self, limit: int | None, params: dict[str, Any], path: str | None = None) -> list[T]:
        path = path or f"/{self.endpoint_base}"

        def fetch(offset: int, size: int) -> bytes:
            return self._request("GET", path, params={**params, "offset": offset, "limit": size}).content

        return all_rows(fetch, self._split_page, self._make_page, limit)

    def get_list(self, limit: int | None = None, **kwargs: Any) -> Sequence[T]:
        """Entities that match ``kwargs`` (query parameters; None is left out), ``limit`` of them at most."""
        return self._pages(limit, without_none(kwargs))

    def get_all(self, limit: int | None = None) -> Sequence[T]:
        """Every entity, ``limit`` of them at most."""
        return self.get_list(limit=limit)

    def get_by_id(self, entity_id: str) -> T:
        """The entity. Raises :class:`~fiducial.exceptions.ItemNotFoundError` when there is none."""
        return self._parse_one(self._request("GET", self._path(entity_id)).content)


class CreatableEntityApi(EntityBaseApi[T]):
    """Entities that can be created."""

    def create(self, *args: Any, return_entity: bool = True, exists_ok: bool = False, **kwargs: Any) -> Any:
        """Create one from ``kwargs``.

        Gives the entity, or its id when ``return_entity`` is False. One that exists already raises
        :class:`~fiducial.exceptions.EntityAlreadyExistsError`, or is what comes back when ``exists_ok``.
        """
        if args:
            raise TypeError(f"{type(self).__name__}.create takes named arguments")
        return self._create(kwargs, return_entity=return_entity, exists_ok=exists_ok)

    def _create(self, payload: dict[str, Any], *, return_entity: bool, exists_ok: bool) -> str | T:
        try:
            answer = self._json("POST", f"/{self.endpoint_base}", json=payload)
        except EntityAlreadyExistsError as error:
            if not exists_ok or not error.details.get("existing_id"):
                raise
            answer = error.details["existing_id"]
        return self._created(answer, return_entity)

    def _created(self, answer: Any, return_entity: bool) -> str | T:
        """Servers answer with the entity, with ``{"id": …}`` or with the id alone."""
        entity_id = str(answer if isinstance(answer, str) else answer["id"])
        return self.get_by_id(entity_id) if return_entity else entity_id


class UpdatableEntityApi(EntityBaseApi[T]):
    """Entities whose fields can be changed."""

    def patch(self, entity: str | T, entity_data: dict[str, Any]) -> T:
        """Change the fields in ``entity_data``, leave the others, and give the entity as it is now."""
        entity_id = self._entid(entity)
        self._request("PATCH", self._path(entity_id), json=entity_data)
        return self.get_by_id(entity_id)

    def partial_update(self, entity: str | T, entity_data: dict[str, Any]) -> T:
        """The same as :meth:`patch`."""
        return self.patch(entity, entity_data)


class DeletableEntityApi(EntityBaseApi[T]):
    """Entities that can be deleted; deletion is soft."""

    def delete(self, entity: str | T) -> None:
        """Delete one. Raises :class:`~fiducial.exceptions.ItemNotFoundError` when there is none."""
        self._request("DELETE", self._path(self._entid(entity)))

    def bulk_delete(self, entities: Sequence[str | T]) -> None:
        """Delete several over several connections; the first refusal is raised after all have been tried."""
        in_parallel(self.delete, entities)


class CRUDEntityApi(CreatableEntityApi[T], UpdatableEntityApi[T], DeletableEntityApi[T]):
    """All of it."""


def without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def in_parallel(work: Callable[[S], R], things: Iterable[S], connections: int = PARALLEL) -> list[R]:
    """``work`` on all, results in order. Everything is tried; then the first error, in order, is raised."""
    with ThreadPoolExecutor(connections) as pool:
        futures = [pool.submit(work, thing) for thing in things]
    return [future.result() for future in futures]
