"""The groups of calls, one file per noun."""

from __future__ import annotations

from fiducial.api.endpoints.annotations_api import AnnotationsApi
from fiducial.api.endpoints.channels_api import ChannelsApi
from fiducial.api.endpoints.datasetsinfo_api import DatasetsInfoApi
from fiducial.api.endpoints.projects_api import ProjectsApi
from fiducial.api.endpoints.resources_api import ResourcesApi
from fiducial.api.endpoints.users_api import UsersApi

__all__ = ["AnnotationsApi", "ChannelsApi", "DatasetsInfoApi", "ProjectsApi", "ResourcesApi", "UsersApi"]
