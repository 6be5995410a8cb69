"""Run lengths cropped to the mask's box, as CVAT writes them: row-major counts, then left, top, right, bottom.

``right`` and ``bottom`` are the last column and row, not one past them. An empty mask, which has no box, is written as
one clear pixel at the top left: ``[1, 0, 0, 0, 0]``.
"""

from __future__ import annotations

from collections.abc import Sequence

from fiducial.errors import Invalid
from fiducial.geometry.coordinate import whole
from fiducial.geometry.encord_rle import place_in_frame
from fiducial.geometry.mask import Mask

_BOX = 4


def mask_to_cvat_rle(mask: Mask) -> list[int]:
    """Counts of the crop, first clear, followed by left, top, right, bottom."""
    left, top, width, height = mask.box()
    width, height = max(width, 1), max(height, 1)
    crop = Mask.from_array(mask.to_array()[top : top + height, left : left + width])
    return [*crop.runs.tolist(), left, top, left + width - 1, top + height - 1]


def mask_from_cvat_rle(numbers: Sequence[int], width: int, height: int) -> Mask:
    """Reverse of :func:`mask_to_cvat_rle`, in a frame of ``width`` x ``height``; Invalid says what is wrong."""
    if len(numbers) <= _BOX:
        raise Invalid(f"cropped runs need counts and four numbers of the box, not {len(numbers)} in all", field="rle")
    left, top, right, bottom = (whole(number, "rle box") for number in numbers[-_BOX:])
    if right < left or bottom < top:
        raise Invalid(f"the box of the cropped runs is empty: {left}, {top}, {right}, {bottom}", field="rle box")
    counts = [whole(number, "rle count") for number in numbers[:-_BOX]]
    crop = Mask.from_runs(bottom - top + 1, right - left + 1, counts)
    return place_in_frame(crop, left, top, width, height)
