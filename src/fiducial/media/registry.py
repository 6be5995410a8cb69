"""Which format is this? Decided by content alone, never by a name; and the doors through which files are read."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import BinaryIO, cast

from fiducial.errors import Damaged, Unsupported
from fiducial.media.base import SNIFF_BYTES, Header, MediaFormat, Reader
from fiducial.media.lookalikes import name_of
from fiducial.media.source import read_up_to


@dataclass(frozen=True, slots=True)
class LazyFormat:
    """A format that is imported when it is first asked for."""

    name: str
    module: str
    attribute: str

    def load(self) -> MediaFormat:
        return cast(MediaFormat, getattr(import_module(self.module), self.attribute))


FORMATS: tuple[LazyFormat, ...] = (
    LazyFormat("nifti", "fiducial.media.nifti", "NIFTI"),
    LazyFormat("png", "fiducial.media.picture", "PNG"),
    LazyFormat("jpeg", "fiducial.media.picture", "JPEG"),
    LazyFormat("tiff", "fiducial.media.picture", "TIFF"),
    LazyFormat("bmp", "fiducial.media.picture", "BMP"),
    LazyFormat("webp", "fiducial.media.picture", "WEBP"),
    LazyFormat("video", "fiducial.media.video", "VIDEO"),
    LazyFormat("dicom", "fiducial.media.dicom", "DICOM"),
)
"""Asked in this order. DICOM is last because without its magic word it is known by likelihood only."""


def format_named(name: str) -> MediaFormat:
    """The registered format of that :attr:`Header.format` name; Unsupported names the ones there are."""
    for entry in FORMATS:
        if entry.name == name:
            return entry.load()
    known = ", ".join(entry.name for entry in FORMATS)
    raise Unsupported(f"there is no media format {name!r}; there are: {known}", format=name)


def sniff(source: BinaryIO) -> MediaFormat:
    """The format of these bytes. Raises Damaged for an empty file, Unsupported saying what was found instead.

    A DICOM file may carry a TIFF header in its 128-byte preamble (PS3.10 7.1), so DICOM's own magic word wins.
    """
    head = read_up_to(source, 0, SNIFF_BYTES)
    if not head:
        raise Damaged("the file is empty (0 bytes)")
    if head[128:132] == b"DICM":
        return format_named("dicom")
    for entry in FORMATS:
        media_format = entry.load()
        if media_format.sniff(head):
            return media_format
    raise Unsupported(
        f"this file {name_of(head)}; what can be read is DICOM, NIfTI (.nii, .nii.gz), PNG, JPEG, TIFF, BMP, WebP, and "
        "MP4, MOV, AVI, MKV, WebM or MPEG video",
        found=name_of(head),
        first_bytes=head[:16].hex(),
    )


def read_header(source: BinaryIO) -> Header:
    """Facts of the file without decoding pixels; see :meth:`MediaFormat.read_header` for the errors."""
    return sniff(source).read_header(source)


def verify(source: BinaryIO) -> None:
    """Prove that all pixel data are there; Damaged says what is missing."""
    sniff(source).verify(source)


def check(source: BinaryIO) -> Header:
    """:func:`read_header` and :func:`verify` in as few passes as the format can: what ingest calls.

    A format that can do both at once has a method ``check(source) -> Header`` of its own.
    """
    media_format = sniff(source)
    at_once = getattr(media_format, "check", None)
    if at_once is not None:
        return cast(Header, at_once(source))
    header = media_format.read_header(source)
    media_format.verify(source)
    return header


def open_media(source: BinaryIO) -> Reader:
    """A reader of frames. The caller keeps ``source`` open while it reads, and closes both."""
    return sniff(source).open(source)
