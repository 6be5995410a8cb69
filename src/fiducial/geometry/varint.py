"""Signed integers in as few bytes as they need, all of a list at once.

The scheme is that of DWARF's SLEB128 with a choice of digit size: lowest digits first, each byte holding ``digit_bits``
of them and one bit that says whether more follow; the highest digit's top bit is the sign. Seven bits give SLEB128
itself, five bits (plus 48, to be printable) the compressed strings of COCO.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fiducial.errors import Damaged

_INT64_BITS = 64


def encode(values: npt.NDArray[np.int64], digit_bits: int) -> bytes:
    """The bytes of all values, one after the other."""
    if not len(values):
        return b""
    more, mask = 1 << digit_bits, (1 << digit_bits) - 1
    count = _digit_counts(values, digit_bits)
    widest = int(count.max())
    place = np.arange(widest)
    digits = (values[:, None] >> (place * digit_bits)) & mask
    used = place < count[:, None]
    digits |= np.where(place < count[:, None] - 1, more, 0)
    return digits[used].astype(np.uint8).tobytes()


def decode(encoded: npt.NDArray[np.uint8], digit_bits: int) -> npt.NDArray[np.int64]:
    """All values of the bytes; Damaged when the last one is cut off or one is over 64 bits."""
    if not len(encoded):
        return np.zeros(0, np.int64)
    more, mask, sign = 1 << digit_bits, (1 << digit_bits) - 1, 1 << (digit_bits - 1)
    last = np.flatnonzero((encoded & more) == 0)
    if not len(last) or last[-1] != len(encoded) - 1:
        raise Damaged("the encoded numbers are cut off in the middle of one")
    first = np.concatenate([[0], last[:-1] + 1])
    count = last - first + 1
    if int(count.max()) * digit_bits >= _INT64_BITS:
        raise Damaged("an encoded number is longer than any that can be meant")
    place = np.arange(len(encoded)) - np.repeat(first, count)
    digits = (encoded & mask).astype(np.int64) << (place * digit_bits)
    negative = (encoded[last] & sign) != 0
    return np.add.reduceat(digits, first) - np.where(negative, np.int64(1) << (count * digit_bits), 0)


def _digit_counts(values: npt.NDArray[np.int64], digit_bits: int) -> npt.NDArray[np.int64]:
    count = np.ones(len(values), np.int64)
    magnitude = np.where(values < 0, ~values, values) >> (digit_bits - 1)
    while magnitude.any():
        count += magnitude > 0
        magnitude >>= digit_bits
    return count
