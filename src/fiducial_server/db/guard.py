"""Looks through a statement before it runs: is every tenant table in it bound to the organization in scope?

A table is bound by ``table.organization_id = ORG``, or by equality with the organization of a table that is bound, where
that is a condition every row must meet: a top-level AND part of WHERE or of an inner join's ON. The ON of an outer join
binds only its optional side, that of a full join nothing. The rule holds in every SELECT on its own: in subqueries,
CTEs, unions. A correlated table must be named with ``.correlate()`` and is bound where it is selected from.

Whatever cannot be judged (SQL as text, hints, tables that are not declared, an insert from a select) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import operators, selectable
from sqlalchemy.sql.elements import Extract, Grouping, quoted_name
from sqlalchemy.sql.functions import FunctionElement

from fiducial_server.db.schema import ORG, TENANT_TABLES, metadata


class CrossOrganization(RuntimeError):  # noqa: N818 - named for what would have happened
    """A statement could have seen rows of more than one organization. Always a defect of ours."""


OWNER = "organization_id"
ROOT = "organization"
"""The one table that is not a tenant's: the row of an organization itself, bound by its id."""

_Tables = frozenset[int]
_NONE: _Tables = frozenset()
_STATEMENTS = (sa.Select, sa.CompoundSelect, sa.Insert, sa.Update, sa.Delete)
_DERIVED = (sa.Subquery, sa.CTE, sa.Lateral, sa.Values, sa.TableValuedAlias, FunctionElement)
_RAW_EXTRAS = ("_prefixes", "_suffixes", "_hints", "_statement_hints")
_PLAIN_LITERAL = re.compile(r"\*|\d+|NULL", re.IGNORECASE)
_PLAIN_OPERATOR = re.compile(r"[^\w\s();'\"]+")
_passed: dict[Any, None] = {}
_PASSED_LIMIT = 4096


def require_scoped(statement: sa.Executable) -> None:
    """Raise :class:`CrossOrganization` unless every tenant table of the statement is bound to the scope.

    A statement of the same form (SQLAlchemy's own cache key: everything but the values) is looked through once.
    """
    if not isinstance(statement, _STATEMENTS):
        raise CrossOrganization(f"a {type(statement).__name__} cannot be checked; use select, insert, update or delete")
    form = statement._generate_cache_key()
    if form is not None and form.key in _passed:
        return
    _walk(statement, _NONE, _NONE)
    if form is not None:
        if len(_passed) >= _PASSED_LIMIT:
            _passed.clear()
        _passed[form.key] = None


def _walk(element: Any, here: _Tables, outside: _Tables) -> None:
    """``here``: tables an expression's subquery may correlate to; ``outside``: those that a FROM's subquery may."""
    _refuse_raw(element)
    if isinstance(element, sa.Select):
        here, outside = here | _require_select(element, here), here
    elif isinstance(element, sa.Update | sa.Delete):
        here, outside = _require_change(element), _NONE
    elif isinstance(element, sa.Insert):
        _require_insert(element)
    elif isinstance(element, sa.CTE):
        here = outside = _NONE
    elif isinstance(element, sa.Lateral):
        outside = here
    elif isinstance(element, sa.Subquery):
        here = outside
    for child in element.get_children():
        _walk(child, here, outside)


# --- what cannot be judged ---


def _refuse_raw(element: Any) -> None:
    if isinstance(element, sa.TextClause | sa.TextualSelect) or any(getattr(element, name, ()) for name in _RAW_EXTRAS):
        raise CrossOrganization("raw SQL text cannot be checked; build the statement")
    if isinstance(element, sa.BindParameter):
        if element.key == ORG.key and not (element.required and element.value is None and element.callable is None):
            raise CrossOrganization("only the scope gives the organization a value")
    elif isinstance(element, sa.ColumnClause):
        if element.is_literal and not _PLAIN_LITERAL.fullmatch(str(element.name)):
            raise CrossOrganization("a literal column is raw SQL text, which cannot be checked")
        _refuse_unquoted(element.name)
    elif isinstance(element, sa.Label):
        _refuse_unquoted(element.name)
    elif isinstance(element, Extract) and not str(element.field).isidentifier():
        raise CrossOrganization("raw SQL text cannot be checked; name a field to extract")
    operator = getattr(element, "operator", None)
    if isinstance(operator, operators.custom_op) and not _PLAIN_OPERATOR.fullmatch(operator.opstring):
        raise CrossOrganization(f"the operator {operator.opstring!r} is raw SQL text, which cannot be checked")


def _refuse_unquoted(name: Any) -> None:
    if isinstance(name, quoted_name) and name.quote is False:
        raise CrossOrganization(f"the name {name!r} would go into the statement as it is")


def _needs_binding(leaf: Any) -> str:
    """The table's name when its rows belong to an organization, "" for what is checked elsewhere; raises for the rest."""
    base = _base(leaf)
    if isinstance(base, sa.TableClause):
        if not isinstance(base, sa.Table) or metadata.tables.get(base.name) is not base:
            raise CrossOrganization(f"{base.name} is not one of the declared tables")
        return base.name
    if isinstance(base, _DERIVED):
        return ""
    raise CrossOrganization(f"cannot select from a {type(base).__name__}: it cannot be checked")


def _base(leaf: Any) -> Any:
    """The table under any aliases and samplings."""
    while isinstance(leaf, selectable.AliasedReturnsRows) and isinstance(leaf.element, selectable.FromClause):
        leaf = leaf.element
    return leaf


