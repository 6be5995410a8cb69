"""Colour samples to RGB, once (PS3.3 C.7.6.3.1.2, C.7.6.3.1.5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fiducial.errors import Damaged, Unsupported
from fiducial.media.base import Array
from fiducial.media.dicom import attributes as at
from fiducial.media.dicom.attributes import Attribute
from fiducial.media.dicom.elements import Elements


@dataclass(frozen=True, slots=True)
class Palette:
    """Three tables of one length: uint8 [entry, 3]; ``first`` is the pixel value of the first entry."""

    first: int
    table: Array

    def apply(self, index: Array) -> Array:
        """uint8 RGB [row, column, 3]; values outside the tables take the nearest entry."""
        place = np.clip(index.astype(np.int64) - self.first, 0, len(self.table) - 1)
        return np.asarray(self.table[place])


def upsample_422(words: Array, rows: int, columns: int) -> Array:
    """Native YBR_FULL_422 (Y1 Y2 Cb Cr ...) as [row, column, 3]: two pixels get the one chroma pair."""
    groups = words.reshape(rows, columns // 2, 4)
    full = np.empty((rows, columns // 2, 2, 3), words.dtype)
    full[..., 0] = groups[..., :2]
    full[..., 1] = groups[..., 2:3]
    full[..., 2] = groups[..., 3:4]
    return full.reshape(rows, columns, 3)


def ybr_full_to_rgb(samples: Array) -> Array:
    """YBR_FULL of 8 bits to RGB uint8 (C.7.6.3.1.2, the inverse of the equations there), rounded and clipped."""
    y, cb, cr = (samples[..., k].astype(np.float32) for k in range(3))
    cb, cr = cb - 128, cr - 128
    rgb = np.stack([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb], axis=-1)
    return np.asarray(np.clip(np.rint(rgb), 0, 255).astype(np.uint8))


def to_uint8(samples: Array, bits: int) -> Array:
    """Samples of ``bits`` bits as 8-bit ones: the upper bits are kept."""
    if bits > 8:
        return np.asarray((samples >> (bits - 8)).astype(np.uint8))
    if bits < 8:
        return np.asarray(np.rint(samples.astype(np.float32) * (255 / (2**bits - 1))).astype(np.uint8))
    return samples.astype(np.uint8, copy=False)


def to_rgb(samples: Array, bits: int, photometric: str, *, ybr: bool | None) -> Array:
    """uint8 RGB from [row, column, sample]. ``ybr`` overrides what ``photometric`` says, when the codestream knows."""
    if samples.shape[2] != 3:
        raise Unsupported(f"colour of {samples.shape[2]} samples ({photometric}) is not shown")
    eight = to_uint8(samples, bits)
    if photometric in ("YBR_PARTIAL_420", "YBR_PARTIAL_422"):
        raise Unsupported(f"photometric interpretation {photometric} is not supported")
    is_ybr = photometric.startswith("YBR") if ybr is None else ybr
    if not is_ybr and not photometric.startswith("YBR") and photometric != "RGB":
        raise Unsupported(f"photometric interpretation {photometric} is not supported")
    return ybr_full_to_rgb(eight) if is_ybr else eight


def read_palette(elements: Elements) -> Palette:
    """The palette of a PALETTE COLOR image (C.7.6.3.1.5, C.7.6.3.1.6); 16-bit entries keep their upper byte."""
    if at.SEGMENTED_RED_LUT_DATA in elements:
        raise Unsupported("segmented palette colour lookup tables are not supported")
    channels = [
        _channel(elements, descriptor, data)
        for descriptor, data in (
            (at.RED_LUT_DESCRIPTOR, at.RED_LUT_DATA),
            (at.GREEN_LUT_DESCRIPTOR, at.GREEN_LUT_DATA),
            (at.BLUE_LUT_DESCRIPTOR, at.BLUE_LUT_DATA),
        )
    ]
    if len({(first, len(entries)) for first, entries in channels}) != 1:
        raise Damaged("the red, green and blue lookup tables are not of one length")
    return Palette(channels[0][0], np.stack([entries for _, entries in channels], axis=-1))


def _channel(elements: Elements, descriptor: Attribute, data: Attribute) -> tuple[int, Array]:
    values = elements.exact_numbers(descriptor)
    if len(values) != 3:
        raise Damaged(f"{descriptor} is missing or has not three values", tag=descriptor.keyword)
    count, first, bits = int(values[0]) or 65536, int(values[1]), int(values[2])
    words = lut_words(elements, data, count)
    if bits > 8 or words.max(initial=0) > 255:
        words = words >> (bits - 8 if bits > 8 else 8)
    return first, words.astype(np.uint8)


def lut_words(elements: Elements, data: Attribute, count: int) -> Array:
    """``count`` entries, uint16: two bytes each, or one when the value is only that long (C.11.1.1.1)."""
    length = len(elements.raw(data))
    if length >= 2 * count:
        return elements.array(data, "u2")[:count]
    if length >= count:
        return elements.array(data, "u1")[:count].astype(np.uint16)
    raise Damaged(f"{data} has {length} bytes for {count} entries", tag=data.keyword)
