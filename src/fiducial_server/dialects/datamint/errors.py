"""One table from the family of errors to this dialect's status and body, and what answers with it.

The body is ``{statusCode, message, error}``: old clients read ``message`` of every refusal, new ones show the whole text. A
404 always says "... not found", because the published client only then reports a missing thing as missing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from fiducial import errors

log = logging.getLogger(__name__)


class NotYet(errors.Unsupported):
    """An address of the wire that does nothing yet, whatever is sent to it."""


STATUS: Mapping[type[errors.FiducialError], int] = {
    errors.NotFound: 404,
    errors.AlreadyExists: 409,
    errors.Conflict: 409,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.Invalid: 400,
    errors.TooLarge: 413,
    errors.Unsupported: 422,  # this file, this request: clients take a 5xx for a fault of the server
    NotYet: 501,
    errors.Damaged: 400,
    errors.Unavailable: 503,
    errors.StorageFull: 507,
}


def status_of(error: errors.FiducialError) -> int:
    """The status of the closest class of the family."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def refusal(status: int, message: str, extra: Mapping[str, Any] | None = None) -> Response:
    """A refusal in this dialect's shape; ``extra`` keys stand beside the three (never instead of them)."""
    if status == HTTPStatus.NOT_FOUND and " not found" not in message:
        message = f"{message}: not found" if message else "The thing asked for was not found"
    body = {**(extra or {}), "statusCode": status, "message": message, "error": _phrase(status)}
    headers = {"WWW-Authenticate": 'Bearer realm="fiducial"'} if status == HTTPStatus.UNAUTHORIZED else None
    return Response(msgspec.json.encode(body), status, headers, "application/json")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def answer(error: BaseException) -> Response:
    """The refusal that tells ``error``; what is not of the family is logged and told without its inside."""
    if isinstance(error, errors.FiducialError):
        extra: dict[str, Any] = {"details": dict(error.details)} if error.details else {}
        if existing := error.details.get("existing_id"):
            extra["id"] = existing  # the published client reads the existing thing's id from a 409
        return refusal(status_of(error), error.message, extra)
    log.error("a request failed by a defect of the server", exc_info=error)
    return refusal(500, "the server failed in a way it did not foresee; its log says more")


def install(app: FastAPI) -> None:
    """Let every error of ``app`` leave in this dialect's shape."""
    app.add_exception_handler(errors.FiducialError, _family)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _family)


async def _family(_: Request, error: Exception) -> Response:
    return answer(error)


async def _validation(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return refusal(400, "; ".join(_one(entry) for entry in error.errors()))


def _one(entry: Mapping[str, Any]) -> str:
    cause = (entry.get("ctx") or {}).get("error")
    if isinstance(cause, errors.FiducialError):
        return cause.message
    where = ".".join(str(part) for part in entry.get("loc", ()) if part not in {"query", "path", "body"})
    return f"{where}: {entry.get('msg', 'is wrong')}" if where else str(entry.get("msg", "the request is wrong"))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = f"{request.method} {request.url.path[:200]}"
    if error.status_code == HTTPStatus.NOT_FOUND:
        return refusal(404, f"{path} not found: there is no such address here")
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return refusal(405, f"{path} is not something this address does")
    return refusal(error.status_code, str(error.detail))
