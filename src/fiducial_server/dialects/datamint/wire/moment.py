"""Moments as text: one form everywhere, because the published client's cache compares the texts."""

from __future__ import annotations

from fiducial_server.model.times import to_iso


def moment(at: int | None) -> str | None:
    """ISO 8601 with six digits and Z, or None."""
    return None if at is None else to_iso(at)
