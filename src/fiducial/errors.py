"""The one family of errors that Fiducial's own code raises.

Every error is also the built-in exception that fits, says what happened to which thing, and what the caller can do.
Dialects hold a complete table from these classes to their own status codes and bodies.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class FiducialError(Exception):
    """Something Fiducial refused or could not do.

    ``details`` holds machine-readable evidence (ids, names, sizes); it is always JSON-able.
    """

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details: Mapping[str, Any] = details

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, dict(self.details))


def _rebuild(kind: type[FiducialError], message: str, details: dict[str, Any]) -> FiducialError:
    return kind(message, **details)


class NotFound(FiducialError, LookupError):
    """The thing named does not exist, or the caller may not know that it does."""


class AlreadyExists(FiducialError, ValueError):
    """A thing with this name or content exists; ``details['existing_id']`` names it where there is one."""


class Conflict(FiducialError, RuntimeError):
    """The thing exists but its state forbids this now (archived, closed, changed meanwhile)."""


class Unauthenticated(FiducialError, PermissionError):
    """No credential, or one that is unknown, expired or revoked."""


class Forbidden(FiducialError, PermissionError):
    """The caller is known, and may not do this."""


class Invalid(FiducialError, ValueError):
    """The request itself is wrong; the message names the field and the reason."""


class TooLarge(Invalid):
    """The body or file is over a configured limit."""


class Unsupported(FiducialError, NotImplementedError):
    """Well-formed, but a thing Fiducial does not do; the message says which and why."""


class Damaged(FiducialError, ValueError):
    """The file's own content is broken: cut off, contradictory, or not what it claims to be."""


class Unavailable(FiducialError, OSError):
    """A part we depend on (disk, database, storage, another service) cannot do it now; trying again may help."""


class StorageFull(Unavailable):
    """No space is left where bytes are kept."""


ERROR_FAMILY: tuple[type[FiducialError], ...] = (
    NotFound,
    AlreadyExists,
    Conflict,
    Unauthenticated,
    Forbidden,
    Invalid,
    TooLarge,
    Unsupported,
    Damaged,
    Unavailable,
    StorageFull,
)