# --- the kinds of statement ---


def _require_select(select: sa.Select[Any], here: _Tables) -> _Tables:
    """The tables of its FROM, all bound."""
    facts = _Facts()
    for source in select.get_final_froms():
        facts.add_source(source)
    facts.add(_conjuncts(select._where_criteria), facts.everything)
    own = [leaf for leaf in facts.leaves if not (id(leaf) in here and _correlates(select, leaf))]
    # A table of the enclosing select that is not correlated is in this FROM once more: bound out there, not here.
    facts.require(own, here - {id(leaf) for leaf in own})
    return facts.everything


def _correlates(select: sa.Select[Any], leaf: Any) -> bool:
    if select._correlate_except is not None:
        return leaf not in select._correlate_except
    return leaf in (select._correlate or ())


def _require_change(statement: sa.Update | sa.Delete) -> _Tables:
    """The changed table and those that the change reads beside it (UPDATE ... FROM, DELETE ... USING), all bound."""
    values = dict(getattr(statement, "_values", None) or {})
    values.update(getattr(statement, "_ordered_values", None) or ())
    _refuse_owner(statement.table, values)
    facts = _Facts()
    facts.add_source(statement.table)
    for part in (*statement._where_criteria, *values.values(), *(statement._returning or ())):
        for source in getattr(part, "_from_objects", ()):
            facts.add_source(source)
    facts.add(_conjuncts(statement._where_criteria), facts.everything)
    facts.require(facts.leaves, _NONE)
    return facts.everything


def _require_insert(statement: sa.Insert) -> None:
    """The scope fills in the organization, so all values come as rows."""
    if statement.table.name not in TENANT_TABLES or metadata.tables.get(statement.table.name) is not statement.table:
        raise CrossOrganization(f"a scope cannot insert into {statement.table.name}")
    if statement.select is not None or statement._values or statement._multi_values:
        raise CrossOrganization("an insert gives its values as rows, so that the scope can name the organization")
    conflict = statement._post_values_clause
    changes = getattr(conflict, "update_values_to_set", None)
    if changes is None:
        return
    _refuse_owner(statement.table, dict(changes))
    target = [getattr(column, "name", column) for column in getattr(conflict, "inferred_target_elements", None) or ()]
    if OWNER not in target:
        raise CrossOrganization("the conflict could be with another organization's row; name the organization in it")


def _refuse_owner(table: Any, values: dict[Any, Any]) -> None:
    owner = _owner_name(_base(table))
    if any(getattr(column, "name", column) == owner for column in values):
        raise CrossOrganization(f"no statement moves a row of {table.name} to another organization")


def _owner_name(base: Any) -> str:
    return "id" if getattr(base, "name", None) == ROOT else OWNER


# --- which tables are bound ---


class _Facts:
    """What is known of the tables of one FROM."""

    def __init__(self) -> None:
        self.leaves: list[Any] = []
        self._bound: set[int] = set()
        self._leads: list[tuple[int, int]] = []
        """(a, b): if a is bound, so is b."""

    @property
    def everything(self) -> _Tables:
        return frozenset(id(leaf) for leaf in self.leaves)

    def add_source(self, source: Any) -> _Tables:
        """A table, or a tree of joins; the tables in it."""
        if isinstance(source, selectable.FromGrouping):
            return self.add_source(source.element)
        if not isinstance(source, sa.Join):
            if id(source) not in self.everything:
                self.leaves.append(source)
            return frozenset({id(source)})
        left, right = self.add_source(source.left), self.add_source(source.right)
        if not source.full:
            self.add(_conjuncts([source.onclause]), right if source.isouter else left | right)
        return left | right

    def add(self, conditions: Iterable[Any], about: _Tables) -> None:
        """Conditions that every row of the tables ``about`` meets, or else is not there."""
        for condition in conditions:
            if not (isinstance(condition, sa.BinaryExpression) and condition.operator is operators.eq):
                continue
            left, right = _owner(condition.left), _owner(condition.right)
            if left and right:
                self._leads += [(one, other) for one, other in ((left, right), (right, left)) if other in about]
            elif (found := left or right) in about and (_is_org(condition.left) or _is_org(condition.right)):
                self._bound.add(found)

    def require(self, leaves: Iterable[Any], outer: _Tables) -> None:
        bound = self._bound | outer
        while grown := {other for one, other in self._leads if one in bound} - bound:
            bound |= grown
        missing = sorted({_needs_binding(leaf) for leaf in leaves if id(leaf) not in bound} - {""})
        if missing:
            raise CrossOrganization(f"not bound to the organization in scope: {', '.join(missing)}")
        for leaf in leaves:
            _needs_binding(leaf)


def _conjuncts(conditions: Iterable[Any]) -> Iterator[Any]:
    for condition in conditions:
        if isinstance(condition, Grouping):
            yield from _conjuncts([condition.element])
        elif isinstance(condition, sa.BooleanClauseList) and condition.operator is operators.and_:
            yield from _conjuncts(condition.clauses)
        elif condition is not None:
            yield condition


def _owner(side: Any) -> int:
    """The table whose organization this column is; 0 for anything else."""
    table = getattr(side, "table", None) if isinstance(side, sa.ColumnClause) else None
    return id(table) if table is not None and side.name == _owner_name(_base(table)) else 0


def _is_org(side: Any) -> bool:
    return isinstance(side, sa.BindParameter) and side.key == ORG.key
