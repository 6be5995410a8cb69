"""The things on the server: projects, resources, annotations, users, channels, and the local cache of their files."""

from __future__ import annotations

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

__all__ = [
    "MISSING_FIELD",
    "Annotation",
    "AnnotationSpec",
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
    "VideoResource",
    "VolumeResource",
]
