"""Errors of the database as errors of the family. Errors in our own statements are let through: they are defects."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from fiducial.errors import Conflict, FiducialError, Invalid, StorageFull, Unavailable

_FULL = ("database or disk is full", "No space left")
_FULL_STATE = "53100"
_RACES = frozenset({"40001", "40P01"})
"""PostgreSQL's states: serialization failure, deadlock."""


class LostRace(Unavailable):
    """The database asks to run the transaction again."""


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the driver in the block become errors of the family."""
    try:
        yield
    except sa.exc.IntegrityError as error:
        raise Conflict(f"the database refused the change: {error.orig}") from error
    except sa.exc.DataError as error:
        raise Invalid(f"the database cannot hold a value: {error.orig}") from error
    except sa.exc.OperationalError as error:
        raise _operational(error) from error
    except sa.exc.StatementError as error:
        if not isinstance(error.orig, FiducialError):  # raised while a value was made ready for the driver
            raise
        raise error.orig from error


def _operational(error: sa.exc.OperationalError) -> FiducialError:
    text = str(error.orig).strip()
    state = getattr(error.orig, "sqlstate", None)
    if state == _FULL_STATE or any(sign in text for sign in _FULL):
        return StorageFull("the disk of the database is full")
    if state in _RACES:
        return LostRace(f"the database lost a race: {text}")
    return Unavailable(f"the database cannot do it now: {text}")
