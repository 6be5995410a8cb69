"""Encord's bitmask: COCO's compressed text, but over row-major pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fiducial.errors import Invalid
from fiducial.geometry.coordinate import json_object, whole
from fiducial.geometry.mask import Mask


def mask_to_encord_rle(mask: Mask) -> dict[str, Any]:
    """The whole frame: ``{top: 0, left: 0, height, width, rleString}``."""
    return {"top": 0, "left": 0, "height": mask.height, "width": mask.width, "rleString": mask.runs_text()}


def mask_from_encord_rle(bitmask: Mapping[str, Any], width: int | None = None, height: int | None = None) -> Mask:
    """Reverse of :func:`mask_to_encord_rle`.

    When ``width`` and ``height`` of the frame are given, a smaller bitmask is placed at its ``left`` and ``top``, and
    one that reaches outside of the frame is Invalid.
    """
    given = json_object(bitmask, "bitmask")
    try:
        text, rows, columns = given["rleString"], given["height"], given["width"]
    except KeyError as error:
        raise Invalid(f"bitmask lacks {error.args[0]}", field=f"bitmask.{error.args[0]}") from None
    mask = Mask.from_runs_text(rows, columns, text)
    left, top = whole(given.get("left", 0), "bitmask.left"), whole(given.get("top", 0), "bitmask.top")
    if width is None or height is None:
        width, height = left + mask.width, top + mask.height
    return place_in_frame(mask, left, top, width, height)


def place_in_frame(mask: Mask, left: int, top: int, width: int, height: int) -> Mask:
    """A mask of the frame's size, with ``mask`` at column ``left`` and row ``top``; Invalid when it does not fit."""
    if left + mask.width > width or top + mask.height > height:
        raise Invalid(
            f"the mask is {mask.width} x {mask.height} at ({left}, {top}), outside of the image of {width} x {height}"
            " (width x height)",
            field="mask",
            width=width,
            height=height,
        )
    if (mask.width, mask.height) == (width, height):
        return mask
    frame = np.zeros((height, width), np.bool_)
    frame[top : top + mask.height, left : left + mask.width] = mask.to_array()
    return Mask.from_array(frame)
