"""Pictures: PNG, JPEG, TIFF, BMP and WebP. The file's bytes are never changed, its raster never turned or blended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from fiducial.errors import Damaged
from fiducial.media.base import Header
from fiducial.media.picture.facts import describe
from fiducial.media.picture.jpeg import jpeg_header, prove_jpeg
from fiducial.media.picture.png import SIGNATURE, png_header, prove_png
from fiducial.media.picture.raster import judge_size, load, open_raster, stored_size
from fiducial.media.picture.reader import PictureReader
from fiducial.media.picture.samples import samples_of
from fiducial.media.picture.tiff import prove_tiff, tiff_pages
from fiducial.media.picture.tiff_directory import judge_directories
from fiducial.media.source import length, read_at

_TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_BMP_HEADERS = {12, 40, 52, 56, 64, 108, 124}


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture format: how it is known, judged before the library sees it, and proved whole."""

    name: str
    magic: Callable[[bytes], bool]
    judge: Callable[[BinaryIO], None]
    prove: Callable[[BinaryIO], None]

    def sniff(self, head: bytes) -> bool:
        return self.magic(head)

    def read_header(self, source: BinaryIO) -> Header:
        return self._opened(source)[0]

    def verify(self, source: BinaryIO) -> None:
        self.judge(source)
        self.prove(source)

    def open(self, source: BinaryIO) -> PictureReader:
        header, pages = self._opened(source)
        return PictureReader(source, header, pages)

    def _opened(self, source: BinaryIO) -> tuple[Header, tuple[int, ...]]:
        self.judge(source)
        image = open_raster(self.name, source)
        if self.name != "tiff":
            return describe(image, self.name, (0,), 0, False), (0,)
        pages, copies = tiff_pages(image)
        kinds = set()
        for page in pages:
            image.seek(page)
            kinds.add((stored_size(image), samples_of(image, self.name)))
        image.seek(pages[0])
        return describe(image, self.name, pages, copies, len(kinds) > 1), pages


def _judge_png(source: BinaryIO) -> None:
    header = png_header(source)
    judge_size("png", (header.width, header.height), length(source))


def _judge_jpeg(source: BinaryIO) -> None:
    header = jpeg_header(source)
    judge_size("jpeg", (header.width, header.height), length(source))


def _judge_webp(source: BinaryIO) -> None:
    """RIFF's own size field against the file's (WebP container specification, "File Header")."""
    needed = int.from_bytes(read_at(source, 4, 4, "the WebP header"), "little") + 8
    if needed > length(source):
        raise Damaged(
            f"the WebP is cut off: {length(source)} of {needed} bytes are there", needed=needed, present=length(source)
        )


def _judge_nothing(source: BinaryIO) -> None:
    """The library's header reading is enough."""


def _prove_by_decoding(name: str) -> Callable[[BinaryIO], None]:
    def prove(source: BinaryIO) -> None:
        load(open_raster(name, source), name)

    return prove


def _is_tiff(head: bytes) -> bool:
    """A DICOM file may carry a TIFF header in its preamble (PS3.10 7.1); it is DICOM all the same."""
    return head.startswith(_TIFF_MAGIC) and head[128:132] != b"DICM"


def _is_webp(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"WEBP"


def _is_bmp(head: bytes) -> bool:
    return head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS


PNG = Picture("png", lambda head: head.startswith(SIGNATURE), _judge_png, prove_png)
JPEG = Picture("jpeg", lambda head: head.startswith(b"\xff\xd8\xff"), _judge_jpeg, prove_jpeg)
TIFF = Picture("tiff", _is_tiff, judge_directories, prove_tiff)
BMP = Picture("bmp", _is_bmp, _judge_nothing, _prove_by_decoding("bmp"))
WEBP = Picture("webp", _is_webp, _judge_webp, _prove_by_decoding("webp"))
