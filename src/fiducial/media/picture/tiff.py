"""Pages of a TIFF, and proof that all their strips or tiles are there (TIFF 6.0, sections 3, 8 and 15)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, cast

from fiducial.errors import Damaged
from fiducial.media.picture.raster import load, open_raster, stored_size
from fiducial.media.source import content_errors, length

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_NEW_SUBFILE_TYPE, _COMPRESSION, _SAMPLES_PER_PIXEL, _BITS = 254, 259, 277, 258
_STRIPS, _TILES = (273, 279), (324, 325)
_REDUCED_RESOLUTION = 1
_UNCOMPRESSED = 1
LARGEST_PROVED_PIXELS = 1 << 26
"""Compressed pages up to this are decoded to prove them; larger ones by the places of their strips alone."""


def tiff_pages(image: ImageFile) -> tuple[tuple[int, ...], int]:
    """(page numbers that are images in their own right, how many reduced-resolution copies were left out).

    When every page calls itself a reduced copy, all count. Leaves the image at the first page that counts.
    """
    full: list[int] = []
    page = 0
    with content_errors("the TIFF directory is broken"):
        while _seek(image, page):
            kind = cast(Any, image).tag_v2.get(_NEW_SUBFILE_TYPE, 0)
            if not (isinstance(kind, int) and kind & _REDUCED_RESOLUTION):
                full.append(page)
            page += 1
        counted = tuple(full) or tuple(range(page))
        image.seek(counted[0])
    return counted, page - len(counted)


def _seek(image: ImageFile, page: int) -> bool:
    try:
        image.seek(page)
    except EOFError:
        return False
    return True


def prove_tiff(source: BinaryIO) -> None:
    image = open_raster("tiff", source)
    end = length(source)
    pages, _ = tiff_pages(image)
    for page in pages:
        with content_errors("the TIFF directory is broken"):
            image.seek(page)
            places = _places(image, page)
        _prove_places(image, page, places, end)
        width, height = stored_size(image)
        if cast(Any, image).tag_v2.get(_COMPRESSION, 1) != _UNCOMPRESSED and width * height <= LARGEST_PROVED_PIXELS:
            load(image, "tiff")


def _places(image: ImageFile, page: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    tags = cast(Any, image).tag_v2
    for offsets_tag, counts_tag in (_STRIPS, _TILES):
        if offsets_tag in tags:
            offsets, counts = _numbers(tags[offsets_tag]), _numbers(tags.get(counts_tag, ()))
            if len(offsets) != len(counts):
                raise Damaged(
                    f"page {page} of the TIFF has {len(offsets)} strip offsets and {len(counts)} strip sizes", page=page
                )
            return offsets, counts
    raise Damaged(f"page {page} of the TIFF has no image data", page=page)


def _numbers(value: object) -> tuple[int, ...]:
    return tuple(int(v) for v in value) if isinstance(value, tuple | list) else (int(cast(Any, value)),)


def _prove_places(image: ImageFile, page: int, places: tuple[tuple[int, ...], tuple[int, ...]], end: int) -> None:
    for offset, count in zip(*places, strict=True):
        if offset + count > end:
            raise Damaged(
                f"page {page} of the TIFF is cut off: a strip needs bytes {offset} to {offset + count}, the file has "
                f"{end}",
                page=page,
                needed=offset + count,
                present=end,
            )
    tags = cast(Any, image).tag_v2
    if tags.get(_COMPRESSION, 1) != _UNCOMPRESSED:
        return
    width, height = stored_size(image)
    bits = sum(_numbers(tags.get(_BITS, (1,))))
    needed = height * ((width * bits + 7) // 8)
    if sum(places[1]) < needed:
        raise Damaged(
            f"page {page} of the TIFF holds {sum(places[1])} of {needed} bytes of pixels", page=page, needed=needed
        )
