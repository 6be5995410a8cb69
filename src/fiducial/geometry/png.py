"""Masks as PNG files (ISO/IEC 15948): the Datamint client's are 8-bit grey, 0 and 255, of full size."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from fiducial.errors import Damaged, Invalid, Unsupported
from fiducial.geometry.mask import BoolArray, Mask

if TYPE_CHECKING:
    from PIL.Image import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHUNK = struct.Struct(">I4s")
_IHDR = struct.Struct(">IIBBBBB")
_GREY = 0
_EIGHT, _SIXTEEN = 8, 16


def mask_to_png(mask: Mask, bits: int = 8) -> bytes:
    """The full frame as a grey PNG; ``bits`` 8 gives 0 and 255, ``bits`` 1 gives 0 and 1 (shown as black and white)."""
    if bits not in (1, _EIGHT):
        raise Invalid(f"bits is {bits}, and must be 1 or 8", field="bits")
    from isal import isal_zlib

    pixels = mask.to_array()
    row_bytes = np.packbits(pixels, axis=1) if bits == 1 else pixels.view(np.uint8) * np.uint8(255)
    # Every row begins with its filter type; 0, "none", is best for two values.
    filtered = np.zeros((mask.height, row_bytes.shape[1] + 1), np.uint8)
    filtered[:, 1:] = row_bytes
    header = _IHDR.pack(mask.width, mask.height, bits, _GREY, 0, 0, 0)
    body = isal_zlib.compress(filtered.data, isal_zlib.ISAL_BEST_SPEED)
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def mask_from_png(png: bytes, expected_size: tuple[int, int] | None = None) -> Mask:
    """Every pixel that is not 0 is set.

    ``expected_size`` is (width, height); another size is Invalid, and is found before any pixel is decoded. Files that
    are cut off or whose checksums are wrong are Damaged. Several channels must be grey, and nothing that is coloured
    may be fully transparent: what such a mask means cannot be known, so it is Invalid.
    """
    _check_whole(png)
    width, height, depth, colour_type, *_ = _IHDR.unpack(png[16:29])
    if expected_size is not None and (width, height) != expected_size:
        wanted = f"{expected_size[0]} x {expected_size[1]}"
        raise Invalid(
            f"the mask is {width} x {height} pixels and the image {wanted} (width x height)",
            field="mask",
            mask_size=[width, height],
            image_size=list(expected_size),
        )
    if depth == _SIXTEEN and colour_type != _GREY:
        raise Unsupported("a mask in a PNG of several 16-bit channels is not read: save it as 8-bit grey")
    return Mask.from_array(_decode(png))


def _decode(png: bytes) -> BoolArray:
    from PIL import Image

    try:
        with Image.open(BytesIO(png), formats=["PNG"]) as image:
            if getattr(image, "n_frames", 1) > 1:
                raise Invalid("the mask is an animated PNG, and one frame is wanted", field="mask")
            image.load()
            return _set_pixels(image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, Invalid):
            raise
        raise Damaged(f"the mask is not a readable PNG: {error}") from error


def _set_pixels(image: Image) -> BoolArray:
    if image.mode in ("1", "L", "I", "I;16"):
        return np.asarray(np.asarray(image) != 0)
    pixels = np.asarray(image.convert("RGBA"))
    red, green, blue, alpha = (pixels[:, :, channel] for channel in range(4))
    if not (np.array_equal(red, green) and np.array_equal(green, blue)):
        raise Invalid("the mask has colours, and must be grey: which colour is meant cannot be known", field="mask")
    if bool(((alpha == 0) & (red != 0)).any()):
        raise Invalid("the mask has pixels that are white and fully transparent at once", field="mask")
    return np.asarray(red != 0)


def _check_whole(png: bytes) -> None:
    """Walk all chunks up to IEND and prove their lengths and checksums, which the decoder does not insist on."""
    from isal.isal_zlib import crc32

    if png[:8] != SIGNATURE:
        raise Invalid("the mask is not a PNG file", field="mask")
    place = 8
    names: list[bytes] = []
    view = memoryview(png)
    while not names or names[-1] != b"IEND":
        if place + 12 > len(png):
            raise Damaged("the PNG is cut off: its end mark is missing")
        size, name = _CHUNK.unpack_from(png, place)
        end = place + 8 + size
        if end + 4 > len(png):
            raise Damaged(f"the PNG is cut off inside its {name.decode('latin-1')} chunk")
        if crc32(view[place + 4 : end]) != int.from_bytes(view[end : end + 4], "big"):
            raise Damaged(f"the PNG's {name.decode('latin-1')} chunk does not match its checksum")
        names.append(name)
        place = end + 4
    if names[0] != b"IHDR" or _CHUNK.unpack_from(png, 8)[0] != _IHDR.size:
        raise Damaged("the PNG does not begin with its header")
    if b"IDAT" not in names:
        raise Damaged("the PNG has no pixels")


def _chunk(name: bytes, content: bytes) -> bytes:
    from isal.isal_zlib import crc32

    return _CHUNK.pack(len(content), name) + content + crc32(name + content).to_bytes(4, "big")
