"""Channels first, as networks want them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def channels_first(pixels: npt.NDArray[Any], spatial: int) -> npt.NDArray[np.float32]:
    """A writable copy: float32 ``[C, *spatial]`` from ``[*spatial]`` (C = 1) or ``[*spatial, C]``; ``spatial`` is 2 or 3 axes."""
    values = pixels[None] if pixels.ndim == spatial else np.moveaxis(pixels, -1, 0)
    return np.array(values, np.float32, order="C")
