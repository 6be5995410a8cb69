"""What tests of labels and projects share: counting rows, and files ready to be attached."""

from __future__ import annotations

import sqlalchemy as sa

from fiducial_server.db.engine import Database
from fiducial_server.db.schema import metadata
from fiducial_server.db.scope import rows_of
from fiducial_server.model.actor import Actor
from fiducial_server.storage.base import BlobStore, Spool


def row_count(database: Database, actor: Actor, table: str) -> int:
    """Rows of the actor's organization."""
    with database.read(actor.organization_id) as scope:
        return int(scope.execute(rows_of(metadata.tables[table], sa.func.count())).scalar_one())


def event_count(database: Database, actor: Actor) -> int:
    return row_count(database, actor, "event")


def received(store: BlobStore, body: bytes) -> Spool:
    """A spool that holds ``body``, not yet finished."""
    spool = store.spool()
    spool.write(body)
    return spool


def kept_keys(store: BlobStore) -> set[str]:
    return {key for key, _, _ in store.keys()}  # noqa: SIM118 - a store is no dict
