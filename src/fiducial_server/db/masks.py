"""Rows of masks: lossless runs, never changed, named by the SHA-256 of their bytes."""

from __future__ import annotations

from collections.abc import Mapping

from fiducial_server.db.rows import first_row
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import mask


def insert_masks(scope: Scope, runs: Mapping[str, bytes]) -> None:
    """SHA-256 -> runs; those that are there are left as they are."""
    scope.insert_missing(mask, [{"sha256": sha256, "runs": runs[sha256]} for sha256 in sorted(runs)])


def mask_runs(scope: Scope, sha256: str) -> bytes | None:
    row = first_row(scope, rows_of(mask, mask.c.runs).where(mask.c.sha256 == sha256))
    return bytes(row[0]) if row else None
