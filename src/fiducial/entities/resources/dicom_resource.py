"""DICOM."""

from __future__ import annotations

from typing import ClassVar

from fiducial.entities.resources.volume_resource import VolumeResource


class DICOMResource(VolumeResource):
    """A DICOM file, or a series of them."""

    resource_kind: ClassVar[str] = "dicom"
    resource_priority: ClassVar[int] = 50
    storage_aliases: ClassVar[tuple[str, ...]] = ("DicomResource", "DicomResourceHandler")
    mimetypes: ClassVar[tuple[str, ...]] = ("application/dicom", "application/x-dicom")
    filename_suffixes: ClassVar[tuple[str, ...]] = (".dcm", ".dicom")

    @property
    def uids(self) -> dict[str, str]:
        """The UIDs that are known: ``instance_uid``, ``series_uid``, ``study_uid``."""
        names = ("instance_uid", "series_uid", "study_uid")
        return {name: uid for name in names if (uid := getattr(self, name)) is not None}
