"""Our own signed links, for what a store cannot sign itself: a token that gives one thing for a while, and nothing else.

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
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fiducial.errors import Unauthenticated
from fiducial_server.model.times import Clock, now_us

SECRET_BYTES = 32
_FORM = b"fiducial signed link 2\n"
"""Signed along, so that the secret may serve other purposes too."""


@dataclass(frozen=True, slots=True)
class Signed:
    """``expires_at`` in us."""

    token: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token gives, in the words of who signed it, until ``expires_at`` (us)."""

    what: Mapping[str, Any]
    expires_at: int


class UrlSigner:
    """``secret`` is the same on every server process and at least 32 random bytes."""

    def __init__(self, secret: bytes, clock: Clock = now_us) -> None:
        if len(secret) < SECRET_BYTES:
            raise ValueError(f"the secret for signed links must have at least {SECRET_BYTES} bytes, not {len(secret)}")
        self._secret = secret
        self._clock = clock

    def sign(self, purpose: str, what: Mapping[str, Any], expires_s: int) -> Signed:
        """A token for ``what`` (JSON-able). It is only good where the same ``purpose`` is asked for."""
        ends_at = self._clock() + expires_s * 1_000_000
        payload = json.dumps([ends_at, what], separators=(",", ":")).encode()
        return Signed(f"{_encode(payload)}.{_encode(self._signature(purpose, payload))}", ends_at)

    def verify(self, purpose: str, token: str) -> Grant:
        """Raises Unauthenticated for a token that is forged, damaged, for another purpose, or over."""
        payload_text, _, signature_text = token.partition(".")
        try:
            payload, signature = _decode(payload_text), _decode(signature_text)
        except (binascii.Error, ValueError):
            raise Unauthenticated("the link is damaged: was it copied whole?") from None
        if not hmac.compare_digest(signature, self._signature(purpose, payload)):
            raise Unauthenticated("the link was not made by this server, or is damaged")
        expires_at, what = json.loads(payload)
        if self._clock() >= expires_at:
            raise Unauthenticated("the link is over; ask for a new one")
        return Grant(what, expires_at)

    def _signature(self, purpose: str, payload: bytes) -> bytes:
        return hmac.digest(self._secret, _FORM + purpose.encode() + b"\n" + payload, hashlib.sha256)


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
