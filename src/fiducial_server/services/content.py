"""Bytes on their way out: what they are, and a way to read any part of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Content:
    """``read(start, length)`` gives the bytes from ``start``, ``length`` of them (None: to the end), in pieces of about 1 MiB."""

    size: int
    mimetype: str
    filename: str
    sha256: str
    read: Callable[[int, int | None], Iterator[bytes]]

    def whole(self) -> bytes:
        """All bytes at once; for small things."""
        return b"".join(self.read(0, None))


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """A picture for looking at."""

    data: bytes
    mimetype: str
