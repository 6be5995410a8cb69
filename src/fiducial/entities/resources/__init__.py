"""Resources by kind, and which kind the server's words mean."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any

from pydantic import Discriminator, Tag

from fiducial.entities.resource import Resource
from fiducial.entities.resources.dicom_resource import DICOMResource
from fiducial.entities.resources.image_resource import ImageResource
from fiducial.entities.resources.nifti_resource import NiftiResource
from fiducial.entities.resources.video_resource import VideoResource
from fiducial.entities.resources.volume_resource import VolumeResource

_KINDS: tuple[type[Resource], ...] = (DICOMResource, NiftiResource, VolumeResource, VideoResource, ImageResource)
"""Highest priority first; DICOM before NIfTI where both would do."""


def resource_class(storage: str | None, mimetype: str | None, filename: str | None) -> type[Resource]:
    """The class of highest priority that any of the three points to."""
    name = (filename or "").lower()
    suffix = ".nii.gz" if name.endswith(".nii.gz") else name[name.rfind(".") :]
    return _resource_class(storage, mimetype, suffix)  # the ending is all it looks at, so that the answer is remembered


@lru_cache(maxsize=4096)
def _resource_class(storage: str | None, mimetype: str | None, filename: str) -> type[Resource]:
    for kind in _KINDS:
        if kind.matches_payload(storage=storage, mimetype=mimetype, filename=filename):
            return kind
    return Resource


def _tag(data: Any) -> str:
    if isinstance(data, Resource):
        return type(data).__name__
    return resource_class(data.get("storage"), data.get("mimetype"), data.get("filename")).__name__


AnyResource = Annotated[
    Annotated[DICOMResource, Tag("DICOMResource")]
    | Annotated[NiftiResource, Tag("NiftiResource")]
    | Annotated[VolumeResource, Tag("VolumeResource")]
    | Annotated[VideoResource, Tag("VideoResource")]
    | Annotated[ImageResource, Tag("ImageResource")]
    | Annotated[Resource, Tag("Resource")],
    Discriminator(_tag),
]
"""For lists: each row becomes the class of its kind."""

__all__ = [
    "AnyResource",
    "DICOMResource",
    "ImageResource",
    "NiftiResource",
    "VideoResource",
    "VolumeResource",
    "resource_class",
]
