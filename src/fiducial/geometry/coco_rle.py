"""COCO's run lengths: column-major, first count clear; ``{"size": [height, width], "counts": list or text}``.

The compressed text is the scheme of COCO's ``maskApi``: 6-bit characters from ``0``, differences from the fourth count.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fiducial.errors import Invalid
from fiducial.geometry.coordinate import check_keys
from fiducial.geometry.mask import Mask, counts_of_text, text_of_counts

_SIZE = 2
_KEYS = frozenset({"size", "counts"})


def mask_to_coco_rle(mask: Mask, compressed: bool = True) -> dict[str, Any]:
    """The mask as COCO's ``segmentation`` value; ``counts`` is text when ``compressed``, else a list."""
    counts = _transposed(mask).runs.astype(np.int64)
    return {"size": [mask.height, mask.width], "counts": text_of_counts(counts) if compressed else counts.tolist()}


def mask_from_coco_rle(rle: Mapping[str, Any]) -> Mask:
    """Reverse of :func:`mask_to_coco_rle`, for both forms of ``counts``; Invalid says what is wrong."""
    check_keys({**rle, "kind": "COCO run length"}, "COCO run length", _KEYS)
    size, counts = rle["size"], rle["counts"]
    if not isinstance(size, (list, tuple)) or len(size) != _SIZE:
        raise Invalid(f"size is not [height, width]: {size!r}", field="size")
    if isinstance(counts, bytes):  # as the C library's Python wrapper gives it
        counts = counts.decode("latin-1")
    height, width = size
    across = Mask.from_runs(width, height, counts_of_text(counts) if isinstance(counts, str) else counts)
    return _transposed(across)


def _transposed(mask: Mask) -> Mask:
    return Mask.from_array(mask.to_array().T)
