"""Passwords are kept as argon2id hashes (RFC 9106); checking one costs the same whether or not the user exists."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from fiducial.errors import Invalid

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST = 8
LONGEST = 1024
"""Characters; longer input would only make the hash slow."""


class Passwords:
    """Safe to share between threads. The hasher and the stand-in hash are made at first use: both cost time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hasher: PasswordHasher | None = None
        self._stand_in = ""

    def hash(self, password: str) -> str:
        if not isinstance(password, str) or not SHORTEST <= len(password) <= LONGEST:
            raise Invalid(f"a password has {SHORTEST} to {LONGEST} characters", field="password")
        return self._ready().hash(password)

    def matches(self, kept_hash: str | None, password: str) -> bool:
        """Whether it is the password of that hash. None (no such user, or no password) takes as long and is False."""
        from argon2.exceptions import InvalidHashError, VerificationError

        hasher = self._ready()
        if len(password) > LONGEST:
            return False
        try:
            return hasher.verify(kept_hash or self._stand_in, password) and kept_hash is not None
        except (VerificationError, InvalidHashError):
            return False

    def _ready(self) -> PasswordHasher:
        with self._lock:
            if self._hasher is None:
                from argon2 import PasswordHasher

                hasher = PasswordHasher()
                self._stand_in = hasher.hash("nobody has this password")
                self._hasher = hasher
            return self._hasher
