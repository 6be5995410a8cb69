"""Lists of labels, one row for each frame of each mark's range, walked by key.

A mark is one database row however many frames it covers; it is opened up only for the page that is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import sqlalchemy as sa

from fiducial_server.db import marks
from fiducial_server.db.annotations import COLUMNS, SOURCE, to_label
from fiducial_server.db.idlist import among
from fiducial_server.db.rows import all_rows, first_row
from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, join_on, rows_of
from fiducial_server.db.tables import annotation, data_row, item, mark
from fiducial_server.model.frame_range import cut, frame_total
from fiducial_server.model.label import LabelFilter, LabelRow, Mark
from fiducial_server.model.page import Key

_ORDER = (annotation.c.created_at, annotation.c.id, mark.c.position, mark.c.id)
_FRAMES = sa.func.coalesce(mark.c.frame_end - mark.c.frame_start + 1, 1)
_SOURCE = SOURCE.join(mark, join_on(mark, annotation, annotation_id="id"))


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
    """Up to ``limit`` rows after a place, and the place of the last of them (None when there are none)."""
    columns = (mark.c.position, *marks.COLUMNS, *COLUMNS)
    statement = _narrowed(scope, sa.select(*columns).select_from(_SOURCE), narrowing)
    if after is not None:
        start = (after.created_at, after.annotation_id)
        # The first condition says nothing new, but an index can answer it.
        statement = statement.where(sa.tuple_(*_ORDER[:2]) >= sa.tuple_(*start))
        statement = statement.where(sa.tuple_(*_ORDER) >= sa.tuple_(*start, after.position, after.mark_id))
    # The mark of ``after`` may have no frame left, so one more is read.
    ordered = statement.order_by(*_ORDER).limit(limit + 1)
    rows: list[LabelRow] = []
    last: Place | None = None
    for row in all_rows(scope, ordered):
        for frame, found in _opened(row, after):
            if len(rows) == limit:
                return rows, last
            rows.append(found)
            last = Place(found.label.created_at, found.label.id, row[0], found.label.marks[0].id, frame)
    return rows, last


def _opened(row: Sequence[Any], after: Place | None) -> Iterator[tuple[int, LabelRow]]:
    stored = Mark(*row[1 : 1 + len(marks.COLUMNS)])
    label = to_label(row[1 + len(marks.COLUMNS) :], (stored,))
    first = after.frame + 1 if after is not None and after.mark_id == stored.id else 0
    for frame in range(first, frame_total(stored)):
        yield frame, LabelRow(label, cut(stored, frame, frame))


def place_before(scope: Scope, narrowing: LabelFilter, offset: int) -> Place | None:
    """The place of row number ``offset - 1``, found by adding up frames over the whole list; None past its end."""
    total = sa.func.sum(_FRAMES).over(order_by=_ORDER, rows=(None, 0))
    counted = _narrowed(
        scope,
        sa.select(*_ORDER[:3], mark.c.id.label("mark_id"), _FRAMES.label("frames"), total.label("total")).select_from(
            _SOURCE
        ),
        narrowing,
    ).subquery()
    statement = sa.select(counted).where(counted.c.total >= offset).order_by(counted.c.total).limit(1)
    row = first_row(scope, statement)
    if row is None:
        return None
    before = int(row.total) - int(row.frames)
    return Place(row.created_at, row.id, row.position, row.mark_id, offset - 1 - before)


def bounded_row_count(scope: Scope, narrowing: LabelFilter, at_most: int) -> int:
    """How many rows there are, counted no further than the first ``at_most`` + 1 marks."""
    some = _narrowed(scope, sa.select(_FRAMES.label("frames")).select_from(_SOURCE), narrowing)
    bounded = some.limit(at_most + 1).subquery()
    return int(scope.execute(sa.select(sa.func.coalesce(sa.func.sum(bounded.c.frames), 0))).scalar_one())


def _narrowed(scope: Scope, statement: sa.Select[Any], narrowing: LabelFilter) -> sa.Select[Any]:
    wanted: list[sa.ColumnElement[bool]] = [annotation.c.organization_id == ORG]
    if narrowing.deleted == "exclude":
        wanted += [annotation.c.deleted_at.is_(None), item.c.deleted_at.is_(None)]
    elif narrowing.deleted == "only":
        wanted += [annotation.c.deleted_at.is_not(None)]
    if narrowing.item_ids is not None:
        wanted += [among(scope, annotation.c.item_id, narrowing.item_ids)]
    if narrowing.kinds is not None:
        wanted += [annotation.c.kind.in_([kind.value for kind in narrowing.kinds])]
    if narrowing.created_by is not None:
        wanted += [
            sa.or_(
                annotation.c.created_by == narrowing.created_by,
                annotation.c.credited_to == narrowing.created_by,
            )
        ]
    if narrowing.dataset_id is not None:
        linked = rows_of(data_row, data_row.c.item_id).where(data_row.c.dataset_id == narrowing.dataset_id)
        wanted += [annotation.c.item_id.in_(linked)]
    wanted += _plain_conditions(narrowing)
    return statement.where(*wanted)


def _plain_conditions(narrowing: LabelFilter) -> Iterator[sa.ColumnElement[bool]]:
    if narrowing.created_from is not None:
        yield annotation.c.created_at >= narrowing.created_from
    if narrowing.created_to is not None:
        yield annotation.c.created_at < narrowing.created_to
    if narrowing.project_id is not None:
        yield annotation.c.project_id == narrowing.project_id
    if narrowing.annotation_set_id is not None:
        yield annotation.c.annotation_set_id == narrowing.annotation_set_id
    if narrowing.status is not None:
        yield annotation.c.status == narrowing.status
    if narrowing.source is not None:
        yield annotation.c.source == narrowing.source.value
