"""What every entity can do: keep fields that are not known here, fetch fields that were left out, go through pickle."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, PrivateAttr

if TYPE_CHECKING:
    from fiducial.api.client import Api
    from fiducial.api.entity_base_api import EntityBaseApi

_LOGGER = logging.getLogger(__name__)

MISSING_FIELD = "MISSING_FIELD"
"""Stands in a field that the server left out of its answer; reading the field fetches it."""

_LOGGED: set[tuple[str, str]] = set()


class BaseEntityModel(BaseModel):
    """A value as the server tells it. Fields unknown to this version are kept, and logged once in debug mode."""

    model_config = ConfigDict(
        extra="allow", arbitrary_types_allowed=True, ser_json_bytes="base64", val_json_bytes="base64"
    )

    def model_post_init(self, context: Any, /) -> None:
        if _LOGGER.isEnabledFor(logging.DEBUG) and self.__pydantic_extra__:
            _log_unknown(type(self).__name__, self.__pydantic_extra__)

    def asdict(self) -> dict[str, Any]:
        """All fields, unknown ones included; those that the server left out are not."""
        return _without_missing(self.model_dump(warnings="none"))

    def asjson(self) -> str:
        """:meth:`asdict` as JSON text."""
        missing = {name for name, value in self.__dict__.items() if _is_missing(value)}
        return self.model_dump_json(warnings="none", exclude=missing or None)


def _log_unknown(kind: str, extra: dict[str, Any]) -> None:
    for name in extra:
        if (kind, name) not in _LOGGED:
            _LOGGED.add((kind, name))
            _LOGGER.warning("%s has a field unknown to this version: %s", kind, name)


def _without_missing(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if not _is_missing(value)}


def _is_missing(value: Any) -> bool:
    return type(value) is str and value == MISSING_FIELD


class BaseEntity(BaseEntityModel):
    """A thing on the server.

    Entities that an endpoint returns know the way back to it, through pickle too; one made by hand does not, and says so
    when it would need it. Reading a field that the server left out (:data:`MISSING_FIELD`) fetches the entity once.
    """

    _api: EntityBaseApi[Any] | None = PrivateAttr(default=None)

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        # pydantic wraps it once more at every level of subclasses; once is enough, and lists of thousands feel it
        cls.model_post_init = BaseEntity.model_post_init  # type: ignore[method-assign]

    def model_post_init(self, __context: Any) -> None:
        """Tell unknown fields in debug mode, each once per class."""
        if _LOGGER.isEnabledFor(logging.DEBUG) and self.__pydantic_extra__:
            _log_unknown(type(self).__name__, self.__pydantic_extra__)

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        if type(value) is str and value == MISSING_FIELD and name in type(self).model_fields:
            return self._fetch_missing(name)
        return value

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Asked after :meth:`__getattribute__` found nothing: unknown fields, and fields that are nowhere."""
            if _is_missing(self.__dict__.get(name)):
                raise AttributeError(f"{type(self).__name__}.{name} was not sent by the server")
            return super().__getattr__(name)

    def __eq__(self, other: object) -> bool:
        """The same kind with the same fields; through which connection they came does not matter."""
        if type(self) is not type(other) or not isinstance(other, BaseEntity):
            return False
        return self.__dict__ == other.__dict__ and self.__pydantic_extra__ == other.__pydantic_extra__

    __hash__ = None  # type: ignore[assignment]

    def is_attr_missing(self, attr_name: str) -> bool:
        """Whether the server left this field out."""
        return _is_missing(self.__dict__.get(attr_name))

    def has_missing_attrs(self) -> bool:
        """Whether the server left any field out."""
        return any(_is_missing(value) for value in self.__dict__.values())

    def _told(self, name: str) -> Any:
        """A documented field that only some servers send; None where it was not sent."""
        return (self.__pydantic_extra__ or {}).get(name)

    def _fetch_missing(self, name: str) -> Any:
        fresh = self._refetch() if self._api is not None else None
        if fresh is not None:
            for field in [field for field, value in self.__dict__.items() if _is_missing(value)]:
                self.__dict__[field] = fresh.__dict__[field]
        value = self.__dict__[name]
        if _is_missing(value):
            raise AttributeError(f"{type(self).__name__}.{name} was not sent by the server")
        return value

    def _refetch(self) -> Self:
        fresh: Self = self._endpoint.get_by_id(self.__dict__["id"])
        return fresh

    @property
    def _endpoint(self) -> EntityBaseApi[Any]:
        """The endpoint this came from."""
        if self._api is None:
            raise RuntimeError(
                f"this {type(self).__name__} was not fetched through fiducial.Api, so it knows no server; "
                "fetch it with the Api (get_by_id, get_list) to use it"
            )
        return self._api

    @property
    def _root(self) -> Api:
        return self._endpoint.root
