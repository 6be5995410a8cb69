"""Rows: SQLite and PostgreSQL from the same definitions. Repositories take a Scope, so no query leaves its
organization."""
