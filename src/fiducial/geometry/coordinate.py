"""Numbers that may be a coordinate: finite floats, read strictly, refused by the name of their field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fiducial.errors import Invalid

Position = tuple[float, float]
"""(x right, y down) in pixel index coordinates ``p``: an integer is a pixel's centre."""

_TWO = 2


def number(value: object, field: str) -> float:
    """``value`` as a finite float; all else (text, truth values, NaN, infinity) raises Invalid naming ``field``."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Invalid(f"{field} is not a number: {value!r}", field=field)
    try:
        result = float(value)
    except OverflowError:
        raise Invalid(f"{field} is too large to be a number of 64 bits", field=field) from None
    if result - result != 0.0:  # only NaN and the infinities are not nothing when taken from themselves
        raise Invalid(f"{field} is {result}, and a coordinate must be finite", field=field)
    return result


def length(value: object, field: str) -> float:
    """A finite number that is zero or more."""
    result = number(value, field)
    if result < 0.0:
        raise Invalid(f"{field} is {result}, and a length cannot be negative", field=field)
    return result


def whole(value: object, field: str, least: int = 0) -> int:
    """An integer of at least ``least``; ``3.0`` is not one, so that nothing is rounded unseen."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid(f"{field} is not a whole number: {value!r}", field=field)
    if value < least:
        raise Invalid(f"{field} is {value}, and must be at least {least}", field=field)
    return value


def position(value: object, field: str) -> Position:
    """One ``[x, y]`` pair."""
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise Invalid(f"{field} is not a pair of numbers: {value!r}", field=field)
    try:
        x, y = value
    except ValueError:
        raise Invalid(f"{field} is not a pair of numbers: {value!r}", field=field) from None
    return number(x, f"{field}.x"), number(y, f"{field}.y")


def positions(value: object, field: str, least: int, most: int | None = None) -> tuple[Position, ...]:
    """A list of ``[x, y]`` pairs with ``least`` to ``most`` entries."""
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise Invalid(f"{field} is not a list of points: {value!r}", field=field)
    listed: list[Position] = []
    for pair in value:
        # Nearly all are two finite floats in a list or tuple, and 200,000 marks of a video pass here: no call for those.
        if type(pair) in (list, tuple) and len(pair) == _TWO:
            x, y = pair
            if type(x) is float and type(y) is float and x - x == 0.0 and y - y == 0.0:
                listed.append((x, y))
                continue
        listed.append(position(pair, f"{field}[{len(listed)}]"))
    result = tuple(listed)
    if len(result) < least or (most is not None and len(result) > most):
        wanted = f"exactly {least}" if least == most else f"at least {least}" if most is None else f"{least} to {most}"
        raise Invalid(f"{field} has {len(result)} points, and needs {wanted}", field=field)
    return result


def check_keys(given: object, kind: str, required: frozenset[str], optional: frozenset[str] = frozenset()) -> None:
    """That ``given`` is the JSON object of a shape of ``kind``, with every key known and none missing."""
    if not isinstance(given, Mapping):
        raise Invalid(f"a {kind} is a JSON object, not {type(given).__name__}", field=kind)
    if given.get("kind") != kind:
        raise Invalid(f"kind is {given.get('kind')!r}, and must be {kind!r}", field="kind")
    keys = set(given) - {"kind"}
    if missing := required - keys:
        raise Invalid(f"{kind} lacks {', '.join(sorted(missing))}", field=min(missing))
    if unknown := keys - required - optional:
        names = sorted(str(name) for name in unknown)
        raise Invalid(f"{kind} has unknown {', '.join(names)}", field=names[0])


def json_object(value: object, field: str) -> Mapping[str, Any]:
    """``value`` when it is a JSON object."""
    if not isinstance(value, Mapping):
        raise Invalid(f"{field} is not a JSON object: {value!r}", field=field)
    return value
