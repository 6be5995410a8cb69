"""What may be a name: of a project, an annotation set, a feature."""

from __future__ import annotations

from fiducial.errors import Invalid

MOST = 255


def checked_name(text: object, what: str, most: int = MOST) -> str:
    """``text`` when it can be a name; Invalid naming ``what`` when it is empty, too long, or has control characters."""
    if not isinstance(text, str):
        raise Invalid(f"{what} must be text, not {type(text).__name__}", field=what)
    if not text.strip():
        raise Invalid(f"{what} is empty", field=what)
    if len(text) > most:
        raise Invalid(f"{what} has {len(text)} characters, and may have {most}", field=what)
    if any(ord(one) < 32 or ord(one) == 127 for one in text):
        raise Invalid(f"{what} has control characters: {text[:80]!r}", field=what)
    return text


def checked_text(text: object, what: str) -> str:
    """Free text, of any length; only NUL is refused, which a database cannot hold."""
    if not isinstance(text, str):
        raise Invalid(f"{what} must be text, not {type(text).__name__}", field=what)
    if "\0" in text:
        raise Invalid(f"{what} has a NUL character", field=what)
    return text
