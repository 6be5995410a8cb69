"""Lists of items: from a filter to a statement that reads one page along an index.

An item's id sorts as its time of creation does (:func:`fiducial_server.model.ids.id_at`), so indexes that end in an
item id are in order of arrival too. One condition leads: its index gives the order. The others are written so that the
planner does not take an index of theirs and sort afterwards (``coalesce``): a page must not cost more because the list is
long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from fiducial.errors import Invalid
from fiducial_server.db.rows import all_rows
from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, join_on, rows_of
from fiducial_server.db.tables import annotation, data_row, item, item_tag, project, project_dataset
from fiducial_server.model.ids import first_id_at, is_id
from fiducial_server.model.item import ItemFilter, ItemState
from fiducial_server.model.page import Key

MOST_IDS = 30_000
_LEADING = ("channel", "modality", "mimetype", "status")
"""Columns with an index (column, created_at, id), the most telling first."""
_ORDERS = {
    "created_at": ("created_at", "id"),
    "name": ("name", "id"),
    "modality": ("modality", "created_at", "id"),
    "created_by": ("created_by", "id"),
    "published_by": ("published_by", "id"),
    "published_at": ("published_at", "id"),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the rows come from, what narrows them, and the columns they are ordered by.

    ``nullable``: the first of ``order`` may be NULL; such rows come last, in either direction.
    """

    source: Any
    conditions: tuple[Any, ...]
    order: tuple[Any, ...]
    ascending: bool
    nullable: bool = False


