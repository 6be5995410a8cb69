"""Rows of ontologies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from fiducial_server.db.idlist import among
from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import ontology, project


def insert_missing_ontology(scope: Scope, ontology_id: str, name: str, *, at: int, by: str) -> None:
    scope.insert_missing(
        ontology,
        [{"id": ontology_id, "name": name, "settings": {}, "created_at": at, "created_by": by, "updated_at": at}],
    )


def ontology_settings(scope: Scope, ontology_id: str, *, lock: bool = False) -> dict[str, Any]:
    """Settings of the ontology; with ``lock``, it is held until the transaction ends."""
    statement = rows_of(ontology, ontology.c.settings).where(ontology.c.id == ontology_id)
    return dict(scope.execute(statement.with_for_update() if lock else statement).scalar_one())


def ontologies_of_projects(scope: Scope, project_ids: Iterable[str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """By project: the id of its ontology, and that one's settings."""
    owned = rows_of(project, project.c.id, project.c.ontology_id).where(among(scope, project.c.id, project_ids))
    ids = {row.id: row.ontology_id for row in scope.execute(owned)}
    wanted = rows_of(ontology, ontology.c.id, ontology.c.settings).where(among(scope, ontology.c.id, ids.values()))
    settings = {row.id: dict(row.settings) for row in scope.execute(wanted)}
    return {project_id: (ontology_id, settings[ontology_id]) for project_id, ontology_id in ids.items()}


def update_ontology(scope: Scope, ontology_id: str, changes: Mapping[str, Any]) -> None:
    scope.execute(
        sa.update(ontology).where(ontology.c.organization_id == ORG, ontology.c.id == ontology_id).values(**changes)
    )
