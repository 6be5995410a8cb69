"""Named points that belong together: a skeleton."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Self

from fiducial.errors import Invalid
from fiducial.geometry.base import Shape
from fiducial.geometry.coordinate import Position, check_keys, json_object, number

_KEYS = frozenset({"points"})
_POINT_KEYS = frozenset({"x", "y", "name"})
_POINT_OPTIONAL = frozenset({"visibility", "color", "feature_hash", "value"})


class Visibility(StrEnum):
    """Whether a keypoint can be seen, and if not, why."""

    VISIBLE = "visible"
    INVISIBLE = "invisible"
    """Outside of the frame."""
    OCCLUDED = "occluded"
    """Behind something else."""
    SELF_OCCLUDED = "self_occluded"
    """Behind another part of the same thing."""


@dataclass(frozen=True, slots=True)
class Keypoint:
    """One point of a skeleton. ``visibility`` None: nobody said.

    ``color``, ``feature_hash`` and ``value`` are what Encord's client keeps with each point, unchanged.
    """

    x: float
    y: float
    name: str
    visibility: Visibility | None = None
    color: str | None = None
    feature_hash: str | None = None
    value: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "x", number(self.x, f"keypoint {self.name!r}.x"))
        object.__setattr__(self, "y", number(self.y, f"keypoint {self.name!r}.y"))
        if not isinstance(self.name, str):
            raise Invalid(f"a keypoint's name is text, not {self.name!r}", field="name")
        for field in ("color", "feature_hash", "value"):
            if not isinstance(getattr(self, field), (str, type(None))):
                raise Invalid(f"keypoint {self.name!r}: {field} is not text", field=field)
        object.__setattr__(self, "visibility", _visibility(self.visibility, self.name))

    @property
    def is_shown(self) -> bool:
        """Whether a view that has no word for visibility draws it."""
        return self.visibility in (None, Visibility.VISIBLE)

    def to_json(self) -> dict[str, Any]:
        facts = {"visibility": self.visibility and str(self.visibility), "color": self.color}
        facts |= {"feature_hash": self.feature_hash, "value": self.value}
        given = {name: fact for name, fact in facts.items() if fact is not None}
        return {"x": self.x, "y": self.y, "name": self.name, **given}


@dataclass(frozen=True, slots=True)
class Keypoints(Shape):
    """The points in the order of their template; names may repeat, because clients' templates let them."""

    kind: ClassVar[str] = "keypoints"

    keypoints: tuple[Keypoint, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "keypoints", tuple(self.keypoints))
        if not self.keypoints:
            raise Invalid("keypoints has no points", field="keypoints.points")

    def points(self) -> tuple[Position, ...]:
        """All of them, seen or not."""
        return tuple([(point.x, point.y) for point in self.keypoints])

    def to_json(self) -> dict[str, Any]:
        return {"kind": "keypoints", "points": [point.to_json() for point in self.keypoints]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        check_keys(data, "keypoints", _KEYS)
        if not isinstance(data["points"], list):
            raise Invalid(f"keypoints.points is not a list: {data['points']!r}", field="keypoints.points")
        return cls(tuple([_keypoint(point, index) for index, point in enumerate(data["points"])]))


def _keypoint(data: object, index: int) -> Keypoint:
    field = f"keypoints.points[{index}]"
    facts = json_object(data, field)
    check_keys({**facts, "kind": field}, field, _POINT_KEYS, _POINT_OPTIONAL)
    return Keypoint(**facts)


def _visibility(value: object, name: str) -> Visibility | None:
    if value is None:
        return None
    try:
        return Visibility(str(value))
    except ValueError:
        known = ", ".join(Visibility)
        raise Invalid(f"keypoint {name!r}: visibility is {value!r}, none of {known}", field="visibility") from None
