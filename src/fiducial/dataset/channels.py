"""Channels first, as networks want them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def channels_first(pixels: npt.NDArray[Any], spatial: int) -> npt.NDArray[np.float32]:
    """Float32 ``[C, *spatial]`` from ``[*spatial]`` (C = 1) or ``[*spatial, C]``; ``spatial`` is 2 or 3 axes."""
    values = np.asarray(pixels, np.float32)
    values = values[None] if values.ndim == spatial else np.moveaxis(values, -1, 0)
    return np.ascontiguousarray(values)
