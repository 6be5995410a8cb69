"""What a statement gives, as plain tuples: the columns are known by the function that named them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from fiducial_server.db.scope import Scope


def all_rows(scope: Scope, statement: sa.Select[Any]) -> Sequence[Any]:
    return scope.execute(statement).all()


def first_row(scope: Scope, statement: sa.Select[Any]) -> Any:
    """The first row, or None."""
    return scope.execute(statement).first()
