"""The things on the server: projects, resources, annotations, users, channels, and the local cache of their files.

A class is loaded when it is first asked for: a session that only uploads builds no models of annotations.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fiducial.entities.annotation_worklist import AnnotationWorklist
    from fiducial.entities.annotations import Annotation, AnnotationSpec
    from fiducial.entities.base_entity import MISSING_FIELD, BaseEntity, BaseEntityModel
    from fiducial.entities.cache_manager import CacheManager
    from fiducial.entities.channel import Channel, ChannelResourceData
    from fiducial.entities.datasetinfo import DatasetInfo
    from fiducial.entities.inferencejob import InferenceJob
    from fiducial.entities.local_resource import LocalResource
    from fiducial.entities.project import Project
    from fiducial.entities.project_resource_split import ProjectResourceSplit
    from fiducial.entities.resource import Resource
    from fiducial.entities.resources import DICOMResource, ImageResource, NiftiResource, VideoResource, VolumeResource
    from fiducial.entities.sliced_video_resource import SlicedVideoResource
    from fiducial.entities.sliced_volume_resource import SlicedVolumeResource
    from fiducial.entities.user import User
    from fiducial.entities.validation_study import ValidationStudy

__all__ = [
    "MISSING_FIELD",
    "Annotation",
    "AnnotationSpec",
    "AnnotationWorklist",
    "BaseEntity",
    "BaseEntityModel",
    "CacheManager",
    "Channel",
    "ChannelResourceData",
    "DICOMResource",
    "DatasetInfo",
    "ImageResource",
    "InferenceJob",
    "LocalResource",
    "NiftiResource",
    "Project",
    "ProjectResourceSplit",
    "Resource",
    "SlicedVideoResource",
    "SlicedVolumeResource",
    "User",
    "ValidationStudy",
    "VideoResource",
    "VolumeResource",
]

_MODULES = {
    "MISSING_FIELD": "base_entity",
    "Annotation": "annotations",
    "AnnotationSpec": "annotations",
    "AnnotationWorklist": "annotation_worklist",
    "BaseEntity": "base_entity",
    "BaseEntityModel": "base_entity",
    "CacheManager": "cache_manager",
    "Channel": "channel",
    "ChannelResourceData": "channel",
    "DICOMResource": "resources",
    "DatasetInfo": "datasetinfo",
    "ImageResource": "resources",
    "InferenceJob": "inferencejob",
    "LocalResource": "local_resource",
    "NiftiResource": "resources",
    "Project": "project",
    "ProjectResourceSplit": "project_resource_split",
    "Resource": "resource",
    "SlicedVideoResource": "sliced_video_resource",
    "SlicedVolumeResource": "sliced_volume_resource",
    "User": "user",
    "ValidationStudy": "validation_study",
    "VideoResource": "resources",
    "VolumeResource": "resources",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
