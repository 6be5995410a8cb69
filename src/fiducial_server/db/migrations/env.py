"""Alembic's entry point, run inside the transaction that :mod:`fiducial_server.db.migrate` opened."""

from __future__ import annotations

from alembic import context

from fiducial_server.db.tables import organization

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=organization.metadata,
    render_as_batch=True,  # SQLite cannot alter most things in place
    compare_server_default=True,
)
context.run_migrations()
