"""A smooth curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from fiducial.errors import Invalid
from fiducial.geometry.coordinate import check_keys
from fiducial.geometry.vertices import VertexShape

_KEYS = frozenset({"points"})
_OPTIONAL = frozenset({"closed"})


@dataclass(frozen=True, slots=True)
class Spline(VertexShape):
    """A curve through control points. Which curve is the drawing tool's matter: only the control points are stored."""

    kind: ClassVar[str] = "spline"
    least: ClassVar[int] = 2

    closed: bool = False

    def __post_init__(self) -> None:
        VertexShape.__post_init__(self)
        if not isinstance(self.closed, bool):
            raise Invalid(f"spline.closed is not true or false: {self.closed!r}", field="spline.closed")

    def to_json(self) -> dict[str, Any]:
        points = [[x, y] for x, y in self.vertices]
        return {"kind": "spline", "points": points, **({"closed": True} if self.closed else {})}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        check_keys(data, "spline", _KEYS, _OPTIONAL)
        return cls(data["points"], data.get("closed", False))
