"""The texts of API keys and SSH public keys, and the hashes under which they are found again."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets

from fiducial.errors import Invalid

PREFIX = "fid_"
SHOWN = 12
"""Characters of a key that may be shown again."""
SHORTEST = 16
"""Characters of a key that somebody chose: its hash is not salted, so it must not be guessable."""
_ED25519 = b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20"


def new_key() -> str:
    """A new API key with 256 bits of entropy: ``fid_`` and 43 url-safe characters."""
    return PREFIX + secrets.token_urlsafe(32)


def key_hash(key: str) -> str:
    """SHA-256, hex. A key has enough entropy that a slow hash would protect nothing."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def chosen_key(key: str) -> str:
    """A key that an operator chose, if it may be one; raises Invalid."""
    if len(key) < SHORTEST or not key.isascii() or not key.isprintable() or " " in key:
        raise Invalid(f"an API key has at least {SHORTEST} printable ASCII characters and no spaces", field="api_key")
    return key


def shown_part(key: str) -> str:
    """What may be shown of a key: never more than a quarter of it."""
    return key[: min(SHOWN, len(key) // 4)]


def ed25519_key(text: str) -> tuple[str, str]:
    """``ssh-ed25519 AAAA... comment`` as (canonical text without comment, comment); raises Invalid (RFC 8709, 4)."""
    parts = text.split()
    if len(parts) < 2 or parts[0] != "ssh-ed25519":
        found = parts[0][:40] if parts else "nothing"
        raise Invalid(f"an SSH public key must be of type ssh-ed25519, not {found!r}", field="public_key")
    try:
        blob = base64.b64decode(parts[1], validate=True)
    except binascii.Error:
        raise Invalid("the SSH public key is not base64", field="public_key") from None
    if len(blob) != len(_ED25519) + 32 or not blob.startswith(_ED25519):
        raise Invalid("the SSH public key is cut off or not an ed25519 key", field="public_key")
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}", " ".join(parts[2:])
