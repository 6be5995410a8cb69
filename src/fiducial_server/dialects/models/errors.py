"""One table from the family of errors to MLflow's status, code and body ``{error_code, message}``."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import msgspec
from starlette.responses import Response

from fiducial import errors

log = logging.getLogger(__name__)


class NoEndpoint(errors.NotFound):
    """An address that is not in :mod:`fiducial_server.dialects.models.table`."""


TABLE: Mapping[type[errors.FiducialError], tuple[int, str]] = {
    NoEndpoint: (404, "ENDPOINT_NOT_FOUND"),
    errors.NotFound: (404, "RESOURCE_DOES_NOT_EXIST"),
    errors.AlreadyExists: (400, "RESOURCE_ALREADY_EXISTS"),
    errors.Conflict: (409, "RESOURCE_CONFLICT"),
    errors.Unauthenticated: (401, "UNAUTHENTICATED"),
    errors.Forbidden: (403, "PERMISSION_DENIED"),
    errors.Invalid: (400, "INVALID_PARAMETER_VALUE"),
    errors.TooLarge: (413, "INVALID_PARAMETER_VALUE"),
    errors.Unsupported: (501, "NOT_IMPLEMENTED"),
    errors.Damaged: (400, "BAD_REQUEST"),
    errors.Unavailable: (503, "TEMPORARILY_UNAVAILABLE"),
    errors.StorageFull: (507, "RESOURCE_EXHAUSTED"),
}


def answer(error: BaseException) -> Response:
    """The refusal that tells ``error``; what is not of the family is logged and told without its inside."""
    if not isinstance(error, errors.FiducialError):
        log.error("a request to the models host failed by a defect of the server", exc_info=error)
        return refusal(500, "INTERNAL_ERROR", "the server failed in a way it did not foresee; its log says more")
    status, code = next(TABLE[kind] for kind in type(error).__mro__ if kind in TABLE)
    return refusal(status, code, error.message)


def refusal(status: int, code: str, message: str) -> Response:
    body = msgspec.json.encode({"error_code": code, "message": message})
    return Response(body, status, media_type="application/json")
