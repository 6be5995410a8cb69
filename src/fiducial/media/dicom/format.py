"""DICOM as one of the media formats."""

from __future__ import annotations

from typing import BinaryIO

from fiducial.media.base import Header, Reader


class DicomFormat:
    """PS3.10 files, and datasets without preamble when they are plainly that."""

    name = "dicom"

    def sniff(self, head: bytes) -> bool:
        from fiducial.media.dicom.sniff import is_dicom

        return is_dicom(head)

    def read_header(self, source: BinaryIO) -> Header:
        from fiducial.media.dicom.header import read_header

        return read_header(source)

    def verify(self, source: BinaryIO) -> None:
        """Every frame's bytes are in the file: native by length, encapsulated by walking fragments to the delimiter."""
        from fiducial.media.dicom.verify import verify

        verify(source)

    def check(self, source: BinaryIO) -> Header:
        """:meth:`read_header` and :meth:`verify` in one reading of the file's elements: what every upload asks for."""
        from fiducial.media.dicom.header import parse
        from fiducial.media.dicom.verify import verify_pixels

        parsed = parse(source)
        try:
            verify_pixels(parsed.dataset, parsed.pixels)
        finally:
            parsed.dataset.close()
        return parsed.header

    def open(self, source: BinaryIO) -> Reader:
        from fiducial.media.dicom.reader import DicomReader

        return DicomReader(source)


DICOM = DicomFormat()
