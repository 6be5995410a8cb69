"""Grey values without a window of their own, made visible: for looking only, and the same every time.

The range is taken from pixels alone, so it is the same on every machine and for every call:

1. only finite values count;
2. integers whose whole range fits 8 bits (masks, label maps, 8-bit data) use their minimum and maximum;
3. otherwise, when more than a quarter of the values equal the minimum (air, padding around a reconstruction circle, a
   masked background), those are left out;
4. the range is the 0.5th to the 99.5th percentile of the rest, or its minimum and maximum where those two are equal.
"""

from __future__ import annotations

import numpy as np

from fiducial.media.base import Array

LOW_PERCENT, HIGH_PERCENT = 0.5, 99.5
BACKGROUND_SHARE = 0.25
SAMPLED_FRAMES = 9
"""A volume's range comes from this many frames, evenly spread, so that all its frames are shown alike."""
_ENOUGH_VALUES = 1 << 18


def sampled_indices(count: int, wanted: int = SAMPLED_FRAMES) -> tuple[int, ...]:
    """Up to ``wanted`` indices evenly spread over ``range(count)``, rising."""
    if count <= wanted:
        return tuple(range(count))
    return tuple(sorted({round((n + 0.5) * count / wanted - 0.5) for n in range(wanted)}))


def thinned(values: Array) -> Array:
    """At most about 2^18 of the values, evenly spaced: enough for a percentile, and a bounded memory."""
    flat = values.reshape(-1)
    return flat[:: max(1, flat.size // _ENOUGH_VALUES)].copy()


def display_range(values: Array) -> tuple[float, float]:
    """(black, white) for these grey values, any shape and real dtype; (0, 1) when no value is finite."""
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values.reshape(-1)
    if finite.size == 0:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    if finite.dtype.kind in "iub" and high - low <= 255:
        return low, high
    shown = finite[finite != finite.min()] if np.mean(finite == finite.min()) > BACKGROUND_SHARE else finite
    if shown.size:
        low_percentile, high_percentile = np.percentile(shown, [LOW_PERCENT, HIGH_PERCENT])
        if low_percentile < high_percentile:
            return float(low_percentile), float(high_percentile)
    return low, high


def to_uint8(values: Array, black: float, white: float) -> Array:
    """Linear from ``black`` (0) to ``white`` (255), clipped, rounded half up; NaN is 0. Equal ends: 255 above them."""
    with np.errstate(invalid="ignore", over="ignore"):
        if white <= black:
            return np.where(values > white, 255, 0).astype(np.uint8)
        scaled = (values.astype(np.float64) - black) * (255.0 / (white - black))
        finite = np.nan_to_num(scaled, nan=0.0, posinf=255.0, neginf=0.0)
        return np.floor(np.clip(finite, 0, 255) + 0.5).astype(np.uint8)
