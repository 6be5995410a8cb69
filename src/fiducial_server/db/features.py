"""Rows of features: what may be labelled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from fiducial_server.db.idlist import among
from fiducial_server.db.rows import all_rows
from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import feature
from fiducial_server.model.project import Feature

_COLUMNS = (
    feature.c.id,
    feature.c.ontology_id,
    feature.c.kind,
    feature.c.identifier,
    feature.c.hash,
    feature.c.parent_id,
    feature.c.color,
    feature.c.index,
    feature.c.scope,
    feature.c.required,
    feature.c.archived,
    feature.c.dynamic,
    feature.c["values"],
    feature.c.settings,
)
_VALUES = 12


def features_of(scope: Scope, ontology_id: str) -> list[Feature]:
    """All, nested and archived ones too, in order."""
    statement = rows_of(feature, *_COLUMNS).where(feature.c.ontology_id == ontology_id)
    return [_read(row) for row in all_rows(scope, statement.order_by(feature.c.position, feature.c.id))]


def features_by_ontology(scope: Scope, ontology_ids: Iterable[str]) -> dict[str, list[Feature]]:
    """The same of several ontologies."""
    statement = rows_of(feature, *_COLUMNS).where(among(scope, feature.c.ontology_id, ontology_ids))
    found: dict[str, list[Feature]] = {}
    for row in all_rows(scope, statement.order_by(feature.c.position, feature.c.id)):
        one = _read(row)
        found.setdefault(one.ontology_id, []).append(one)
    return found


def next_feature_position(scope: Scope, ontology_id: str) -> int:
    statement = rows_of(feature, sa.func.max(feature.c.position)).where(feature.c.ontology_id == ontology_id)
    highest = scope.execute(statement).scalar()
    return 0 if highest is None else int(highest) + 1


def insert_features(scope: Scope, rows: Sequence[Feature], *, position: int, at: int) -> None:
    """``position`` is the place of the first of them."""
    scope.insert(
        feature,
        [
            {
                **{column.name: getattr(row, column.name) for column in _COLUMNS},
                "values": list(row.values),
                "settings": dict(row.settings),
                "position": position + offset,
                "created_at": at,
            }
            for offset, row in enumerate(rows)
        ],
    )


def update_feature(scope: Scope, feature_id: str, changes: Mapping[str, Any]) -> None:
    scope.execute(
        sa.update(feature)
        .where(feature.c.organization_id == ORG, feature.c.id == feature_id)
        .values({feature.c[name]: value for name, value in changes.items()})
    )


def _read(row: Any) -> Feature:
    cells = list(row)
    cells[_VALUES] = tuple(cells[_VALUES])
    return Feature(*cells)
