"""The one object of the older interface."""

from __future__ import annotations

from fiducial.apihandler.downloads import DownloadCalls
from fiducial.apihandler.experiments import ExperimentCalls
from fiducial.apihandler.lines import LineCalls
from fiducial.apihandler.projects import ProjectCalls
from fiducial.apihandler.resources import ResourceCalls
from fiducial.apihandler.segmentation_files import SegmentationFileCalls
from fiducial.apihandler.segmentations import SegmentationCalls
from fiducial.apihandler.uploads import UploadCalls
from fiducial.apihandler.users import UserCalls
from fiducial.apihandler.worklists import WorklistCalls


class APIHandler(
    UploadCalls,
    DownloadCalls,
    ResourceCalls,
    LineCalls,
    SegmentationCalls,
    SegmentationFileCalls,
    WorklistCalls,
    ProjectCalls,
    ExperimentCalls,
    UserCalls,
):
    """Every call of the older interface, for scripts that were written for it.

    ::

        from fiducial import APIHandler

        api = APIHandler()
        for resource in api.get_resources(status="inbox"):
            print(resource["filename"])

    Lists that are generators fetch page by page while they are read; the others are whole. Where something is looked for and
    is not there, :class:`~fiducial.apihandler.base_api_handler.ResourceNotFoundError` is raised; every refusal is a
    :data:`~fiducial.apihandler.base_api_handler.DatamintException`.
    """
