"""NIfTI-1 and NIfTI-2, single file, plain or gzip, either byte order."""

from __future__ import annotations

from typing import BinaryIO

from fiducial.errors import Damaged
from fiducial.media.base import SNIFF_BYTES, Header
from fiducial.media.nifti.facts import describe
from fiducial.media.nifti.header import HEADER_BYTES, NiftiHeader, magic_of, parse
from fiducial.media.nifti.reader import NiftiReader
from fiducial.media.nifti.voxels import LARGEST_INFLATION, count_inflated, inflated_head, is_gzip
from fiducial.media.source import length, read_up_to

TOLERATED_TRAILING_BYTES = 1 << 20
"""A gzip file may hold this much behind the image data (padding); beyond it is not what its header says."""


class Nifti:
    """The media format ``nifti``."""

    name = "nifti"

    def sniff(self, head: bytes) -> bool:
        return magic_of(inflated_head(head) if is_gzip(head) else head) is not None

    def read_header(self, source: BinaryIO) -> Header:
        return describe(_parsed(source))

    def verify(self, source: BinaryIO) -> None:
        _prove_whole(source, _parsed(source))

    def check(self, source: BinaryIO) -> Header:
        parsed = _parsed(source)
        _prove_whole(source, parsed)
        return describe(parsed)

    def open(self, source: BinaryIO) -> NiftiReader:
        parsed = _parsed(source)
        return NiftiReader(source, parsed, describe(parsed))


def _parsed(source: BinaryIO) -> NiftiHeader:
    """The header, refused at once when the file is too small to hold what it announces, however it is compressed."""
    head = read_up_to(source, 0, SNIFF_BYTES)
    packed = is_gzip(head)
    parsed = parse(inflated_head(head) if packed else head[:HEADER_BYTES])
    size = length(source)
    possible = size * LARGEST_INFLATION if packed else size
    if parsed.end_of_data > possible:
        raise Damaged(
            f"the NIfTI header announces {parsed.end_of_data} bytes (sizes {list(parsed.dim[1 : parsed.dim[0] + 1])}), "
            f"the {'compressed ' if packed else ''}file has {size}: it is cut off, or the header is wrong",
            needed=parsed.end_of_data,
            present=size,
        )
    return parsed


def _prove_whole(source: BinaryIO, parsed: NiftiHeader) -> None:
    if not is_gzip(read_up_to(source, 0, 2)):
        return  # the size was compared with the header already
    needed = parsed.end_of_data
    present = count_inflated(source, needed + TOLERATED_TRAILING_BYTES)
    if present < needed:
        raise Damaged(
            f"the NIfTI image data are cut off: {present} of {needed} bytes are there", present=present, needed=needed
        )
    if present > needed + TOLERATED_TRAILING_BYTES:
        raise Damaged(
            f"the file inflates to more than {present} bytes where its header announces {needed}: header and data "
            "do not belong together",
            present=present,
            needed=needed,
        )


NIFTI = Nifti()
