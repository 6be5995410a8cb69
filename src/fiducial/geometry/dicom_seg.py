"""Pixel Data of a BINARY DICOM Segmentation: one bit per pixel (PS3.3 C.8.20.2, packed as PS3.5 8.1.1 says).

Bits are packed with the first pixel in the least significant bit, and frames follow each other without padding, so a
frame need not begin with a byte.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fiducial.errors import Damaged, Invalid
from fiducial.geometry.mask import Mask


def pack_frames(masks: Sequence[Mask], pad_to_even: bool = False) -> bytes:
    """The frames' bits one after the other; ``pad_to_even`` adds the 0 that Pixel Data needs for an even length."""
    if not masks:
        return b""
    for mask in masks:
        mask.check_inside(masks[0].width, masks[0].height)
    bits = np.concatenate([mask.to_array().reshape(-1) for mask in masks])
    packed = np.packbits(bits, bitorder="little").tobytes()
    return packed + b"\0" if pad_to_even and len(packed) % 2 else packed


def unpack_frames(pixel_data: bytes, frames: int, rows: int, columns: int) -> list[Mask]:
    """All frames; Damaged when ``pixel_data`` is too short for them."""
    return [unpack_frame(pixel_data, index, rows, columns) for index in range(frames)]


def unpack_frame(pixel_data: bytes, index: int, rows: int, columns: int) -> Mask:
    """Frame ``index`` (0-based) alone, touching only its own bytes."""
    if index < 0:
        raise Invalid(f"frame index is {index}, and must be at least 0", field="index")
    size = rows * columns
    first, end = index * size, (index + 1) * size
    if len(pixel_data) * 8 < end:
        raise Damaged(
            f"frame {index} of {rows} x {columns} pixels needs {-(-end // 8)} bytes of pixel data, and there are"
            f" {len(pixel_data)}"
        )
    covering = np.frombuffer(pixel_data, np.uint8, count=-(-end // 8) - first // 8, offset=first // 8)
    bits = np.unpackbits(covering, bitorder="little")[first % 8 : first % 8 + size]
    return Mask.from_array(bits.reshape(rows, columns))
