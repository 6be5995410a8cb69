"""Addresses of the wire that are known but do nothing yet: they say so, instead of answering something made up."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from starlette.responses import Response

from fiducial_server.dialects.datamint.errors import NotYet

router = APIRouter(tags=["not available yet"])

LATER: tuple[tuple[str, str, str], ...] = (
    ("POST", "/users/invite", "inviting users (create them with POST /users instead)"),
    ("GET", "/users/invitations", "invitations of users"),
    ("DELETE", "/users/invitations/{email}/revoke", "invitations of users"),
    ("GET", "/projects/{pid}/splits", "splits of a project"),
    ("POST", "/projects/{pid}/splits", "splits of a project"),
    ("GET", "/projects/{pid}/resources/{rid}/split", "splits of a project"),
    ("DELETE", "/projects/{pid}/resources/{rid}/annotator/{email}/status-reset", "resetting an annotator"),
    ("GET", "/projects/{pid}/download-annotations", "download of annotations as a table"),
    ("GET", "/projects/{pid}/annotated_dataset", "download of a project as one archive"),
    ("GET", "/projects/{pid}/annotators-statistic", "statistics of annotators"),
    ("GET", "/projects/{pid}/annotations-statistic", "statistics of annotations"),
    ("GET", "/projects/{pid}/files-matrix-statistic", "statistics of files"),
    ("GET", "/projects/{pid}/users/{email}/status", "the status of one annotator"),
    ("GET", "/projects/{pid}/reviewmessages", "review messages"),
    ("POST", "/projects/{pid}/validation-studies", "validation studies"),
    ("GET", "/projects/{pid}/experiments", "experiments"),
    ("GET", "/validation-studies", "validation studies"),
    ("GET", "/validation-studies/{sid}", "validation studies"),
    ("PUT", "/validation-studies/{sid}/resources", "validation studies"),
    ("POST", "/validation-studies/{sid}/readers", "validation studies"),
    ("POST", "/annotationsets/{wid}/segmentation-group/upload", "a segmentation group from a file"),
    ("GET", "/annotationsets/{wid}/resources/{rid}/segmentations", "segmentations by annotation set"),
    ("POST", "/annotationsets/{wid}/resources/{rid}/segmentations", "segmentations by annotation set"),
    ("GET", "/annotationsets/{wid}/resources/{rid}/annotations", "annotations by annotation set"),
    ("GET", "/annotationsets/{wid}/resources/{rid}/ai_segmentations", "segmentations by models"),
    ("DELETE", "/annotationsets/{wid}/resources/{rid}/annotator/{email}/status-reset", "resetting an annotator"),
    ("POST", "/annotationsets/{wid}/annotators/{user_id}", "annotators of an annotation set"),
    ("DELETE", "/annotationsets/{wid}/annotators/{user_id}", "annotators of an annotation set"),
    ("GET", "/annotationsets/{wid}/users/{email}", "the status of one annotator"),
    ("GET", "/annotationsets/{wid}/annotators-statistic", "statistics of annotators"),
    ("GET", "/annotationsets/{wid}/annotations-statistic", "statistics of annotations"),
    ("GET", "/annotationsets/{wid}/download-annotations", "download of annotations as a table"),
    ("GET", "/datasets/download/{token}", "download of a dataset as one archive"),
    ("GET", "/datasets/{did}/download/{kind}", "download of a dataset as one archive"),
    ("DELETE", "/datasets/{did}", "deleting a dataset (archive its project instead)"),
    ("GET", "/experiments", "experiments"),
    ("POST", "/experiments", "experiments"),
    ("GET", "/experiments/{rest:path}", "experiments"),
    ("POST", "/experiments/{rest:path}", "experiments"),
    ("PATCH", "/experiments/{rest:path}", "experiments"),
)
"""Method, path, and what is not there yet."""


def _handler(what: str) -> Callable[[], Response]:
    def handler() -> Response:
        raise NotYet(f"{what} is not available yet")

    return handler


for _method, _path, _what in LATER:
    router.add_api_route(_path, _handler(_what), methods=[_method], summary=f"Not available yet: {_what}")
