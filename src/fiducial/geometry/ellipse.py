"""An ellipse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import cos, hypot, pi, radians, sin
from typing import Any, ClassVar, Self

from fiducial.geometry.base import Bounds, Shape
from fiducial.geometry.coordinate import Position, check_keys, length, number
from fiducial.geometry.mask import Mask
from fiducial.geometry.scanline import ellipse_toggles

_KEYS = frozenset({"x", "y", "rx", "ry", "theta"})


@dataclass(frozen=True, slots=True)
class Ellipse(Shape):
    """Centre (x, y), semi-axes ``rx`` and ``ry`` in pixels, turned by ``theta`` degrees clockwise on the screen.

    With ``theta`` 0 the semi-axis ``rx`` lies along +x.
    """

    kind: ClassVar[str] = "ellipse"

    x: float
    y: float
    rx: float
    ry: float
    theta: float = 0.0

    def __post_init__(self) -> None:
        for name in ("x", "y", "theta"):
            object.__setattr__(self, name, number(getattr(self, name), f"ellipse.{name}"))
        for name in ("rx", "ry"):
            object.__setattr__(self, name, length(getattr(self, name), f"ellipse.{name}"))

    def points(self) -> tuple[Position, ...]:
        """The centre, then the ends of the two semi-axes."""
        c, s = _turn(self.theta)
        return (
            (self.x, self.y),
            (self.x + self.rx * c, self.y + self.rx * s),
            (self.x - self.ry * s, self.y + self.ry * c),
        )

    def outline(self, count: int) -> tuple[Position, ...]:
        """``count`` points of the curve at equal steps of the eccentric angle, clockwise on the screen."""
        c, s = _turn(self.theta)
        steps = [(self.rx * cos(2 * pi * k / count), self.ry * sin(2 * pi * k / count)) for k in range(count)]
        return tuple([(self.x + a * c - b * s, self.y + a * s + b * c) for a, b in steps])

    def bounds(self) -> Bounds:
        c, s = _turn(self.theta)
        half_width, half_height = hypot(self.rx * c, self.ry * s), hypot(self.rx * s, self.ry * c)
        return Bounds(self.x - half_width, self.y - half_height, self.x + half_width, self.y + half_height)

    def to_json(self) -> dict[str, Any]:
        return {"kind": "ellipse", "x": self.x, "y": self.y, "rx": self.rx, "ry": self.ry, "theta": self.theta}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        check_keys(data, "ellipse", _KEYS)
        return cls(data["x"], data["y"], data["rx"], data["ry"], data["theta"])

    def rasterise(self, width: int, height: int) -> Mask:
        """The pixels whose centre is inside or on the curve."""
        toggles = ellipse_toggles((self.x, self.y), (self.rx, self.ry), _turn(self.theta), width, height)
        return Mask.from_toggles(height, width, toggles)


def _turn(theta: float) -> tuple[float, float]:
    angle = radians(theta)
    return cos(angle), sin(angle)
