"""One picture file opened by Pillow's reader for exactly that format, judged before any pixel is allocated."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from fiducial.errors import Damaged, TooLarge, Unsupported
from fiducial.media.source import content_errors, length

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

LARGEST_PIXELS = {"tiff": 178_956_970, "webp": 178_956_970}
"""Pillow's own bound for these two; whole-slide images belong in DICOM."""
LARGEST_PIXELS_OTHERWISE = 1_000_000_000
_MOST_PIXELS_PER_BYTE = {"png": 8 * 1032, "jpeg": 32 * 32 * 8}
"""DEFLATE grows at most 1032-fold (8 one-bit pixels a byte); a JPEG unit of up to 32 x 32 pixels takes a bit."""

_PLUGINS = {
    "png": ("PngImagePlugin", "PngImageFile"),
    "jpeg": ("JpegImagePlugin", "JpegImageFile"),
    "tiff": ("TiffImagePlugin", "TiffImageFile"),
    "bmp": ("BmpImagePlugin", "BmpImageFile"),
    "webp": ("WebPImagePlugin", "WebPImageFile"),
}


def open_raster(name: str, source: BinaryIO) -> ImageFile:
    """The file's header, read; pixels only when it is loaded. Damaged or TooLarge before anything big happens."""
    module, plugin = _PLUGINS[name]
    source.seek(0)
    with content_errors(f"the {name.upper()} header is broken"):
        reader = getattr(import_module(f"PIL.{module}"), plugin)
        try:
            image = cast("ImageFile", reader(source))
        except (OSError, SyntaxError, ValueError) as error:
            if any(word in str(error).lower() for word in ("unknown", "unsupported", "unrecognized", "cannot handle")):
                raise Unsupported(f"this kind of {name.upper()} is not read: {error}", format=name) from error
            raise
    judge_size(name, stored_size(image), length(source))
    return image


def judge_size(name: str, size: tuple[int, int], file_bytes: int) -> None:
    """Refuse sizes beyond the limit, and sizes that this few bytes cannot possibly fill."""
    width, height = size
    pixels = width * height
    limit = LARGEST_PIXELS.get(name, LARGEST_PIXELS_OTHERWISE)
    if pixels > limit:
        raise TooLarge(
            f"the {name.upper()} says it is {width} x {height} = {pixels} pixels; the limit is {limit}",
            width=width,
            height=height,
            limit=limit,
        )
    if pixels > file_bytes * _MOST_PIXELS_PER_BYTE.get(name, pixels):
        raise Damaged(
            f"the {name.upper()} says it is {width} x {height} pixels, which {file_bytes} bytes cannot hold",
            width=width,
            height=height,
            present=file_bytes,
        )


def stored_size(image: ImageFile) -> tuple[int, int]:
    """(columns, rows) as they lie in the file: Pillow turns a TIFF by its orientation tag, we do not."""
    size: tuple[int, int] = getattr(image, "_tile_size", image.size)
    return size


def load(image: ImageFile, name: str) -> None:
    """Decode the current page, whole or not at all, and never turned."""
    from PIL import ImageFile as Settings

    if Settings.LOAD_TRUNCATED_IMAGES:
        raise Damaged(
            f"the {name.upper()} is not decoded: PIL.ImageFile.LOAD_TRUNCATED_IMAGES was switched on in this process, "
            "which fills missing pixels with invented ones; switch it off"
        )
    with content_errors(f"the {name.upper()} pixels are broken or cut off"):
        if name == "tiff":
            _keep_unturned(image)
            _in_native_order(image)
        image.load()


def _keep_unturned(image: Any) -> None:
    image.getexif()[_ORIENTATION] = 1
    image._size = image._tile_size


def _in_native_order(image: Any) -> None:
    """libtiff gives decompressed samples in the machine's byte order; Pillow still swaps those of a file of the other
    order when they are signed or wider than 16 bits, which makes noise of them."""
    for n, tile in enumerate(image.tile):
        if tile.codec_name == "libtiff" and tile.args[0] in _NATIVE_ORDER:
            image.tile[n] = tile._replace(args=(_NATIVE_ORDER[tile.args[0]], *tile.args[1:]))


_NATIVE_ORDER = {
    "I;16S": "I;16NS",
    "I;16BS": "I;16NS",
    "I;32S": "I;32NS",
    "I;32BS": "I;32NS",
    "F;32F": "F;32NF",
    "F;32BF": "F;32NF",
}


_ORIENTATION = 274


def orientation(image: ImageFile, name: str) -> int:
    """EXIF or TIFF orientation, 1 (as stored) to 8; 1 when there is none or it is nonsense."""
    value: object = 1
    if name == "tiff":
        value = cast(Any, image).tag_v2.get(_ORIENTATION, 1)
    elif image.info.get("exif"):
        from PIL.Image import Exif

        exif = Exif()
        try:
            exif.load(image.info["exif"])
            value = exif.get(_ORIENTATION, 1)
        except Exception:  # a broken EXIF block says nothing about the pixels
            value = 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1  # EXIF's range
