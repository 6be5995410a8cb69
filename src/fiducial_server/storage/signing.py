"""Our own signed URLs, for stores that cannot make any: a token that gives one key's bytes for a while, and nothing else.

The token is ``<payload>.<signature>``, both in URL-safe base64 without padding: the payload is JSON, the signature its
HMAC-SHA256 (RFC 2104) under a secret of the server. Nothing is stored; a token cannot be taken back before it ends, so
its life should be short.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass

from fiducial.errors import Unauthenticated
from fiducial_server.model.times import Clock, now_us

SECRET_BYTES = 32
_PURPOSE = b"fiducial signed url 1\n"
"""Signed along, so that the secret may serve other purposes too."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token gives: the bytes of ``key``, under ``filename``, until ``expires_at`` (us)."""

    key: str
    expires_at: int
    filename: str | None = None


class UrlSigner:
    """``secret`` is the same on every server process and at least 32 random bytes."""

    def __init__(self, secret: bytes, clock: Clock = now_us) -> None:
        if len(secret) < SECRET_BYTES:
            raise ValueError(f"the secret for signed URLs must have at least {SECRET_BYTES} bytes, not {len(secret)}")
        self._secret = secret
        self._clock = clock

    def sign(self, key: str, expires_s: int, *, filename: str | None = None) -> str:
        """A token for the bytes of ``key``."""
        ends_at = self._clock() + expires_s * 1_000_000
        payload = json.dumps([key, ends_at, filename], separators=(",", ":")).encode()
        return f"{_encode(payload)}.{_encode(self._signature(payload))}"

    def verify(self, token: str) -> Grant:
        """Raises Unauthenticated for a token that is forged, damaged, or over."""
        payload_text, _, signature_text = token.partition(".")
        try:
            payload, signature = _decode(payload_text), _decode(signature_text)
        except (binascii.Error, ValueError):
            raise Unauthenticated("the link is damaged: was it copied whole?") from None
        if not hmac.compare_digest(signature, self._signature(payload)):
            raise Unauthenticated("the link was not made by this server, or is damaged")
        key, expires_at, filename = json.loads(payload)
        if self._clock() >= expires_at:
            raise Unauthenticated("the link is over; ask for a new one")
        return Grant(key, expires_at, filename)

    def _signature(self, payload: bytes) -> bytes:
        return hmac.digest(self._secret, _PURPOSE + payload, hashlib.sha256)


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
