"""One entry of the audit trail: append-only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """Who (``actor``, an e-mail address, with which credential) did what (``noun.verb``) to what, through which door.

    ``at`` is in us. ``details`` is what the action says of itself, JSON.
    """

    id: str
    at: int
    actor: str
    credential_id: str | None
    action: str
    subject_kind: str
    subject_id: str | None
    project_id: str | None
    origin: str
    details: Mapping[str, Any]
