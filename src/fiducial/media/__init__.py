"""From bytes to a header of facts and frames: DICOM, NIfTI, pictures and video."""

from __future__ import annotations

from fiducial.media.base import (
    Affine,
    Axis,
    Finding,
    Header,
    MediaFormat,
    MediaKind,
    Reader,
    Severity,
    Stage,
)
from fiducial.media.registry import FORMATS, check, format_named, open_media, read_header, sniff, verify

__all__ = [
    "FORMATS",
    "Affine",
    "Axis",
    "Finding",
    "Header",
    "MediaFormat",
    "MediaKind",
    "Reader",
    "Severity",
    "Stage",
    "check",
    "format_named",
    "open_media",
    "read_header",
    "sniff",
    "verify",
]
