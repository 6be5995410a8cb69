"""Moments are whole microseconds since 1970-01-01 UTC: exact, sortable, and the same in every database."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from fiducial.errors import Invalid

Clock = Callable[[], int]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = datetime(1970, 1, 1)


def now_us() -> int:
    """The system clock."""
    return time.time_ns() // 1000


def to_iso(moment_us: int) -> str:
    """``2026-11-20T10:30:00.123456Z``: always six digits and Z, so that equal moments are equal texts."""
    seconds, micros = divmod(moment_us, 1_000_000)
    return f"{_to_the_second(seconds)}.{micros:06d}Z"


@lru_cache(maxsize=4096)  # what was made together is listed together
def _to_the_second(seconds: int) -> str:
    return (_NAIVE_EPOCH + timedelta(seconds=seconds)).isoformat(timespec="seconds")


def from_iso(text: str, what: str) -> int:
    """Parse ISO 8601 (a date alone is its first moment; no zone means UTC); raises Invalid naming ``what``."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except (ValueError, AttributeError):
        raise Invalid(f"{what} must be an ISO 8601 date or time, not {text!r}", field=what) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1)