def datasets_of_projects(scope: Scope, names: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    """(id or name as given, ids of its datasets) for each project; those that do not exist are left out."""
    found = []
    for name in names:
        matches = (
            sa.or_(project.c.id == name.lower(), project.c.name == name) if is_id(name) else project.c.name == name
        )
        query = (
            sa.select(project.c.id, project_dataset.c.dataset_id)
            .select_from(project.outerjoin(project_dataset, join_on(project, project_dataset, id="project_id")))
            .where(project.c.organization_id == ORG, matches)
        )
        rows = scope.execute(query).all()
        if rows:
            found.append((name, tuple(row.dataset_id for row in rows if row.dataset_id)))
    return found


def plan(narrowing: ItemFilter, groups: Sequence[Sequence[str]]) -> Plan:
    """``groups``: the item must be in a dataset of each (see :func:`dataset_groups`)."""
    if narrowing.order_field not in _ORDERS:
        raise Invalid(
            f"items cannot be ordered by {narrowing.order_field!r}; there are: {', '.join(_ORDERS)}",
            field="order_field",
        )
    if narrowing.ids is not None and len(narrowing.ids) > MOST_IDS:
        raise Invalid(f"{len(narrowing.ids)} ids are too many at once; at most {MOST_IDS}", field="ids")
    return _by_arrival(narrowing, groups) if narrowing.order_field == "created_at" else _by_field(narrowing, groups)


def dataset_groups(narrowing: ItemFilter, projects: Sequence[tuple[str, tuple[str, ...]]]) -> list[tuple[str, ...]]:
    """The filter's datasets and projects as sets of datasets, in each of which an item must be."""
    groups = [] if narrowing.dataset_id is None else [(narrowing.dataset_id,)]
    if narrowing.projects and narrowing.projects_match == "union":
        return [*groups, tuple(dataset for _, datasets in projects for dataset in datasets)]
    return groups + [datasets for _, datasets in projects]


def _by_arrival(narrowing: ItemFilter, groups: Sequence[Sequence[str]]) -> Plan:
    if narrowing.deleted == "only":  # few rows as a rule: found by their index, and sorted
        conditions = (*_plain(narrowing, lead=None), item.c.deleted_at.is_not(None), *_members(narrowing, groups))
        return Plan(item, conditions, (item.c.created_at + 0, item.c.id), narrowing.ascending)
    for number, group in enumerate(groups):
        if len(group) == 1:
            rest = [*groups[:number], *groups[number + 1 :]]
            led = (data_row.c.organization_id == ORG, data_row.c.dataset_id == group[0])
            return _through(narrowing, data_row, led, _members(narrowing, rest))
    if narrowing.tags and (len(narrowing.tags) == 1 or narrowing.tags_match == "intersection"):
        rest_of_tags = replace(narrowing, tags=narrowing.tags[1:])
        led = (item_tag.c.organization_id == ORG, item_tag.c.tag == narrowing.tags[0])
        return _through(narrowing, item_tag, led, _members(rest_of_tags, groups))
    order: tuple[Any, ...]
    if narrowing.name is not None or narrowing.ids is not None:
        lead, order = ("name" if narrowing.ids is None else "ids"), (item.c.id,)
    else:
        lead = next((name for name in _LEADING if getattr(narrowing, name) is not None), "created_at")
        order = (item.c.created_at, item.c.id)
    conditions = (*_plain(narrowing, lead=lead), _alive(narrowing), *_members(narrowing, groups))
    return Plan(item, conditions, order, narrowing.ascending)


def _through(narrowing: ItemFilter, lead: sa.Table, led: tuple[Any, ...], members: Sequence[Any]) -> Plan:
    """Rows of a table that points at items lead, in order of the item's id."""
    bounds = []
    if narrowing.created_from is not None:
        bounds.append(lead.c.item_id >= first_id_at(narrowing.created_from))
    if narrowing.created_to is not None:
        bounds.append(lead.c.item_id < first_id_at(narrowing.created_to))
    source = lead.join(item, join_on(lead, item, item_id="id"))
    conditions = (*led, *bounds, *_plain(narrowing, lead=None), _alive(narrowing), *members)
    return Plan(source, conditions, (lead.c.item_id,), narrowing.ascending)


def _by_field(narrowing: ItemFilter, groups: Sequence[Sequence[str]]) -> Plan:
    names = _ORDERS[narrowing.order_field]
    conditions = (*_plain(narrowing, lead="any"), _alive(narrowing), *_members(narrowing, groups, probe=False))
    nullable = bool(item.c[names[0]].nullable)
    return Plan(item, conditions, tuple(item.c[name] for name in names), narrowing.ascending, nullable)


def _plain(narrowing: ItemFilter, lead: str | None) -> list[Any]:
    """Conditions on the item's own columns. ``lead``: whose index is wanted; ``any``: all but the status's may be taken."""
    conditions: list[Any] = [item.c.organization_id == ORG, item.c.state != str(ItemState.OPEN)]
    for name in ("name", *_LEADING):
        value = getattr(narrowing, name)
        if value is not None:
            open_to_index = lead == name or (lead == "any" and name != "status")
            column = item.c[name] if open_to_index else sa.func.coalesce(item.c[name], "")
            conditions.append(column == str(value))
    if narrowing.created_from is not None:
        conditions.append(item.c.created_at >= narrowing.created_from)
    if narrowing.created_to is not None:
        conditions.append(item.c.created_at < narrowing.created_to)
    if narrowing.ids is not None:
        conditions.append(item.c.id.in_(narrowing.ids))
    return conditions


def _alive(narrowing: ItemFilter) -> Any:
    gone = sa.func.coalesce(item.c.deleted_at, 0)
    return {"exclude": gone == 0, "only": gone > 0}.get(narrowing.deleted, sa.true())


def _members(narrowing: ItemFilter, groups: Sequence[Sequence[str]], *, probe: bool = True) -> list[Any]:
    """Conditions on other tables. ``probe``: looked up for each row; else the set is made first."""
    conditions = [_linked(data_row, data_row.c.dataset_id.in_(group), probe) for group in groups]
    if narrowing.tags and narrowing.tags_match == "intersection":
        conditions += [_linked(item_tag, item_tag.c.tag == tag, probe) for tag in narrowing.tags]
    elif narrowing.tags:
        conditions.append(_linked(item_tag, item_tag.c.tag.in_(narrowing.tags), probe))
    if narrowing.not_annotated:
        conditions.append(~_linked(annotation, annotation.c.deleted_at.is_(None), probe=True))
    return conditions


def _linked(table: sa.Table, condition: Any, probe: bool) -> Any:
    if not probe:
        return item.c.id.in_(rows_of(table, table.c.item_id).where(condition))
    return rows_of(table, sa.literal(1)).where(table.c.item_id == item.c.id, condition).correlate(item).exists()


# --- reading along a plan ----------------------------------------------------------------------------------------------


def read_page(scope: Scope, way: Plan, after: Key | None, limit: int) -> tuple[list[Any], Key | None]:
    """Whole rows of ``item`` after a key, and the key of the last when more follow."""
    rows: list[Any] = []
    for segment, place in _segments(way, after):
        query = _ordered(way, sa.select(item), segment, place).limit(limit + 1 - len(rows))
        rows += [(segment, row) for row in all_rows(scope, query)]
        if len(rows) > limit:
            break
    page = [row for _, row in rows[:limit]]
    if len(rows) <= limit or not page:
        return page, None
    return page, _key_of(way, *rows[limit - 1])


def key_before(scope: Scope, way: Plan, offset: int) -> Key | None:
    """The key of row number ``offset`` - 1, after which a page at that offset begins; None when there are fewer rows."""
    left = offset - 1
    for segment, place in _segments(way, None):
        columns = [item.c[column.name] for column in _columns(way)]
        row = scope.execute(_ordered(way, sa.select(*columns), segment, place).offset(left).limit(1)).one_or_none()
        if row is not None:
            return _key_of(way, segment, row)
        if way.nullable and segment == 0:
            left -= _count(scope, way, segment, left + 1)
    return None


def count(scope: Scope, way: Plan, at_most: int) -> int:
    """How many rows there are, but never more than ``at_most`` + 1."""
    found = 0
    for segment, _ in _segments(way, None):
        found += _count(scope, way, segment, at_most + 1 - found)
    return found


def _count(scope: Scope, way: Plan, segment: int, at_most: int) -> int:
    query = _narrowed(way, sa.select(sa.literal(1).label("one")), segment).limit(at_most).subquery()
    return int(scope.execute(sa.select(sa.func.count()).select_from(query)).scalar_one())


def _segments(way: Plan, after: Key | None) -> list[tuple[int, Key | None]]:
    """Rows with a value first (0), then those without (1); where to begin in each."""
    if not way.nullable:
        return [(0, after)]
    if after is None:
        return [(0, None), (1, None)]
    return [(0, after[1:]), (1, None)] if after[0] == 0 else [(1, after[1:])]


def _columns(way: Plan) -> list[Any]:
    """The item's columns that make a key, in order."""
    names = [_name_of(column) for column in way.order]
    return [item.c[name] for name in names]


def _name_of(column: Any) -> str:
    if isinstance(column, sa.Column):
        return "id" if column.name == "item_id" else str(column.name)
    return str(column.left.name)  # created_at + 0


def _key_of(way: Plan, segment: int, row: Any) -> Key:
    values = tuple(getattr(row, column.name) for column in _columns(way))
    if not way.nullable:
        return values
    return (segment, *values) if segment == 0 else (segment, *values[1:])


def _narrowed(way: Plan, query: sa.Select[Any], segment: int) -> sa.Select[Any]:
    query = query.select_from(way.source).where(*way.conditions)
    if way.nullable:
        query = query.where(way.order[0].is_not(None) if segment == 0 else way.order[0].is_(None))
    return query


def _ordered(way: Plan, query: sa.Select[Any], segment: int, place: Key | None) -> sa.Select[Any]:
    query = _narrowed(way, query, segment)
    order = way.order[1:] if segment == 1 else way.order
    if place is not None:
        if len(place) != len(order):
            raise Invalid("the key of the page is of another list", field="after")
        here, there = (order[0], place[0]) if len(order) == 1 else (sa.tuple_(*order), sa.tuple_(*place))
        query = query.where(here > there if way.ascending else here < there)
    return query.order_by(*(column.asc() if way.ascending else column.desc() for column in order))
