"""Rows of annotations, read as labels with their marks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from fiducial_server.db import marks
from fiducial_server.db.idlist import among
from fiducial_server.db.lookup import looked_up
from fiducial_server.db.rows import all_rows
from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import annotation, annotation_set, feature, item
from fiducial_server.model.label import Label, LabelKind, Mark, Source

# In the order of Label's fields; ``marks`` stands between ``created_by`` and ``updated_at``.
COLUMNS = (
    annotation.c.id,
    annotation.c.item_id,
    annotation.c.kind,
    looked_up(annotation, "feature_id", feature.c.identifier).label("identifier"),
    annotation.c.feature_id,
    annotation.c.created_at,
    annotation.c.created_by,
    annotation.c.updated_at,
    annotation.c.updated_by,
    annotation.c.credited_to,
    annotation.c.project_id,
    annotation.c.annotation_set_id,
    looked_up(annotation, "annotation_set_id", annotation_set.c.name).label("annotation_set_name"),
    annotation.c.instance,
    annotation.c.text_value,
    annotation.c.numeric_value,
    annotation.c.unit,
    annotation.c.attributes,
    annotation.c.source,
    annotation.c.is_model,
    annotation.c.model_id,
    annotation.c.confidence,
    annotation.c.imported_from,
    annotation.c.status,
    annotation.c.approved_at,
    annotation.c.approved_by,
    annotation.c.deleted_at,
    annotation.c.deleted_by,
    annotation.c.set_name,
    annotation.c.revision,
    looked_up(annotation, "item_id", item.c.name).label("item_name"),
    looked_up(annotation, "item_id", item.c.modality).label("item_modality"),
)
_KIND, _MARKS, _SOURCE = 2, 7, 19
_OWN = tuple(column.name for column in COLUMNS if isinstance(column, sa.Column))


def to_label(cells: Sequence[Any], label_marks: tuple[Mark, ...]) -> Label:
    """From the values of :data:`COLUMNS`."""
    values = [*cells[:_MARKS], label_marks, *cells[_MARKS:]]
    values[_KIND], values[_SOURCE] = LabelKind(values[_KIND]), Source(values[_SOURCE])
    return Label(*values)


def annotation_values(label: Label) -> dict[str, Any]:
    """The label's own columns."""
    values = {name: getattr(label, name) for name in _OWN}
    values["kind"], values["source"] = label.kind.value, label.source.value
    values["attributes"] = list(label.attributes)
    return values


def snapshot(label: Label) -> dict[str, Any]:
    """All that is stored of a label, JSON-able, without what is empty: what a revision keeps."""
    own = {**annotation_values(label), "identifier": label.identifier}
    kept = {name: value for name, value in own.items() if value is not None}
    kept["marks"] = [{k: v for k, v in marks.mark_values(one).items() if v is not None} for one in label.marks]
    return kept


def insert_labels(scope: Scope, labels: Sequence[Label]) -> None:
    scope.insert(annotation, [annotation_values(label) for label in labels])
    marks.insert_marks(
        scope,
        ((label.id, label.item_id, place, one) for label in labels for place, one in enumerate(label.marks)),
    )


def save_labels(scope: Scope, pairs: Sequence[tuple[Label, Label]]) -> None:
    """Write what differs in each pair of (before, after); marks are told apart by their ids.

    Labels in which the same columns change are written by one statement.
    """
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for before, after in pairs:
        old, new = annotation_values(before), annotation_values(after)
        changed = {f"new_{name}": value for name, value in new.items() if old[name] != value}
        groups.setdefault(tuple(changed), []).append({"label_id": after.id, **changed})
        if before.marks != after.marks:
            _save_marks(scope, before, after)
    for names, rows in groups.items():
        if names:
            scope.execute(_update_of(names), rows)


def _update_of(names: Sequence[str]) -> sa.Update:
    columns = [annotation.c[name.removeprefix("new_")] for name in names]
    return (
        sa.update(annotation)
        .where(annotation.c.organization_id == ORG, annotation.c.id == sa.bindparam("label_id"))
        .values({column: sa.bindparam(name, type_=column.type) for name, column in zip(names, columns, strict=True)})
    )


def _save_marks(scope: Scope, before: Label, after: Label) -> None:
    old = {one.id: (place, one) for place, one in enumerate(before.marks)}
    new = {one.id: (place, one) for place, one in enumerate(after.marks)}
    gone = [mark_id for mark_id in old if mark_id not in new]
    if gone:
        marks.delete_marks(scope, gone)
    for mark_id, (place, one) in new.items():
        if mark_id in old and old[mark_id] != (place, one):
            marks.update_mark(scope, one, place)
    added = [(after.id, after.item_id, place, one) for key, (place, one) in new.items() if key not in old]
    marks.insert_marks(scope, added)


def find_labels(scope: Scope, ids: Iterable[str], *, lock: bool = False) -> dict[str, Label]:
    """Labels with all their marks, by id; with ``lock`` they are held until the transaction ends."""
    wanted = list(ids)
    if lock:
        held = rows_of(annotation, annotation.c.id).where(among(scope, annotation.c.id, wanted))
        all_rows(scope, held.order_by(annotation.c.id).with_for_update())
    return _with_marks(scope, _select().where(among(scope, annotation.c.id, wanted)))


def labels_of_item(
    scope: Scope,
    item_id: str,
    *,
    kinds: Sequence[LabelKind] | None = None,
    feature_id: str | None = None,
    created_by: str | None = None,
    lock: bool = False,
) -> list[Label]:
    """The item's labels that are not deleted, in order of creation."""
    statement = _select().where(annotation.c.item_id == item_id, annotation.c.deleted_at.is_(None))
    if kinds is not None:
        statement = statement.where(annotation.c.kind.in_([kind.value for kind in kinds]))
    if feature_id is not None:
        statement = statement.where(annotation.c.feature_id == feature_id)
    if created_by is not None:
        statement = statement.where(sa.func.coalesce(annotation.c.credited_to, annotation.c.created_by) == created_by)
    if lock:
        statement = statement.with_for_update()
    return list(_with_marks(scope, statement.order_by(annotation.c.created_at, annotation.c.id)).values())


def _select() -> sa.Select[Any]:
    return rows_of(annotation, *COLUMNS)


def _with_marks(scope: Scope, statement: sa.Select[Any]) -> dict[str, Label]:
    found = {str(row[0]): to_label(row, ()) for row in all_rows(scope, statement)}
    of_label = marks.marks_of(scope, found) if found else {}
    return {key: replace(label, marks=of_label.get(key, ())) for key, label in found.items()}


def features_in_use(scope: Scope, feature_ids: Sequence[str]) -> set[str]:
    """Those of the features that a label which is not deleted belongs to."""
    statement = rows_of(annotation, annotation.c.feature_id).where(
        among(scope, annotation.c.feature_id, feature_ids), annotation.c.deleted_at.is_(None)
    )
    return {str(row[0]) for row in all_rows(scope, statement.distinct())}


def unsorted_labels(scope: Scope, item_ids: Sequence[str]) -> list[Label]:
    """Labels of these items that belong to no project and are not deleted."""
    statement = _select().where(
        among(scope, annotation.c.item_id, item_ids),
        annotation.c.project_id.is_(None),
        annotation.c.deleted_at.is_(None),
    )
    return list(_with_marks(scope, statement.order_by(annotation.c.created_at, annotation.c.id)).values())
