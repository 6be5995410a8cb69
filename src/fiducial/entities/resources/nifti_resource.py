"""NIfTI."""

from __future__ import annotations

from typing import ClassVar

from fiducial.entities.resources.volume_resource import VolumeResource


class NiftiResource(VolumeResource):
    """A NIfTI volume."""

    resource_kind: ClassVar[str] = "nifti"
    resource_priority: ClassVar[int] = 50
    storage_aliases: ClassVar[tuple[str, ...]] = ("NiftiResource", "NiftiResourceHandler")
    mimetypes: ClassVar[tuple[str, ...]] = ("application/nifti", "application/x-nifti", "image/x.nifti")
    filename_suffixes: ClassVar[tuple[str, ...]] = (".nii", ".nii.gz")

    @property
    def is_compressed(self) -> bool:
        """Whether the file is gzip-compressed, by its name."""
        return self.filename.lower().endswith(".gz")
