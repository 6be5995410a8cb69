"""A connection that sees one organization.

Statements name the organization as :data:`~fiducial_server.db.schema.ORG`, a parameter without a value; the scope alone
gives it one. Before it runs, every statement is looked through: each tenant table in it must be bound to ORG
(:mod:`fiducial_server.db.guard`). A statement that is not, or that is raw text, raises :class:`CrossOrganization` and
never reaches the database. Inserts get their ``organization_id`` here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa

from fiducial_server.db.guard import OWNER, CrossOrganization, require_scoped
from fiducial_server.db.schema import ORG


class Scope:
    """One transaction's door to the rows of one organization. One that is not ``writable`` refuses every change."""

    def __init__(self, connection: sa.Connection, organization_id: str, *, writable: bool = True) -> None:
        self._connection = connection
        self._writable = writable
        self.organization_id = organization_id

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._connection.dialect.name

    def execute(
        self,
        statement: sa.Executable,
        rows: Sequence[Mapping[str, Any]] | None = None,
        *,
        values: Mapping[str, Any] | None = None,
    ) -> sa.CursorResult[*tuple[Any, ...]]:
        """Run a checked statement. ``rows`` are the values of an insert (many at once), or parameter sets; ``values`` the
        parameters of a statement that is built once and run often."""
        require_scoped(statement)
        if not self._writable and isinstance(statement, sa.Insert | sa.Update | sa.Delete):
            raise RuntimeError("this scope only reads; changes go through Database.transact")
        if any(OWNER in row or ORG.key in row for row in rows or ()):
            raise CrossOrganization("no values name an organization; the scope does")
        if isinstance(statement, sa.Insert):
            return self._insert(statement, rows)
        bound = {**(values or {}), ORG.key: self.organization_id}
        if rows is not None:
            return self._connection.execute(statement, [{**row, **bound} for row in rows])
        return self._connection.execute(statement, bound)

    def _insert(
        self, statement: sa.Insert, rows: Sequence[Mapping[str, Any]] | None
    ) -> sa.CursorResult[*tuple[Any, ...]]:
        if rows is None:
            raise CrossOrganization("an insert gives its values as rows, so that the scope can name the organization")
        filled = [{**row, OWNER: self.organization_id} for row in rows]
        if not filled:
            raise ValueError("an insert without rows")
        return self._connection.execute(statement, filled)

    def insert(self, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert many rows in one statement; nothing happens for none."""
        if rows:
            self.execute(_insert_into(table), rows)

    def insert_missing(self, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert the rows whose primary or unique key is not there yet; the others are left as they are."""
        if rows:
            self.execute(_insert_missing_into(table, self.dialect), rows)

    def savepoint(self) -> sa.NestedTransaction:
        """A nested transaction, as a context manager: undone alone when its block raises."""
        return self._connection.begin_nested()


@cache
def _insert_into(table: sa.Table) -> sa.Insert:
    """Built once for each table: what SQLAlchemy finds out about a statement stays with it."""
    return sa.insert(table)


@cache
def _insert_missing_into(table: sa.Table, dialect: str) -> sa.Insert:
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    return insert(table).on_conflict_do_nothing()


def rows_of(table: sa.FromClause, *columns: Any) -> sa.Select[Any]:
    """``SELECT columns FROM table`` bound to the organization in scope; all columns when none are named."""
    return sa.select(*(columns or (table,))).where(table.c.organization_id == ORG)


def join_on(left: Any, right: Any, **pairs: str) -> sa.ColumnElement[bool]:
    """The ON clause of two tenant tables: same organization, and ``left.<name> == right.<value>`` for each pair."""
    return sa.and_(
        left.c.organization_id == right.c.organization_id,
        *(left.c[mine] == right.c[theirs] for mine, theirs in pairs.items()),
    )
