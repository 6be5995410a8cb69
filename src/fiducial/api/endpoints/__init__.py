"""The groups of calls, one file per noun. A group is loaded when it is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fiducial.api.endpoints.annotations_api import AnnotationsApi
    from fiducial.api.endpoints.annotationsets_api import AnnotationWorklistApi
    from fiducial.api.endpoints.channels_api import ChannelsApi
    from fiducial.api.endpoints.datasetsinfo_api import DatasetsInfoApi
    from fiducial.api.endpoints.deploy_api import DeployModelApi
    from fiducial.api.endpoints.inference_api import InferenceApi
    from fiducial.api.endpoints.models_api import ModelsApi
    from fiducial.api.endpoints.pod_logs_api import PodLogsApi
    from fiducial.api.endpoints.projects_api import ProjectsApi
    from fiducial.api.endpoints.resources_api import ResourcesApi
    from fiducial.api.endpoints.users_api import UsersApi
    from fiducial.api.endpoints.validation_studies_api import ValidationStudiesApi

__all__ = [
    "AnnotationWorklistApi",
    "AnnotationsApi",
    "ChannelsApi",
    "DatasetsInfoApi",
    "DeployModelApi",
    "InferenceApi",
    "ModelsApi",
    "PodLogsApi",
    "ProjectsApi",
    "ResourcesApi",
    "UsersApi",
    "ValidationStudiesApi",
]

_MODULES = {
    "AnnotationWorklistApi": "annotationsets_api",
    "AnnotationsApi": "annotations_api",
    "ChannelsApi": "channels_api",
    "DatasetsInfoApi": "datasetsinfo_api",
    "DeployModelApi": "deploy_api",
    "InferenceApi": "inference_api",
    "ModelsApi": "models_api",
    "PodLogsApi": "pod_logs_api",
    "ProjectsApi": "projects_api",
    "ResourcesApi": "resources_api",
    "UsersApi": "users_api",
    "ValidationStudiesApi": "validation_studies_api",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
