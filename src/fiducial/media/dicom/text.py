"""Character sets (PS3.3 C.12.1.1.2, PS3.5 6.1). Text that fits no declared set is kept readable, and found out."""

from __future__ import annotations

import warnings

_DELIMITERS = set(b"\\^=\r\n\t\f")
"""After each of these the first character set is in force again (PS3.5 6.1.2.5.3)."""


def encodings_of(raw: bytes) -> tuple[str, ...]:
    """Python codec names for a Specific Character Set value; unknown terms are left out."""
    from pydicom.charset import convert_encodings

    terms = [term.strip(" \0") for term in raw.decode("ascii", "replace").split("\\")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return tuple(convert_encodings(terms))
        except (LookupError, ValueError):
            return ()


def decode_text(raw: bytes, encodings: tuple[str, ...]) -> str:
    """Text of any value. Without a declared set, UTF-8 when it is that and Latin-1 otherwise."""
    if not encodings:
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw.decode("latin-1")
    from pydicom.charset import decode_bytes

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return str(decode_bytes(raw, list(encodings), _DELIMITERS))
        except (LookupError, UnicodeError):
            return raw.decode("latin-1")
