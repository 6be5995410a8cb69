"""A binary mask of one frame, kept as run lengths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from fiducial.errors import Damaged, Invalid
from fiducial.geometry import runs as run_lengths
from fiducial.geometry import varint
from fiducial.geometry.base import Bounds, Shape
from fiducial.geometry.coordinate import Position, check_keys, whole

Runs = npt.NDArray[np.uint32]
BoolArray = npt.NDArray[np.bool_]
_BoolOperation = Callable[[BoolArray, BoolArray], BoolArray]

MAGIC = b"M\x01"
"""First bytes of :meth:`Mask.to_bytes`: what it is, and the version of the layout."""

_KEYS = frozenset({"height", "width", "runs"})
_MOST_PIXELS = 2**32 - 1
_TEXT_BITS, _BYTE_BITS, _TEXT_BASE = 5, 7, 48


@dataclass(frozen=True, slots=True, eq=False)
class Mask(Shape):
    """Which pixels of a ``height`` x ``width`` frame are set.

    ``runs`` counts pixels in row-major order, alternately clear and set, starting with clear (0 when the first pixel is
    set). No later count is 0 and their sum is ``height * width``, so equal masks have equal runs.
    """

    kind: ClassVar[str] = "mask"

    height: int
    width: int
    runs: Runs

    def __post_init__(self) -> None:
        _check_size(self.height, self.width)
        counts = np.asarray(self.runs)
        if counts.ndim != 1 or counts.dtype.kind not in "iu" or not len(counts):
            raise Invalid("mask.runs is not a list of whole numbers", field="mask.runs")
        if counts.dtype.kind == "i" and int(counts.min()) < 0:
            raise Invalid("mask.runs has a negative count", field="mask.runs")
        if not counts[1:].all():
            raise Invalid("mask.runs has an empty run; Mask.from_runs joins such runs", field="mask.runs")
        _check_total(int(counts.sum(dtype=np.int64)), self.height, self.width)
        owned = counts.astype(np.uint32)
        owned.flags.writeable = False
        object.__setattr__(self, "runs", owned)

    # -- made from ------------------------------------------------------------------------------------------------

    @classmethod
    def from_array(cls, array: npt.ArrayLike) -> Self:
        """From ``[row, column]``; bool, or integers of which every one but 0 is set. Floats raise Invalid."""
        pixels = np.asarray(array)
        if pixels.ndim != 2:
            raise Invalid(f"a mask is [row, column], not an array of {pixels.ndim} axes", field="mask")
        if pixels.dtype.kind not in "biu":
            raise Invalid(f"a mask is of truth values or integers, not {pixels.dtype}", field="mask")
        height, width = pixels.shape
        _check_size(height, width)
        flat = np.ascontiguousarray(pixels if pixels.dtype == np.bool_ else pixels != 0).reshape(-1)
        changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
        return cls._from_changes(height, width, np.concatenate([[0], changes]) if flat[0] else changes)

    @classmethod
    def from_toggles(cls, height: int, width: int, toggles: npt.NDArray[np.int64]) -> Self:
        """From row-major pixel indices (0 to ``height * width``) where clear and set change; in pairs they are none."""
        places, times = np.unique(toggles, return_counts=True)
        changes = places[times % 2 == 1]
        return cls._from_changes(height, width, changes[changes < height * width])

    @classmethod
    def from_runs(cls, height: int, width: int, counts: npt.ArrayLike) -> Self:
        """From counts as :attr:`runs`, where empty runs may occur; wrong sums and negative counts raise Invalid."""
        _check_size(height, width)
        given = np.asarray(counts)
        if given.ndim != 1 or (len(given) and given.dtype.kind not in "iu"):
            raise Invalid("mask runs are a list of whole numbers", field="runs")
        given = given.astype(np.int64)
        if len(given) and int(given.min()) < 0:
            raise Invalid("mask runs have a negative count", field="runs")
        if len(given) and int(given.max()) > _MOST_PIXELS:
            raise Invalid("mask runs have a count larger than any frame", field="runs")
        _check_total(int(given.sum()), height, width)
        return cls.from_toggles(height, width, np.cumsum(given[:-1]))

    @classmethod
    def empty(cls, height: int, width: int) -> Self:
        return cls._from_changes(height, width, np.zeros(0, np.int64))

    @classmethod
    def _from_changes(cls, height: int, width: int, changes: npt.NDArray[np.int64]) -> Self:
        """``changes``: strictly rising row-major indices below ``height * width``."""
        edges = np.concatenate([[0], changes, [height * width]])
        return cls(height, width, np.diff(edges).astype(np.uint32))

    # -- looked at ------------------------------------------------------------------------------------------------

    def to_array(self) -> BoolArray:
        """``[row, column]`` bool, a new array."""
        values = np.zeros(len(self.runs), np.bool_)
        values[1::2] = True
        return np.repeat(values, self.runs).reshape(self.height, self.width)

    @property
    def area(self) -> int:
        """How many pixels are set."""
        return int(self.runs[1::2].sum(dtype=np.int64))

    @property
    def is_empty(self) -> bool:
        return len(self.runs) == 1

    def points(self) -> tuple[Position, ...]:
        return ()

    def box(self) -> tuple[int, int, int, int]:
        """(left, top, width, height) of the set pixels, as whole pixels; all 0 for an empty mask."""
        if self.is_empty:
            return 0, 0, 0, 0
        edges = self._changes()
        start = edges[0::2]
        end = (edges[1::2] if len(edges) % 2 == 0 else np.append(edges[1::2], self.height * self.width)) - 1
        top, bottom = int(start[0]) // self.width, int(end[-1]) // self.width
        left, right = 0, self.width - 1
        if not bool((start // self.width != end // self.width).any()):  # a run over a row's end touches both borders
            left, right = int((start % self.width).min()), int((end % self.width).max())
        return left, top, right - left + 1, bottom - top + 1

    def bounds(self) -> Bounds:
        """Around the set pixels' outer edges, in ``p``; an empty mask has none and raises Invalid."""
        if self.is_empty:
            raise Invalid("an empty mask has no bounds", field="mask")
        left, top, width, height = self.box()
        return Bounds(left - 0.5, top - 0.5, left + width - 0.5, top + height - 0.5)

    def check_inside(self, width: int, height: int, tolerance: float = 0.0) -> None:
        """A mask is inside when it has the image's size; ``tolerance`` means nothing to it."""
        if (self.width, self.height) != (width, height):
            raise Invalid(
                f"the mask is {self.width} x {self.height} and the image {width} x {height} (width x height)",
                field="mask",
                width=width,
                height=height,
            )

    # -- combined -------------------------------------------------------------------------------------------------

    def union(self, other: Mask) -> Mask:
        return self._combine(other, np.logical_or)

    def intersection(self, other: Mask) -> Mask:
        return self._combine(other, np.logical_and)

    def subtract(self, other: Mask) -> Mask:
        """What is set here and not in ``other``."""
        return self._combine(other, lambda mine, theirs: mine & ~theirs)

    def iou(self, other: Mask) -> float:
        """Intersection over union, 0 to 1; two empty masks agree fully: 1."""
        shared = self.intersection(other).area
        total = self.area + other.area - shared
        return shared / total if total else 1.0

    def _combine(self, other: Mask, operation: _BoolOperation) -> Mask:
        other.check_inside(self.width, self.height)
        mine, theirs = self._changes(), other._changes()
        places = np.union1d(mine, theirs)
        state = operation(_state_at(mine, places), _state_at(theirs, places))
        before = np.concatenate([[False], state[:-1]])
        return Mask._from_changes(self.height, self.width, places[state != before])

    def _changes(self) -> npt.NDArray[np.int64]:
        return np.cumsum(self.runs[:-1], dtype=np.int64)

    # -- kept -----------------------------------------------------------------------------------------------------

    def to_bytes(self) -> bytes:
        """Compact and lossless: magic, height, width and :mod:`run differences <fiducial.geometry.runs>` as SLEB128."""
        differences = run_lengths.to_differences(self.runs.astype(np.int64))
        return MAGIC + varint.encode(np.concatenate([[self.height, self.width], differences]), _BYTE_BITS)

    @classmethod
    def from_bytes(cls, stored: bytes) -> Self:
        """Reverse of :meth:`to_bytes`; Damaged when the bytes are cut off or are something else."""
        if stored[: len(MAGIC)] != MAGIC:
            raise Damaged("these bytes are not a stored mask of a known version")
        numbers = varint.decode(np.frombuffer(stored, np.uint8, offset=len(MAGIC)), _BYTE_BITS)
        try:
            return cls(int(numbers[0]), int(numbers[1]), _as_runs(run_lengths.from_differences(numbers[2:])))
        except (Invalid, IndexError) as error:
            raise Damaged(f"the stored mask is damaged: {error}") from error

    def runs_text(self) -> str:
        """The runs as printable text, in COCO's compressed scheme but over row-major pixels."""
        return text_of_counts(self.runs.astype(np.int64))

    @classmethod
    def from_runs_text(cls, height: int, width: int, text: str) -> Self:
        """Reverse of :meth:`runs_text`; Invalid says what is wrong with the text."""
        return cls.from_runs(height, width, counts_of_text(text))

    def to_json(self) -> dict[str, Any]:
        return {"kind": "mask", "height": self.height, "width": self.width, "runs": self.runs_text()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        check_keys(data, "mask", _KEYS)
        return cls.from_runs_text(data["height"], data["width"], data["runs"])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mask):
            return NotImplemented
        return (self.height, self.width) == (other.height, other.width) and np.array_equal(self.runs, other.runs)

    def __hash__(self) -> int:
        return hash((self.height, self.width, self.runs.tobytes()))


