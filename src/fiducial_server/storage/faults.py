"""What goes wrong under a store, as errors of the family.

A full disk is StorageFull, a missing key NotFound, the rest Unavailable.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from fiducial.errors import FiducialError, NotFound, StorageFull, Unavailable

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Errors of files and of obstore in the block become errors of the family; ``doing`` completes "could not ..."."""
    from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

    try:
        yield
    except FiducialError:
        raise
    except FileNotFoundError as error:
        raise NotFound(f"could not {doing}: no such bytes are stored") from error
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull(f"could not {doing}: no space is left where the files are kept") from error
        raise Unavailable(f"could not {doing}: {error.strerror or error}") from error
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise Unavailable(f"could not {doing}: the storage refused our credentials: {_first_line(error)}") from error
    except BaseError as error:
        text = _first_line(error)
        if any(sign in str(error) for sign in ("No space left", "os error 28", "QuotaExceeded")):
            raise StorageFull(f"could not {doing}: no space is left in the storage") from error
        raise Unavailable(f"could not {doing}: {text}") from error


def _first_line(error: BaseException) -> str:
    """The message without obstore's appended debug dump of the Rust error."""
    return str(error).partition("\n")[0]
