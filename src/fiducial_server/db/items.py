"""Rows of ``item`` and the values they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from fiducial.media.base import Finding
from fiducial_server.db import findings, tags
from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import item
from fiducial_server.model.item import Item, ItemKind, ItemState, ItemStatus

MOST_IDS = 500
"""Ids named in one statement; longer lists are taken in pieces."""


def in_pieces(ids: Sequence[str], size: int = MOST_IDS) -> list[Sequence[str]]:
    """The list cut into runs of at most ``size``."""
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def to_item(row: Any, item_tags: tuple[str, ...] = (), item_findings: tuple[Finding, ...] = ()) -> Item:
    """The value of a whole row of ``item``, its columns in the table's order. Lists stand or fall by this one's speed."""
    values = dict(zip(_COLUMNS, row, strict=True))
    del values["organization_id"]
    geometry = values.pop("geometry") or {}
    spacing = geometry.get("spacing_zyx_mm")
    affine = geometry.get("voxel_to_patient")
    values["kind"] = _KINDS[values["kind"]]
    values["status"] = _STATUSES[values["status"]]
    values["state"] = _STATES[values["state"]]
    values["spacing_zyx_mm"] = None if spacing is None else (spacing[0], spacing[1], spacing[2])
    values["voxel_to_patient"] = None if affine is None else tuple([tuple(line) for line in affine])
    values["frame_of_reference_uid"] = geometry.get("frame_of_reference_uid")
    values["tags"], values["findings"] = item_tags, item_findings
    made = object.__new__(Item)  # its __init__ would set forty fields one by one, each through a check that it may not
    vars(made).update(values)
    return made


_COLUMNS = tuple(column.name for column in item.c)
_KINDS = {kind.value: kind for kind in ItemKind}
_STATUSES = {status.value: status for status in ItemStatus}
_STATES = {state.value: state for state in ItemState}


def item_row(value: Item) -> dict[str, Any]:
    """The row of a new item, without its tags and findings."""
    geometry = {
        "spacing_zyx_mm": value.spacing_zyx_mm,
        "voxel_to_patient": value.voxel_to_patient,
        "frame_of_reference_uid": value.frame_of_reference_uid,
    }
    row = {name: getattr(value, name) for name in _SAME}
    row["geometry"] = geometry if any(part is not None for part in geometry.values()) else None
    row["metadata"] = dict(value.metadata)
    row["user_metadata"] = dict(value.user_metadata)
    return row


_SAME = tuple(
    column.name for column in item.c if column.name not in {"organization_id", "geometry", "metadata", "user_metadata"}
)
"""Columns that are fields of the value under the same name; enumerations are texts to the database."""


def with_details(scope: Scope, rows: Sequence[Any]) -> list[Item]:
    """Whole rows of ``item`` with their tags and findings: two more queries."""
    ids = [row.id for row in rows]
    tagged = tags.tags_of(scope, ids)
    found = findings.findings_of(scope, ids)
    return [to_item(row, tagged.get(row.id, ()), found.get(row.id, ())) for row in rows]


def find(scope: Scope, item_id: str) -> Item | None:
    row = scope.execute(rows_of(item).where(item.c.id == item_id)).one_or_none()
    return None if row is None else with_details(scope, [row])[0]


def find_many(scope: Scope, ids: Sequence[str]) -> list[Item]:
    """Those of the items that exist, in no order."""
    found: list[Item] = []
    for piece in in_pieces(ids):
        found += with_details(scope, scope.execute(rows_of(item).where(item.c.id.in_(piece))).all())
    return found


def facts_of(scope: Scope, ids: Sequence[str], *columns: str) -> dict[str, Any]:
    """id -> row of the columns named (``id`` is always there), of those items that exist."""
    wanted = [item.c.id, *(item.c[name] for name in columns)]
    rows: dict[str, Any] = {}
    for piece in in_pieces(ids):
        rows.update((row.id, row) for row in scope.execute(rows_of(item, *wanted).where(item.c.id.in_(piece))))
    return rows


def hold(scope: Scope, item_id: str) -> Any:
    """The item's row, locked until the transaction ends where the database locks rows; None when it is not there."""
    return scope.execute(rows_of(item).where(item.c.id == item_id).with_for_update()).one_or_none()


def insert(scope: Scope, rows: Sequence[Mapping[str, Any]]) -> None:
    scope.insert(item, rows)


def update(scope: Scope, ids: Sequence[str], values: Mapping[str, Any]) -> None:
    """The same values for all of the items."""
    for piece in in_pieces(ids):
        scope.execute(sa.update(item).where(item.c.organization_id == ORG, item.c.id.in_(piece)).values(**values))


def grow(scope: Scope, item_id: str, *, size: int, files: int, at: int) -> None:
    """A group got ``files`` more files of ``size`` bytes together."""
    scope.execute(
        sa.update(item)
        .where(item.c.organization_id == ORG, item.c.id == item_id)
        .values(size=item.c.size + size, file_count=item.c.file_count + files, updated_at=at)
    )


def remove(scope: Scope, item_id: str) -> None:
    """Take the row and all that hangs on it away; only for a group that was never closed."""
    scope.execute(sa.delete(item).where(item.c.organization_id == ORG, item.c.id == item_id))
