"""Whether two shapes are the same but for rounding."""

from __future__ import annotations

from fiducial.geometry.base import Shape

SAME_WITHIN = 1e-9
"""Pixels (degrees for angles): what converting to a dialect and back may change, and a save must not call a change."""


def same_shape(one: Shape, other: Shape, tolerance: float = SAME_WITHIN) -> bool:
    """Same kind and structure, every number within ``tolerance``; masks, names and flags exactly.

    The tolerance grows with numbers over 1000, as their last digits do.
    """
    return type(one) is type(other) and (one == other or _same(one.to_json(), other.to_json(), tolerance))


def _same(one: object, other: object, tolerance: float) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= tolerance * max(1.0, abs(one) / 1000.0)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(value, other[key], tolerance) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(_same(a, b, tolerance) for a, b in zip(one, other, strict=True))
    return one == other
