"""Long lists of ids in a condition, as one parameter: thousands of them cost one statement and no limit is met."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from fiducial_server.db.scope import Scope


def among(scope: Scope, column: Any, values: Iterable[str]) -> sa.ColumnElement[bool]:
    """``column`` is one of ``values`` (text); nothing is among no values."""
    listed = list(values)
    if scope.dialect == "postgresql":
        return column == sa.any_(sa.literal(listed, ARRAY(sa.String)))  # type: ignore[no-any-return]
    each = sa.func.json_each(json.dumps(listed)).table_valued("value")
    return column.in_(sa.select(each.c.value))  # type: ignore[no-any-return]
