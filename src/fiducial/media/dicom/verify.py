"""The proof that pixel data is there in full, without decoding any of it."""

from __future__ import annotations

from typing import BinaryIO

from fiducial.media.dicom.codecs import check_codestream
from fiducial.media.dicom.codestream import read_codestream
from fiducial.media.dicom.dataset import Dataset, read_dataset
from fiducial.media.dicom.extent import EncapsulatedExtent, locate
from fiducial.media.dicom.pixel_format import PixelFormat, read_pixel_format
from fiducial.media.dicom.syntax import Codec


def verify(source: BinaryIO) -> None:
    """Damaged when anything is missing. Frames of an unknown codec are counted where that can be done."""
    dataset = read_dataset(source)
    try:
        verify_pixels(dataset, read_pixel_format(dataset))
    finally:
        dataset.close()


def verify_pixels(dataset: Dataset, pixels: PixelFormat | None) -> None:
    """The same for a file whose header is read already."""
    if pixels is None or dataset.syntax.codec in (Codec.VIDEO, Codec.UNKNOWN):
        return
    extent = locate(dataset.elements, pixels, dataset.syntax)
    extent.check()
    if isinstance(extent, EncapsulatedExtent):
        stream = read_codestream(dataset.syntax.codec, extent.head(0))
        if stream is not None:
            check_codestream(stream, pixels)
