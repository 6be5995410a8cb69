"""From modality values to grey levels for the eye (PS3.3 C.11.2): pure functions; for looking, never for training."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fiducial.errors import Invalid

FloatArray = npt.NDArray[np.float64]


def window(
    values: npt.ArrayLike, center: float, width: float, function: str = "LINEAR", output: tuple[float, float] = (0, 255)
) -> FloatArray:
    """Grey levels in ``output`` of rescaled ``values`` (any shape), float64 and not rounded.

    LINEAR (C.11.2.1.2.1): from ``center - 0.5 - (width-1)/2`` to ``center - 0.5 + (width-1)/2``; 1 is a threshold.
    LINEAR_EXACT (C.11.2.1.3.2): from ``center - width/2`` to ``center + width/2``. SIGMOID: C.11.2.1.3.1.
    Raises Invalid for a width below 1 (LINEAR) or not above 0 (the others), and for any other function.
    """
    x = np.asarray(values, dtype=np.float64)
    low, high = output
    if function == "LINEAR":
        _check_width(width, width >= 1, "at least 1")
        return _linear(x, center - 0.5, width - 1, low, high)
    _check_width(width, width > 0, "more than 0")
    if function == "LINEAR_EXACT":
        return _linear(x, center, width, low, high)
    if function == "SIGMOID":
        bounded = np.clip(-4 * (x - center) / width, -700, 700)  # exp of more would overflow
        return np.asarray((high - low) / (1 + np.exp(bounded)) + low, np.float64)
    raise Invalid(f"VOI LUT Function is LINEAR, LINEAR_EXACT or SIGMOID, not {function!r}")


def _check_width(width: float, good: bool, least: str) -> None:
    if not good or not np.isfinite(width):
        raise Invalid(f"a window's width is {least}, not {width}")


def _linear(x: FloatArray, middle: float, span: float, low: float, high: float) -> FloatArray:
    if span == 0:
        return np.where(x <= middle, low, high).astype(np.float64)
    return np.clip((x - middle) / span + 0.5, 0.0, 1.0) * (high - low) + low


def full_range(
    values: npt.ArrayLike, excluded: npt.NDArray[np.bool_] | None = None, output: tuple[float, float] = (0, 255)
) -> FloatArray:
    """Grey levels from the smallest to the largest finite value, padding (``excluded`` is True) not counted.

    Excluded and non-finite values become the lowest level; an image of one value becomes the lowest level too.
    """
    x = np.asarray(values, dtype=np.float64)
    counted = np.isfinite(x) if excluded is None else np.isfinite(x) & ~excluded
    low, high = output
    if not counted.any():
        return np.full(x.shape, low, np.float64)
    least, most = float(x[counted].min()), float(x[counted].max())
    if least == most:
        return np.full(x.shape, low, np.float64)
    scaled = np.where(counted, (x - least) / (most - least), 0.0)
    return scaled * (high - low) + low


def lookup(
    values: npt.ArrayLike, first_mapped: int, table: npt.ArrayLike, bits: int, *, output: tuple[float, float] = (0, 255)
) -> FloatArray:
    """Grey levels through a VOI LUT of ``bits``-bit entries (C.11.2.1.1); values beyond it take an outermost entry."""
    entries = np.asarray(table, np.float64)
    index = np.clip(np.rint(np.asarray(values, np.float64)) - first_mapped, 0, len(entries) - 1).astype(np.int64)
    low, high = output
    return np.asarray(entries[index] / (2**bits - 1) * (high - low) + low)


def to_uint8(levels: FloatArray, *, inverted: bool = False) -> npt.NDArray[np.uint8]:
    """Levels of 0..255 rounded to whole ones; ``inverted`` is for MONOCHROME1, after the window (PS3.4 Annex N)."""
    whole = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return np.asarray(255 - whole, np.uint8) if inverted else whole