def counts_of_text(text: object) -> npt.NDArray[np.int64]:
    """The counts of a compressed run string (characters ``0`` to ``o``), whichever order its pixels have."""
    if not isinstance(text, str):
        raise Invalid(f"a run string is text, not {type(text).__name__}", field="runs")
    digits = np.frombuffer(text.encode("utf-8"), np.uint8)
    if len(digits) and not (int(digits.min()) >= _TEXT_BASE and int(digits.max()) < _TEXT_BASE + 64):
        raise Invalid("the run string has a character outside of '0' to 'o'", field="runs")
    try:
        return run_lengths.from_differences(varint.decode(digits - np.uint8(_TEXT_BASE), _TEXT_BITS))
    except Damaged as error:
        raise Invalid(f"the run string is damaged: {error}", field="runs") from error


def text_of_counts(counts: npt.NDArray[np.int64]) -> str:
    """Reverse of :func:`counts_of_text`."""
    digits = np.frombuffer(varint.encode(run_lengths.to_differences(counts), _TEXT_BITS), np.uint8)
    return (digits + _TEXT_BASE).tobytes().decode("ascii")


def _state_at(changes: npt.NDArray[np.int64], places: npt.NDArray[np.int64]) -> BoolArray:
    """Whether the pixel at each of ``places`` is set, given where clear and set change."""
    state: BoolArray = np.searchsorted(changes, places, side="right") % 2 == 1
    return state


def _as_runs(counts: npt.NDArray[np.int64]) -> Runs:
    if len(counts) and not (int(counts.min()) >= 0 and int(counts.max()) <= _MOST_PIXELS):
        raise Invalid("mask runs have a count that no frame can have", field="runs")
    return counts.astype(np.uint32)


def _check_size(height: object, width: object) -> None:
    if whole(height, "mask.height", 1) * whole(width, "mask.width", 1) > _MOST_PIXELS:
        raise Invalid(f"a mask of {height} x {width} pixels is larger than any frame", field="mask")


def _check_total(total: int, height: int, width: int) -> None:
    if total != height * width:
        raise Invalid(
            f"the runs cover {total} pixels, and {height} rows x {width} columns are {height * width}",
            field="runs",
            total=total,
            expected=height * width,
        )
