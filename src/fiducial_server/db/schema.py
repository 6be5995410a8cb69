"""The pieces every table is made of.

A tenant table's primary key begins with ``organization_id``, and every reference between tenant tables carries it, so
the
database itself refuses a row that points into another organization. Times are microseconds (BigInteger), ids are UUID
text.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = sa.MetaData(naming_convention=NAMING)

Id = sa.String(36)
Time = sa.BigInteger
Short = sa.String(255)
Text = sa.Text
Json = sa.JSON(none_as_null=True)

TENANT_TABLES: set[str] = set()

ORG: sa.BindParameter[str] = sa.bindparam("organization_id_in_scope", type_=Id)
"""The organization of the running scope. Only :class:`~fiducial_server.db.scope.Scope` gives it a value."""


def tenant_table(name: str, *parts: Any, key: tuple[str, ...] = ("id",)) -> sa.Table:
    """A table whose rows belong to one organization; its primary key is ``(organization_id, *key)``."""
    TENANT_TABLES.add(name)
    return sa.Table(
        name,
        metadata,
        sa.Column("organization_id", Id, sa.ForeignKey("organization.id"), nullable=False),
        *parts,
        sa.PrimaryKeyConstraint("organization_id", *key),
    )


def required(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def optional(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def within(
    columns: tuple[str, ...], table: str, target: tuple[str, ...] = ("id",), **kwargs: Any
) -> sa.ForeignKeyConstraint:
    """A reference to a row of the same organization."""
    return sa.ForeignKeyConstraint(
        ["organization_id", *columns], [f"{table}.organization_id", *(f"{table}.{c}" for c in target)], **kwargs
    )
