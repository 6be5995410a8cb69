"""Looks through a statement before it runs: is every tenant table in it bound to the organization in scope?

The rule is checked in every SELECT on its own (subqueries, EXISTS and CTEs too), on top-level AND conditions only:
``table.organization_id = ORG``, or equality with a table of the same SELECT that is bound. A correlated table is bound where
it is selected from, and must be named with ``.correlate()``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import operators, visitors

from fiducial_server.db.schema import ORG, TENANT_TABLES


class CrossOrganization(RuntimeError):
    """A statement could have seen rows of more than one organization. Always a defect of ours."""


_passed: dict[Any, None] = {}
_PASSED_LIMIT = 4096


def require_scoped(statement: sa.Executable) -> None:
    """Raise :class:`CrossOrganization` unless every tenant table of the statement is bound to the scope.

    A statement of the same form (SQLAlchemy's own cache key: everything but the values) is looked through once.
    """
    form = statement._generate_cache_key()  # type: ignore[attr-defined]
    if form is not None and form.key in _passed:
        return
    _look_through(statement)
    if form is not None:
        if len(_passed) >= _PASSED_LIMIT:
            _passed.clear()
        _passed[form.key] = None


def _look_through(statement: sa.Executable) -> None:
    for element in visitors.iterate(statement):  # type: ignore[arg-type]
        if isinstance(element, sa.TextClause | sa.TextualSelect):
            raise CrossOrganization("raw SQL text cannot be checked; build the statement")
        if isinstance(element, sa.Select):
            _require_select(element)
        elif isinstance(element, sa.Update | sa.Delete):
            _require_bound([element.table], _conjuncts([element.whereclause]))


def _require_select(select: sa.Select[Any]) -> None:
    correlated = {id(table) for table in (select._correlate or ())}
    leaves: list[Any] = []
    conditions: list[Any] = [select.whereclause]
    for source in select.get_final_froms():
        _flatten(source, leaves, conditions)
    _require_bound([leaf for leaf in leaves if id(leaf) not in correlated], _conjuncts(conditions))


def _flatten(source: Any, leaves: list[Any], conditions: list[Any]) -> None:
    if isinstance(source, sa.Join):
        conditions.append(source.onclause)
        _flatten(source.left, leaves, conditions)
        _flatten(source.right, leaves, conditions)
    else:
        leaves.append(source)


def _conjuncts(conditions: Iterable[Any]) -> Iterator[Any]:
    for condition in conditions:
        if isinstance(condition, sa.sql.elements.Grouping):
            yield from _conjuncts([condition.element])
        elif isinstance(condition, sa.BooleanClauseList) and condition.operator is operators.and_:
            yield from _conjuncts(condition.clauses)
        elif condition is not None:
            yield condition


def _require_bound(leaves: Iterable[Any], conditions: Iterable[Any]) -> None:
    bound: set[int] = set()
    equal: list[tuple[int, int]] = []
    for condition in conditions:
        _note_equality(condition, bound, equal)
    _spread(bound, equal)
    missing = sorted({_tenant_name(leaf) for leaf in leaves if id(leaf) not in bound} - {""})
    if missing:
        raise CrossOrganization(f"not bound to the organization in scope: {', '.join(missing)}")


def _tenant_name(leaf: Any) -> str:
    base = leaf.element if isinstance(leaf, sa.Alias) else leaf
    return base.name if isinstance(base, sa.Table) and base.name in TENANT_TABLES else ""


def _note_equality(condition: Any, bound: set[int], equal: list[tuple[int, int]]) -> None:
    if not (isinstance(condition, sa.BinaryExpression) and condition.operator is operators.eq):
        return
    sides = (condition.left, condition.right)
    owners = [id(side.table) for side in sides if isinstance(side, sa.Column) and side.name == "organization_id"]
    if len(owners) == 2:
        equal.append((owners[0], owners[1]))
    elif len(owners) == 1 and any(isinstance(side, sa.BindParameter) and side.key == ORG.key for side in sides):
        bound.add(owners[0])


def _spread(bound: set[int], equal: list[tuple[int, int]]) -> None:
    """A table whose organization equals that of a bound table is bound too."""
    grew = True
    while grew:
        grew = False
        for left, right in equal:
            if (left in bound) != (right in bound):
                bound |= {left, right}
                grew = True
