"""Lists of labels, one row for each frame of each mark's range, walked by key.

A mark is one database row however many frames it covers; it is opened up only for the page that is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import sqlalchemy as sa

from fiducial_server.db import marks
from fiducial_server.db.annotations import COLUMNS, to_label
from fiducial_server.db.idlist import among
from fiducial_server.db.lookup import item_is_live
from fiducial_server.db.rows import all_rows, first_row
from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import annotation, annotation_set, data_row, feature, mark
from fiducial_server.model.frame_range import cut, frame_total
from fiducial_server.model.label import Label, LabelFilter, LabelRow, Mark
from fiducial_server.model.page import Key

_ORDER = (annotation.c.created_at, annotation.c.id)
TOTAL = (
    sa.select(sa.func.sum(sa.func.coalesce(mark.c.frame_end - mark.c.frame_start + 1, 1)))
    .where(mark.c.organization_id == ORG, mark.c.annotation_id == annotation.c.id)
    .correlate(annotation)
    .scalar_subquery()
    .label("total")
)
"""Rows that a label is shown as."""


@dataclass(frozen=True, slots=True)
class Place:
    """The last row that was given: its mark's place in the list, and which of the mark's frames (from 0) it was."""

    created_at: int
    annotation_id: str
    position: int
    mark_id: str
    frame: int

    def key(self) -> Key:
        return self.created_at, self.annotation_id, self.position, self.mark_id, self.frame

    @classmethod
    def of(cls, key: Key) -> Self:
        return cls(*key)  # type: ignore[arg-type]  # a key made by :meth:`key`


def label_rows(
    scope: Scope, narrowing: LabelFilter, *, after: Place | None, limit: int
) -> tuple[list[LabelRow], Place | None]:
    """Up to ``limit`` rows after a place, and the place of the last of them (None when there are none).

    ``label.marks`` of a row are those of the label's marks that the page is about.
    """
    found = _page(scope, narrowing, after, limit)
    rows: list[LabelRow] = []
    last: Place | None = None
    for label, positions in _with_marks(scope, found, after, limit):
        for position, stored in zip(positions, label.marks, strict=True):
            first = after.frame + 1 if after is not None and after.mark_id == stored.id else 0
            for frame in range(first, frame_total(stored)):
                if len(rows) == limit:
                    return rows, last
                rows.append(LabelRow(label, cut(stored, frame, frame)))
                last = Place(label.created_at, label.id, position, stored.id, frame)
    return rows, last


def _page(scope: Scope, narrowing: LabelFilter, after: Place | None, limit: int) -> Sequence[Any]:
    """The labels of a page in order: first which they are, from an index, then what they are."""
    order = _order(narrowing)
    statement = _narrowed(scope, rows_of(annotation, annotation.c.id), narrowing)
    if after is not None:
        statement = statement.where(sa.tuple_(*order) >= sa.tuple_(after.created_at, after.annotation_id))
    # The label of ``after`` may have no row left, so one more is read.
    ids = [row[0] for row in all_rows(scope, statement.order_by(*order).limit(limit + 1))]
    found = all_rows(scope, rows_of(annotation, *COLUMNS, TOTAL).where(among(scope, annotation.c.id, ids)))
    by_id = {row[0]: row for row in found}
    return [by_id[one] for one in ids]


def _order(narrowing: LabelFilter) -> tuple[sa.ColumnElement[Any], ...]:
    """Among several items the index of items is the one to read, so the index of times is hidden from the planner."""
    if narrowing.item_ids is None or len(narrowing.item_ids) == 1:
        return _ORDER
    return annotation.c.created_at + 0, annotation.c.id


_Placed = tuple[int, Mark]


def _with_marks(
    scope: Scope, found: Sequence[Any], after: Place | None, limit: int
) -> Iterator[tuple[Label, tuple[int, ...]]]:
    """The labels with the marks that ``limit`` rows can need: of a label of very many marks, no more than those."""
    small, placed = _needed(found, after, limit)
    of_label: dict[str, list[_Placed]] = {}
    for annotation_id, one in _marks(scope, among(scope, mark.c.annotation_id, small)):
        of_label.setdefault(annotation_id, []).append(one)
    for annotation_id, start in placed:
        condition = mark.c.annotation_id == annotation_id
        if start is not None:
            condition &= sa.tuple_(mark.c.position, mark.c.id) >= sa.tuple_(start.position, start.mark_id)
        of_label[annotation_id] = [one for _, one in _marks(scope, condition, limit + 1)]
    for row in found:
        given = of_label.get(row[0], [])
        yield to_label(row[:-1], tuple(one for _, one in given)), tuple(position for position, _ in given)


def _needed(found: Sequence[Any], after: Place | None, limit: int) -> tuple[list[str], list[tuple[str, Place | None]]]:
    """(labels whose marks are all needed, labels of which only the first marks after a place are)."""
    small: list[str] = []
    placed: list[tuple[str, Place | None]] = []
    rows = 0
    for row in found:
        if after is not None and row[0] == after.annotation_id:
            placed.append((row[0], after))
            continue
        if rows > limit:
            break
        if row[-1] > limit:
            placed.append((row[0], None))
        else:
            small.append(row[0])
        rows += row[-1]
    return small, placed


def _marks(scope: Scope, condition: sa.ColumnElement[bool], limit: int | None = None) -> Iterator[tuple[str, _Placed]]:
    statement = rows_of(mark, mark.c.annotation_id, mark.c.position, *marks.COLUMNS).where(condition)
    for row in all_rows(scope, statement.order_by(mark.c.annotation_id, mark.c.position, mark.c.id).limit(limit)):
        yield row[0], (row[1], Mark(*row[2:]))


def place_before(scope: Scope, narrowing: LabelFilter, offset: int) -> Place | None:
    """The place of row number ``offset - 1``, found by adding up frames over the whole list; None past its end."""
    totals = _narrowed(scope, rows_of(annotation, *_ORDER, TOTAL), narrowing).subquery()
    upto = sa.func.sum(totals.c.total).over(order_by=(totals.c.created_at, totals.c.id), rows=(None, 0))
    counted = sa.select(totals, upto.label("upto")).subquery()
    row = first_row(scope, sa.select(counted).where(counted.c.upto >= offset).order_by(counted.c.upto).limit(1))
    if row is None:
        return None
    wanted = offset - 1 - (int(row.upto) - int(row.total))
    for _, (position, stored) in _marks(scope, mark.c.annotation_id == row.id):
        if wanted < frame_total(stored):
            return Place(row.created_at, row.id, position, stored.id, wanted)
        wanted -= frame_total(stored)
    return None


def bounded_row_count(scope: Scope, narrowing: LabelFilter, at_most: int) -> int:
    """How many rows there are, counted no further than the first ``at_most`` + 1 labels."""
    bounded = _narrowed(scope, rows_of(annotation, TOTAL), narrowing).limit(at_most + 1).subquery()
    return int(scope.execute(sa.select(sa.func.coalesce(sa.func.sum(bounded.c.total), 0))).scalar_one())


def _narrowed(scope: Scope, statement: sa.Select[Any], narrowing: LabelFilter) -> sa.Select[Any]:
    wanted: list[sa.ColumnElement[bool]] = []
    if narrowing.deleted == "exclude":
        wanted += [annotation.c.deleted_at.is_(None), item_is_live(annotation)]
    elif narrowing.deleted == "only":
        wanted += [annotation.c.deleted_at.is_not(None)]
    if narrowing.item_ids is not None:
        wanted += [_of_items(scope, narrowing.item_ids)]
    if narrowing.kinds is not None:
        wanted += [annotation.c.kind.in_([kind.value for kind in narrowing.kinds])]
    if narrowing.created_by is not None:
        wanted += [
            sa.or_(
                annotation.c.created_by == narrowing.created_by,
                annotation.c.credited_to == narrowing.created_by,
            )
        ]
    if narrowing.authors is not None:
        wanted += [
            sa.or_(
                among(scope, annotation.c.created_by, narrowing.authors),
                among(scope, annotation.c.credited_to, narrowing.authors),
            )
        ]
    if narrowing.identifiers is not None:
        named = rows_of(feature, feature.c.id).where(among(scope, feature.c.identifier, narrowing.identifiers))
        wanted += [annotation.c.feature_id.in_(named)]
    if narrowing.dataset_id is not None:
        linked = rows_of(data_row, data_row.c.item_id).where(data_row.c.dataset_id == narrowing.dataset_id)
        wanted += [annotation.c.item_id.in_(linked)]
    wanted += _plain_conditions(narrowing)
    return statement.where(*wanted)


def _of_items(scope: Scope, item_ids: Sequence[str]) -> sa.ColumnElement[bool]:
    if len(item_ids) == 1:  # one value keeps the order of the index of items
        return annotation.c.item_id == item_ids[0]
    return among(scope, annotation.c.item_id, item_ids)


def _plain_conditions(narrowing: LabelFilter) -> Iterator[sa.ColumnElement[bool]]:
    if narrowing.created_from is not None:
        yield annotation.c.created_at >= narrowing.created_from
    if narrowing.created_to is not None:
        yield annotation.c.created_at < narrowing.created_to
    if narrowing.project_id is not None:
        yield annotation.c.project_id == narrowing.project_id
    if narrowing.annotation_set_id is not None:
        # A label's project is that of its set; said twice, because projects have the index that is in order of time.
        owner = rows_of(annotation_set, annotation_set.c.project_id)
        yield (
            annotation.c.project_id == owner.where(annotation_set.c.id == narrowing.annotation_set_id).scalar_subquery()
        )
        yield annotation.c.annotation_set_id == narrowing.annotation_set_id
    if narrowing.status is not None:
        yield annotation.c.status == narrowing.status
    if narrowing.is_model is not None:
        yield annotation.c.is_model == narrowing.is_model
    if narrowing.source is not None:
        yield annotation.c.source == narrowing.source.value
