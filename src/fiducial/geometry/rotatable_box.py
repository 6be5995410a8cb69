"""A box at an angle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import cos, radians, sin
from typing import Any, ClassVar, Self

from fiducial.geometry.base import Shape
from fiducial.geometry.coordinate import Position, check_keys, length, number
from fiducial.geometry.mask import Mask
from fiducial.geometry.scanline import ring_toggles

_KEYS = frozenset({"x", "y", "width", "height", "theta"})


@dataclass(frozen=True, slots=True)
class RotatableBox(Shape):
    """A box of ``width`` x ``height`` pixels around its centre (x, y), turned by ``theta`` about that centre.

    ``theta`` is in degrees, clockwise on the screen (from +x towards +y), and kept as it was given: 370 is not 10.
    """

    kind: ClassVar[str] = "rotatable_box"

    x: float
    y: float
    width: float
    height: float
    theta: float = 0.0

    def __post_init__(self) -> None:
        for name in ("x", "y", "theta"):
            object.__setattr__(self, name, number(getattr(self, name), f"rotatable_box.{name}"))
        for name in ("width", "height"):
            object.__setattr__(self, name, length(getattr(self, name), f"rotatable_box.{name}"))

    def points(self) -> tuple[Position, ...]:
        """The corners that were top left, top right, bottom right, bottom left before the turn."""
        turn = radians(self.theta)
        c, s = cos(turn), sin(turn)
        w, h = self.width / 2.0, self.height / 2.0
        corners = ((-w, -h), (w, -h), (w, h), (-w, h))
        return tuple([(self.x + a * c - b * s, self.y + a * s + b * c) for a, b in corners])

    def to_json(self) -> dict[str, Any]:
        size = {"width": self.width, "height": self.height, "theta": self.theta}
        return {"kind": "rotatable_box", "x": self.x, "y": self.y, **size}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        check_keys(data, "rotatable_box", _KEYS)
        return cls(data["x"], data["y"], data["width"], data["height"], data["theta"])

    def rasterise(self, width: int, height: int) -> Mask:
        """The pixels whose centre is inside, by the polygon rule of :mod:`fiducial.geometry.scanline`."""
        return Mask.from_toggles(height, width, ring_toggles((self.points(),), width, height))
