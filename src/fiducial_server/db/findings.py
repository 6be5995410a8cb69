"""Rows of ``finding``: what is not ordinary about an item, in order of discovery."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from fiducial.media.base import Finding, Severity
from fiducial_server.db.idlist import among
from fiducial_server.db.rows import all_rows
from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import finding

_PIECE = 500


def finding_row(item_id: str, ordinal: int, found: Finding) -> dict[str, Any]:
    return {
        "item_id": item_id,
        "ordinal": ordinal,
        "code": found.code[:64],
        "severity": str(found.severity),
        "message": found.message.replace("\x00", "�"),
        "evidence": dict(found.evidence),
    }


def insert(scope: Scope, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows made by :func:`finding_row`."""
    scope.insert(finding, rows)


def findings_of(scope: Scope, item_ids: Sequence[str]) -> dict[str, tuple[Finding, ...]]:
    """id -> its findings; items without any are left out."""
    query = rows_of(finding).where(among(scope, finding.c.item_id, item_ids))
    found: dict[str, list[Finding]] = {}
    for row in all_rows(scope, query.order_by(finding.c.item_id, finding.c.ordinal)):
        value = Finding(row.code, Severity(row.severity), row.message, row.evidence)
        found.setdefault(row.item_id, []).append(value)
    return {item_id: tuple(values) for item_id, values in found.items()}


def next_ordinals(scope: Scope, item_ids: Sequence[str]) -> dict[str, int]:
    """id -> the ordinal the next finding of that item gets, for every id given."""
    last = dict.fromkeys(item_ids, -1)
    for start in range(0, len(item_ids), _PIECE):
        query = (
            rows_of(finding, finding.c.item_id, sa.func.max(finding.c.ordinal))
            .where(finding.c.item_id.in_(item_ids[start : start + _PIECE]))
            .group_by(finding.c.item_id)
        )
        last.update((row[0], row[1]) for row in scope.execute(query))
    return {item_id: ordinal + 1 for item_id, ordinal in last.items()}


def append(scope: Scope, new: Sequence[tuple[str, Finding]]) -> None:
    """Add findings to items that may have some. The caller holds the items' rows (:func:`items.hold`)."""
    ordinals = next_ordinals(scope, sorted({item_id for item_id, _ in new}))
    rows = []
    for item_id, value in new:
        rows.append(finding_row(item_id, ordinals[item_id], value))
        ordinals[item_id] += 1
    insert(scope, rows)


def replace(scope: Scope, item_id: str, values: Sequence[Finding]) -> None:
    """The item's findings are now these."""
    scope.execute(sa.delete(finding).where(finding.c.organization_id == ORG, finding.c.item_id == item_id))
    insert(scope, [finding_row(item_id, ordinal, value) for ordinal, value in enumerate(values)])
