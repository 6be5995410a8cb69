"""One entry of a label's history: append-only, so that what was ever saved can be read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class RevisionAction(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    RESTORE = "restore"
    APPROVE = "approve"


@dataclass(frozen=True, slots=True)
class Revision:
    """``before`` and ``after`` are the label's columns with its ``marks``; None before a creation. ``at`` is in us."""

    annotation_id: str
    number: int
    at: int
    by: str
    action: RevisionAction
    origin: str
    event_id: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
