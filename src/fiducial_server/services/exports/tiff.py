"""One frame as an uncompressed TIFF of one strip (TIFF 6.0, sections 3 to 6 and 19)."""

from __future__ import annotations

import struct

import numpy as np

from fiducial.media.base import Array

_SHORT, _LONG, _RATIONAL = 3, 4, 5
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
_FORMATS = {"u": _UNSIGNED, "i": _SIGNED, "f": _FLOAT}
_BLACK_IS_ZERO, _RGB = 1, 2
_NO_UNIT = 1


def exact_16_bit(values: Array) -> Array:
    """Grey values as int16, or uint16, when every one of them is kept exactly; else as they are. Colour is as it is."""
    if values.dtype.kind != "f" or not values.size:
        return values
    low, high = float(values.min()), float(values.max())  # NaN and infinity fail the comparisons
    for kind, least, most in ((np.int16, -32768, 32767), (np.uint16, 0, 65535)):
        if least <= low and high <= most and np.array_equal(values, np.rint(values)):
            return values.astype(kind)
    return values


def tiff_bytes(frame: Array) -> bytes:
    """``[row, column]`` or ``[row, column, 3]`` of any integer or floating dtype, little-endian."""
    rows, columns = frame.shape[:2]
    samples = 1 if frame.ndim == 2 else frame.shape[2]
    pixels = np.ascontiguousarray(frame, frame.dtype.newbyteorder("<")).tobytes()
    bits, form = [frame.dtype.itemsize * 8] * samples, [_FORMATS[frame.dtype.kind]] * samples
    tags: list[tuple[int, int, list[int]]] = [
        (256, _LONG, [columns]),
        (257, _LONG, [rows]),
        (258, _SHORT, bits),
        (259, _SHORT, [1]),  # not compressed
        (262, _SHORT, [_BLACK_IS_ZERO if samples == 1 else _RGB]),
        (273, _LONG, [0]),  # where the strip begins: known when the rest is
        (277, _SHORT, [samples]),
        (278, _LONG, [rows]),
        (279, _LONG, [len(pixels)]),
        (282, _RATIONAL, [1, 1]),
        (283, _RATIONAL, [1, 1]),
        (296, _SHORT, [_NO_UNIT]),
        (339, _SHORT, form),
    ]
    behind = 8 + 2 + 12 * len(tags) + 4
    extra = b"".join(_packed(kind, values) for _, kind, values in tags if len(_packed(kind, values)) > 4)
    tags[5] = (273, _LONG, [behind + len(extra)])
    return struct.pack("<2sHI", b"II", 42, 8) + _directory(tags, behind) + extra + pixels


def _packed(kind: int, values: list[int]) -> bytes:
    return struct.pack(f"<{len(values)}{'H' if kind == _SHORT else 'I'}", *values)


def _directory(tags: list[tuple[int, int, list[int]]], behind: int) -> bytes:
    entries = struct.pack("<H", len(tags))
    for tag, kind, values in tags:
        body = _packed(kind, values)
        count = len(values) // 2 if kind == _RATIONAL else len(values)
        if len(body) > 4:
            place, behind = behind, behind + len(body)
            body = struct.pack("<I", place)
        entries += struct.pack("<HHI", tag, kind, count) + body.ljust(4, b"\0")
    return entries + struct.pack("<I", 0)
