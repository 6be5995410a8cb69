"""Ids made by the server: UUIDs of version 7 (RFC 9562, 5.7), so that rows made together lie together in every index.

The low 32 bits of a new id are zero. A mark that covers a range of frames is shown by frame-wise dialects as one label
per frame; the label of frame ``start + n`` carries the mark's id with ``n`` added in those bits. So every such id is
stable, needs no row of its own, and leads back to its mark. When a mark is cut, each part has the id of its own first
frame, so that every frame keeps the id it had (:mod:`fiducial_server.model.frame_range`).
"""

from __future__ import annotations

import os
import threading
import time
import uuid

from fiducial.errors import Invalid

FRAME_BITS = 32
_FRAME_MASK = (1 << FRAME_BITS) - 1
_COUNTER_BITS = 42

_lock = threading.Lock()
_last = (0, 0)


def new_id() -> str:
    """A new UUIDv7 as lower-case text: 48 bits of milliseconds, then 42 bits that start at random and count up."""
    global _last  # noqa: PLW0603 - one counter per process keeps ids of one millisecond apart
    with _lock:
        now_ms, (last_ms, counter) = time.time_ns() // 1_000_000, _last
        if now_ms <= last_ms:
            now_ms, counter = last_ms, counter + 1
        else:
            counter = int.from_bytes(os.urandom(6), "big") >> 7  # top bit of 42 left free for counting up
        _last = (now_ms, counter)
    rand_a, rand_b = counter >> 30, counter & ((1 << 30) - 1)
    value = (now_ms << 80) | (0x7 << 76) | (rand_a << 64) | (0b10 << 62) | (rand_b << FRAME_BITS)
    return str(uuid.UUID(int=value))


def id_at(moment_us: int) -> str:
    """A new id for a thing made at ``moment_us``: such ids sort as their moments do, to the microsecond.

    The 12 bits after the milliseconds hold the fraction of the millisecond (RFC 9562, 6.2, method 3), so every index
    on an
    item's id is also in order of arrival.
    """
    return _timed(moment_us, int.from_bytes(os.urandom(4), "big") >> 2)


def first_id_at(moment_us: int) -> str:
    """The lowest id that :func:`id_at` can give at ``moment_us``; not an id of anything."""
    return _timed(moment_us, 0)


def _timed(moment_us: int, random_30: int) -> str:
    now_ms, rest_us = divmod(max(moment_us, 0), 1000)
    high = ((now_ms & ((1 << 48) - 1)) << 80) | (0x7 << 76) | ((rest_us << 12) // 1000 << 64)
    return str(uuid.UUID(int=high | (0b10 << 62) | (random_30 << FRAME_BITS)))


def parse_id(text: str, what: str) -> str:
    """``text`` as a canonical UUID; raises Invalid naming ``what`` (``project id`` ...) and the text."""
    try:
        return str(uuid.UUID(text))
    except (ValueError, AttributeError, TypeError):
        raise Invalid(f"{what} must be a UUID, not {str(text)[:80]!r}", field=what) from None


def is_id(text: str) -> bool:
    """Whether ``text`` has the form of a UUID."""
    try:
        uuid.UUID(text)
    except (ValueError, AttributeError, TypeError):
        return False
    return True


def frame_id(mark_id: str, offset: int) -> str:
    """The id under which a frame-wise dialect shows frame ``offset`` (from 0) of the mark's range."""
    if not 0 <= offset <= _FRAME_MASK:
        raise Invalid(f"frame offset {offset} is outside 0..{_FRAME_MASK}")
    return str(uuid.UUID(int=(uuid.UUID(mark_id).int & ~_FRAME_MASK) | offset))


def split_frame_id(label_id: str) -> tuple[str, int]:
    """Mark id and frame offset of an id made by :func:`frame_id`."""
    value = uuid.UUID(label_id).int
    return str(uuid.UUID(int=value & ~_FRAME_MASK)), value & _FRAME_MASK
