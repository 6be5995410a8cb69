"""Rows of marks: where a label is. A mark's id is what frame-wise dialects show, so it outlives every save."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from fiducial_server.db.idlist import among
from fiducial_server.db.rows import all_rows, first_row
from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import mark
from fiducial_server.model.frame_range import offset_of
from fiducial_server.model.ids import split_frame_id
from fiducial_server.model.label import Mark

COLUMNS = (
    mark.c.id,
    mark.c.frame_start,
    mark.c.frame_end,
    mark.c.shape,
    mark.c.mask_sha256,
    mark.c.file_sha256,
    mark.c.file_mimetype,
    mark.c.patient_points,
    mark.c.extra,
)
"""In the order of :class:`~fiducial_server.model.label.Mark`'s fields."""


def mark_values(one: Mark) -> dict[str, Any]:
    """The mark's own columns."""
    return {
        "id": one.id,
        "frame_start": one.frame_start,
        "frame_end": one.frame_end,
        "shape": one.shape,
        "mask_sha256": one.mask_sha256,
        "file_sha256": one.file_sha256,
        "file_mimetype": one.file_mimetype,
        "patient_points": one.patient_points,
        "extra": one.extra,
    }


def insert_marks(scope: Scope, rows: Iterable[tuple[str, str, int, Mark]]) -> None:
    """(annotation id, item id, position, mark)."""
    scope.insert(
        mark,
        [
            {**mark_values(one), "annotation_id": annotation_id, "item_id": item_id, "position": position}
            for annotation_id, item_id, position, one in rows
        ],
    )


def update_mark(scope: Scope, one: Mark, position: int) -> None:
    values = {**mark_values(one), "position": position}
    del values["id"]
    scope.execute(sa.update(mark).where(mark.c.organization_id == ORG, mark.c.id == one.id).values(**values))


def delete_marks(scope: Scope, ids: Sequence[str]) -> None:
    """The rows go; the label's revisions keep what they were."""
    scope.execute(sa.delete(mark).where(mark.c.organization_id == ORG, among(scope, mark.c.id, ids)))


def marks_of(scope: Scope, annotation_ids: Iterable[str]) -> dict[str, tuple[Mark, ...]]:
    """Marks by label, in order."""
    statement = rows_of(mark, mark.c.annotation_id, *COLUMNS).where(among(scope, mark.c.annotation_id, annotation_ids))
    found: dict[str, list[Mark]] = {}
    for row in all_rows(scope, statement.order_by(mark.c.annotation_id, mark.c.position, mark.c.id)):
        found.setdefault(str(row[0]), []).append(Mark(*row[1:]))
    return {key: tuple(value) for key, value in found.items()}


def label_of_mark(scope: Scope, label_id: str) -> str | None:
    """The annotation id of the mark that shows ``label_id`` (a mark's id, or that of one frame of its range)."""
    base, _ = split_frame_id(label_id)
    statement = (
        rows_of(mark, mark.c.annotation_id, *COLUMNS)
        .where(mark.c.id >= base, mark.c.id <= label_id)
        .order_by(mark.c.id.desc())
        .limit(1)
    )
    row = first_row(scope, statement)
    return str(row[0]) if row and offset_of(Mark(*row[1:]), label_id) is not None else None


def labels_of_marks(scope: Scope, label_ids: Sequence[str]) -> dict[str, str]:
    """Annotation id by label id, for those ids that are a mark's own; the others may be frames of a range."""
    statement = rows_of(mark, mark.c.id, mark.c.annotation_id).where(among(scope, mark.c.id, label_ids))
    return {str(row[0]): str(row[1]) for row in all_rows(scope, statement)}
