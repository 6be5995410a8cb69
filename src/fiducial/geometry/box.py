"""An upright box."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from fiducial.errors import Invalid
from fiducial.geometry.base import Bounds, Shape
from fiducial.geometry.coordinate import Position, check_keys, number
from fiducial.geometry.mask import Mask
from fiducial.geometry.scanline import ring_toggles

_KEYS = frozenset({"left", "top", "right", "bottom"})


@dataclass(frozen=True, slots=True)
class Box(Shape):
    """Sides parallel to the image's. ``left <= right`` and ``top <= bottom``; a size of zero is allowed.

    A box that covers exactly the pixels of columns 64 to 255 has ``left`` 63.5 and ``right`` 255.5.
    """

    kind: ClassVar[str] = "box"

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        put = object.__setattr__
        for name in ("left", "top", "right", "bottom"):
            value = getattr(self, name)
            if type(value) is not float or value - value != 0.0:
                put(self, name, number(value, f"box.{name}"))
        if self.left > self.right:
            raise Invalid(f"box.left is {self.left}, right of box.right, {self.right}", field="box.left")
        if self.top > self.bottom:
            raise Invalid(f"box.top is {self.top}, below box.bottom, {self.bottom}", field="box.top")

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def points(self) -> tuple[Position, ...]:
        """Top left, top right, bottom right, bottom left: clockwise on the screen."""
        return (self.left, self.top), (self.right, self.top), (self.right, self.bottom), (self.left, self.bottom)

    def bounds(self) -> Bounds:
        return Bounds(self.left, self.top, self.right, self.bottom)

    def to_json(self) -> dict[str, Any]:
        return {"kind": "box", "left": self.left, "top": self.top, "right": self.right, "bottom": self.bottom}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        check_keys(data, "box", _KEYS)
        return cls(data["left"], data["top"], data["right"], data["bottom"])

    def rasterise(self, width: int, height: int) -> Mask:
        """The pixels whose centre is inside; left and top edges are in, right and bottom edges are out."""
        return Mask.from_toggles(height, width, ring_toggles((self.points(),), width, height))
