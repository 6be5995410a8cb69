"""A circle, and the stretched circle that one client writes under the same name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from fiducial.geometry.base import Bounds, Shape
from fiducial.geometry.coordinate import Position, check_keys, length, number
from fiducial.geometry.ellipse import Ellipse
from fiducial.geometry.mask import Mask

_KEYS = frozenset({"x", "y", "radius"})
_OPTIONAL = frozenset({"stretch", "theta"})


@dataclass(frozen=True, slots=True)
class Circle(Shape):
    """Centre (x, y) and ``radius`` in pixels.

    ``stretch`` is the second semi-axis over the first (1: a true circle), ``theta`` its turn in degrees clockwise on
    the screen: Encord's circle has both, and they are kept so that its client reads what it wrote.
    """

    kind: ClassVar[str] = "circle"

    x: float
    y: float
    radius: float
    stretch: float = 1.0
    theta: float = 0.0

    def __post_init__(self) -> None:
        for name in ("x", "y", "theta"):
            object.__setattr__(self, name, number(getattr(self, name), f"circle.{name}"))
        for name in ("radius", "stretch"):
            object.__setattr__(self, name, length(getattr(self, name), f"circle.{name}"))

    @property
    def is_true_circle(self) -> bool:
        return self.stretch == 1.0

    def as_ellipse(self) -> Ellipse:
        """The same curve, as an ellipse."""
        return Ellipse(self.x, self.y, self.radius, self.radius * self.stretch, self.theta)

    def points(self) -> tuple[Position, ...]:
        """The centre, and the end of the first semi-axis."""
        return self.as_ellipse().points()[:2]

    def bounds(self) -> Bounds:
        return self.as_ellipse().bounds()

    def to_json(self) -> dict[str, Any]:
        extra = {name: value for name, value, usual in self._extras() if value != usual}
        return {"kind": "circle", "x": self.x, "y": self.y, "radius": self.radius, **extra}

    def _extras(self) -> tuple[tuple[str, float, float], ...]:
        return ("stretch", self.stretch, 1.0), ("theta", self.theta, 0.0)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        check_keys(data, "circle", _KEYS, _OPTIONAL)
        return cls(data["x"], data["y"], data["radius"], data.get("stretch", 1.0), data.get("theta", 0.0))

    def rasterise(self, width: int, height: int) -> Mask:
        """The pixels whose centre is inside or on the curve."""
        return self.as_ellipse().rasterise(width, height)
