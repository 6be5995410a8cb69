"""A binary mask of a volume: masks of the slices that have something set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, cast

import numpy as np
import numpy.typing as npt

from fiducial.errors import Damaged, Invalid
from fiducial.geometry import varint
from fiducial.geometry.base import Bounds, Shape
from fiducial.geometry.coordinate import Position, check_keys, json_object, whole
from fiducial.geometry.mask import BoolArray, Mask

MAGIC = b"V\x01"
_KEYS = frozenset({"shape", "slices"})
_BYTE_BITS = 7
_HEAD = 4


@dataclass(frozen=True, slots=True)
class VolumeMask(Shape):
    """Which voxels of a grid of ``shape`` (slices, rows, columns) are set.

    ``slices`` holds, by slice index in rising order, only the masks that are not empty.
    """

    kind: ClassVar[str] = "volume_mask"

    shape: tuple[int, int, int]
    slices: Mapping[int, Mask]

    def __post_init__(self) -> None:
        count, height, width = (whole(size, "volume_mask.shape", 1) for size in _three(self.shape))
        kept = {index: self.slices[index] for index in sorted(self.slices) if not self.slices[index].is_empty}
        for index, mask in kept.items():
            if not 0 <= index < count:
                raise Invalid(f"volume_mask.slices has slice {index}, and the volume has {count}", field="slices")
            mask.check_inside(width, height)
        object.__setattr__(self, "shape", (count, height, width))
        object.__setattr__(self, "slices", kept)

    @classmethod
    def from_array(cls, array: npt.ArrayLike) -> Self:
        """From ``[slice, row, column]``; bool, or integers of which every one but 0 is set."""
        voxels = np.asarray(array)
        if voxels.ndim != 3:
            raise Invalid(f"a volume mask is [slice, row, column], not an array of {voxels.ndim} axes", field="mask")
        count, height, width = voxels.shape
        return cls((count, height, width), {k: Mask.from_array(plane) for k, plane in enumerate(voxels)})

    def to_array(self) -> BoolArray:
        """``[slice, row, column]`` bool, the whole volume in memory."""
        voxels = np.zeros(self.shape, np.bool_)
        for index, mask in self.slices.items():
            voxels[index] = mask.to_array()
        return voxels

    def slice(self, index: int) -> Mask:
        """The mask of one slice, empty where nothing is set; IndexError outside of the volume."""
        if not 0 <= index < self.shape[0]:
            raise IndexError(f"slice {index} of a volume of {self.shape[0]}")
        return self.slices.get(index) or Mask.empty(self.shape[1], self.shape[2])

    @property
    def area(self) -> int:
        """How many voxels are set."""
        return sum(mask.area for mask in self.slices.values())

    @property
    def is_empty(self) -> bool:
        return not self.slices

    def points(self) -> tuple[Position, ...]:
        return ()

    def bounds(self) -> Bounds:
        """In-plane bounds over all slices; an empty mask has none and raises Invalid."""
        if self.is_empty:
            raise Invalid("an empty mask has no bounds", field="volume_mask")
        each = [mask.bounds() for mask in self.slices.values()]
        return Bounds(
            min(b.left for b in each), min(b.top for b in each), max(b.right for b in each), max(b.bottom for b in each)
        )

    def check_inside(self, width: int, height: int, tolerance: float = 0.0) -> None:
        """A volume mask is inside when its slices have the image's size; ``tolerance`` means nothing to it."""
        if self.shape[1:] != (height, width):
            raise Invalid(
                f"the mask's slices are {self.shape[2]} x {self.shape[1]} and the image {width} x {height}"
                " (width x height)",
                field="volume_mask",
                width=width,
                height=height,
            )

    def to_bytes(self) -> bytes:
        """Compact and lossless: magic, table (shape, count, each slice's index and length), the slices' mask bytes."""
        stored = {index: mask.to_bytes() for index, mask in self.slices.items()}
        table = [number for index, item in stored.items() for number in (index, len(item))]
        head = varint.encode(np.asarray([*self.shape, len(stored), *table], np.int64), _BYTE_BITS)
        return b"".join([MAGIC, len(head).to_bytes(4, "little"), head, *stored.values()])

    @classmethod
    def from_bytes(cls, stored: bytes) -> Self:
        """Reverse of :meth:`to_bytes`; Damaged when the bytes are cut off or are something else."""
        start = len(MAGIC) + 4
        if stored[: len(MAGIC)] != MAGIC or len(stored) < start:
            raise Damaged("these bytes are not a stored volume mask of a known version")
        body = start + int.from_bytes(stored[len(MAGIC) : start], "little")
        head = [int(n) for n in varint.decode(np.frombuffer(stored[start:body], np.uint8), _BYTE_BITS)]
        if len(head) < _HEAD or len(head) != _HEAD + 2 * head[3]:
            raise Damaged("the stored volume mask is damaged: its table of slices is not whole")
        slices = _read_slices(stored, body, head[_HEAD::2], head[_HEAD + 1 :: 2])
        try:
            return cls((head[0], head[1], head[2]), slices)
        except Invalid as error:
            raise Damaged(f"the stored volume mask is damaged: {error}") from error

    def to_json(self) -> dict[str, Any]:
        slices = {str(index): mask.runs_text() for index, mask in self.slices.items()}
        return {"kind": "volume_mask", "shape": list(self.shape), "slices": slices}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        check_keys(data, "volume_mask", _KEYS)
        count, height, width = _three(data["shape"])
        given = json_object(data["slices"], "volume_mask.slices")
        slices = {_index(key): Mask.from_runs_text(height, width, text) for key, text in given.items()}
        return cls((count, height, width), slices)

    def __hash__(self) -> int:
        return hash((self.shape, tuple(self.slices.items())))


def _three(shape: object) -> tuple[int, int, int]:
    try:
        count, height, width = cast(Iterable[int], shape)
    except (TypeError, ValueError):
        raise Invalid(f"volume_mask.shape is not three numbers: {shape!r}", field="volume_mask.shape") from None
    return count, height, width


def _index(key: object) -> int:
    if isinstance(key, str) and key.isascii() and key.isdigit():
        return int(key)
    raise Invalid(f"volume_mask.slices has key {key!r}, which is no slice index", field="volume_mask.slices")


def _read_slices(stored: bytes, start: int, indices: list[int], lengths: list[int]) -> dict[int, Mask]:
    if start + sum(lengths) != len(stored) or any(length < 0 for length in lengths):
        raise Damaged("the stored volume mask is damaged: its slices are not as long as its table says")
    slices = {}
    for index, length in zip(indices, lengths, strict=True):
        slices[index] = Mask.from_bytes(stored[start : start + length])
        start += length
    return slices
