"""What the client raises when the server refuses or cannot be reached.

Each is the matching class of :mod:`fiducial.errors`, and also the :mod:`httpx` exception that the documented interface
promises, so ``except httpx.HTTPStatusError`` and ``except fiducial.errors.NotFound`` both catch a missing resource.
"""

from __future__ import annotations

from typing import Any, ClassVar

import httpx

from fiducial.errors import (
    AlreadyExists,
    Conflict,
    FiducialError,
    Forbidden,
    Invalid,
    NotFound,
    StorageFull,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unsupported,
)

FiducialException = FiducialError
DatamintException = FiducialError
"""The base class under the name that existing scripts catch."""


class ApiError(FiducialError, httpx.HTTPStatusError):
    """The server answered, and the answer is a refusal; ``status_code`` and ``response`` tell which."""

    response: httpx.Response
    """The answer; for a refusal made before anything was sent, one that says the same."""

    _status: ClassVar[int] = 400

    def __init__(self, message: str, *, response: httpx.Response | None = None, **details: Any) -> None:
        Exception.__init__(self, message)  # httpx would insist on a response; some refusals are made before any
        self.message = message
        self.details = details if response is None else {"status_code": response.status_code, **details}
        self._request = None if response is None else response.request
        if response is None:  # scripts look at response.status_code, wherever the refusal was made
            response = httpx.Response(self.status_code or self._status, json={"message": message})
        self.response = response

    @property
    def status_code(self) -> int | None:
        """HTTP status of the answer; None when the refusal was made before anything was sent."""
        code = self.details.get("status_code")
        return int(code) if code is not None else None


class AuthenticationError(ApiError, Unauthenticated):
    """No API key, or one that is unknown, expired or revoked (401)."""

    _status = 401


class PermissionDeniedError(ApiError, Forbidden):
    """The key is known, and may not do this (403)."""

    _status = 403


class ItemNotFoundError(ApiError, NotFound):
    """The thing named does not exist, or this key may not know that it does (404)."""

    _status = 404


ResourceNotFoundError = ItemNotFoundError


class EntityAlreadyExistsError(ApiError, AlreadyExists):
    """A thing with this name or content exists (409); ``details['existing_id']`` names it where there is one."""

    _status = 409


class ConflictError(ApiError, Conflict):
    """The thing exists, but its state forbids this now (409)."""

    _status = 409


class ValidationError(ApiError, Invalid):
    """The request itself is wrong (400, 422); the message is the server's and names the field."""


class ModelNotDeployedError(ValidationError):
    """The model is not deployed, so the server cannot run it; ``details['model_name']`` names it."""


class TooLargeError(ApiError, TooLarge):
    """The file is over the server's limit (413)."""

    _status = 413


class UnsupportedError(ApiError, Unsupported):
    """Well-formed, but a thing this server does not do (501)."""

    _status = 501


class ServerError(ApiError):
    """The server failed (5xx); trying again later may help."""

    _status = 500


class StorageFullError(ServerError, StorageFull):
    """The server has no space left for the bytes (507)."""

    _status = 507


class NetworkError(Unavailable, httpx.TransportError):
    """The server cannot be reached, or the connection broke."""

    def __init__(self, message: str, *, request: httpx.Request | None = None, **details: Any) -> None:
        super().__init__(message, **details)
        self._request = request


class JobTimeoutError(FiducialError, TimeoutError):
    """The job did not finish within the time that the caller gave."""


_BY_STATUS: dict[int, type[ApiError]] = {
    400: ValidationError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: ItemNotFoundError,
    405: UnsupportedError,
    409: ConflictError,
    413: TooLargeError,
    415: ValidationError,
    422: ValidationError,
    501: UnsupportedError,
    507: StorageFullError,
}


_CONFLICT = 409


def error_from(response: httpx.Response, what: str | None = None) -> ApiError:
    """The exception for a refused request, with the server's own message; the body must have been read.

    ``what`` (a file name, say) is put in front of the message.
    """
    body = _body(response)
    message = _message(response, body)
    kind = _BY_STATUS.get(response.status_code, ServerError if response.status_code >= 500 else ApiError)
    told = body.get("details")
    details = dict(told) if isinstance(told, dict) else {}
    # a thing that exists is shown in the body itself: a user by its address, all else by its id
    shown = body.get("id") or body.get("email") if response.status_code == _CONFLICT else None
    if existing := details.get("existing_id") or shown:
        kind, details["existing_id"] = EntityAlreadyExistsError, existing
    return kind(f"{what}: {message}" if what and what not in message else message, response=response, **details)


def _body(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _message(response: httpx.Response, body: dict[str, Any]) -> str:
    for key in ("message", "detail", "error"):
        if isinstance(text := body.get(key), str) and text:
            return text
    text = response.text.strip()[:300]
    return text or f"the server answered {response.status_code} {response.reason_phrase}".rstrip()
