"""JSON that came: read with a limit, and its fields taken out one by one, each refused by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request

from fiducial.errors import Invalid, TooLarge
from fiducial_server.model.ids import parse_id

JSON_BYTES = 256 << 20
"""The most that a JSON body may hold: a quarter of a million labels of a video are about half of it."""


async def read_json(request: Request, limit: int = JSON_BYTES) -> Any:
    """The whole body as JSON. Invalid when it is not JSON, TooLarge when it is over the limit."""
    pieces: list[bytes] = []
    size = 0
    if int(request.headers.get("content-length") or 0) > limit:
        raise TooLarge(f"a JSON body may have at most {limit} bytes")
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            raise TooLarge(f"a JSON body may have at most {limit} bytes")
        pieces.append(piece)
    return decode(b"".join(pieces), "the body")


def decode(text: bytes | str, what: str) -> Any:
    """JSON text as Python values. NaN and infinity are no JSON numbers and are named as the reason."""
    if not text:
        raise Invalid(f"{what} is empty, and must be JSON")
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        head = text.decode(errors="replace") if isinstance(text, bytes) else text
        odd = next((word for word in ("NaN", "Infinity") if word in head), None)
        reason = f"{odd} is not a JSON number, and every number must be finite" if odd else str(error)
        raise Invalid(f"{what} is not JSON: {reason}") from None


def json_object(value: Any, what: str = "the body") -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Invalid(f"{what} must be a JSON object, not {_kind(value)}")
    return value


def json_array(value: Any, what: str = "the body") -> list[Any]:
    if not isinstance(value, list):
        raise Invalid(f"{what} must be a JSON array, not {_kind(value)}")
    return value


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "an array", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


class Fields:
    """The fields of a JSON object. A missing field and a null are the same: clients send both for "not given"."""

    __slots__ = ("_given", "_where")

    def __init__(self, given: Mapping[str, Any], where: str = "") -> None:
        self._given, self._where = given, where

    def name(self, field: str) -> str:
        """The field's full name, for messages: ``[3].frame_index``."""
        return f"{self._where}.{field}" if self._where else field

    def wrong(self, field: str, wanted: str) -> Invalid:
        """The error that says what ``field`` must be and what it is."""
        return Invalid(
            f"{self.name(field)} must be {wanted}, not {str(self._given.get(field))[:80]!r}", field=self.name(field)
        )

    def has(self, field: str) -> bool:
        """Whether the key was sent at all, null or not."""
        return field in self._given

    def refuse_others(self, *known: str) -> None:
        """Invalid, naming it, when a field was sent that is none of ``known``."""
        unknown = sorted(set(self._given) - set(known))
        if unknown:
            names = ", ".join(repr(self.name(field)[:80]) for field in unknown)
            raise Invalid(f"unknown: {names}; there are {', '.join(known)}", field=self.name(unknown[0]))

    def raw(self, field: str) -> Any:
        return self._given.get(field)

    def text(self, field: str) -> str | None:
        value = self._given.get(field)
        if value is not None and not isinstance(value, str):
            raise self.wrong(field, "a text")
        return value

    def required_text(self, field: str) -> str:
        value = self.text(field)
        if value is None or not value.strip():
            raise Invalid(f"{self.name(field)} is missing or empty", field=self.name(field))
        return value

    def flag(self, field: str) -> bool | None:
        value = self._given.get(field)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(field, "true or false")
        return value

    def whole(self, field: str) -> int | None:
        """An integer; texts of digits are accepted, as old clients send them."""
        value = self._given.get(field)
        if isinstance(value, str) and value.strip().lstrip("-").isdigit():
            value = int(value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise self.wrong(field, "a whole number")
        return value

    def id(self, field: str) -> str | None:
        value = self.text(field)
        return None if value is None else parse_id(value, self.name(field))

    def texts(self, field: str) -> tuple[str, ...]:
        value = self._given.get(field)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise self.wrong(field, "a list of texts")
        return tuple(value)

    def ids(self, field: str) -> tuple[str, ...]:
        return tuple(parse_id(entry, self.name(field)) for entry in self.texts(field))

    def objects(self, field: str) -> list[Mapping[str, Any]]:
        value = self._given.get(field)
        if value is None:
            return []
        return [json_object(entry, f"{self.name(field)}[{i}]") for i, entry in enumerate(json_array(value, field))]

    def object(self, field: str) -> Mapping[str, Any]:
        value = self._given.get(field)
        return {} if value is None else json_object(value, self.name(field))

    def whole_object(self) -> dict[str, Any]:
        """Everything that was sent, as it came."""
        return dict(self._given)

    def only(self, *fields: str) -> dict[str, Any]:
        """Those of ``fields`` that were sent, null or not."""
        return {field: self._given[field] for field in fields if field in self._given}
