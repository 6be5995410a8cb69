"""DICOM images: header facts, frames, series as volumes, and multi-frame objects made of series."""

from fiducial.media.dicom.format import DICOM

__all__ = ["DICOM"]
