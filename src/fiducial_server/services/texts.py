"""Rules for texts that people give: names, tags, paths, free JSON. Broken ones are refused with their reason."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fiducial.errors import Invalid

LONGEST_FILENAME = 1024
LONGEST_PATH = 4096
LONGEST_TAG = 255
MOST_TAGS = 1000
LARGEST_JSON = 1 << 20
"""Bytes of free JSON that one item carries."""


def clean_text(text: Any, what: str, longest: int, *, empty: bool = False) -> str:
    """The text without space around it; Invalid when it is not text, empty, too long, or holds what no text holds."""
    if not isinstance(text, str):
        raise Invalid(f"{what} must be text, not {type(text).__name__}", field=what)
    stripped = text.strip()
    if not stripped and not empty:
        raise Invalid(f"{what} must not be empty", field=what)
    if len(stripped) > longest:
        raise Invalid(f"{what} has {len(stripped)} characters; at most {longest} are allowed", field=what)
    for place, character in enumerate(stripped):
        if (character < " " and character not in "\t\n\r") or "\ud800" <= character <= "\udfff":
            raise Invalid(f"{what} has the character U+{ord(character):04X} at {place}, which is not text", field=what)
    return stripped


def clean_filename(name: Any) -> str:
    """A file name as it is kept: only a name. Invalid for parts of a path, control characters and more than 1,024 characters.

    The bytes are never kept under this name; a path in it would still reach whoever saves a download under it.
    """
    shown = repr(name[:60]) if isinstance(name, str) else repr(name)
    if not isinstance(name, str) or not name.strip():
        raise Invalid("the file has no name", field="filename")
    if len(name) > LONGEST_FILENAME:
        raise Invalid(
            f"the file name has {len(name)} characters; at most {LONGEST_FILENAME} are allowed", field="filename"
        )
    for character in name:
        if character < " " or character == "\x7f" or "\ud800" <= character <= "\udfff":
            raise Invalid(f"the file name {shown} has the control character U+{ord(character):04X}", field="filename")
    if "/" in name or "\\" in name or name.strip() in {".", ".."}:
        raise Invalid(f"the file name {shown} must be a name alone, without parts of a path", field="filename")
    return name


def clean_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Each tag once, without space around it, empty ones left out."""
    if isinstance(tags, str) or len(tags) > MOST_TAGS:
        raise Invalid(f"tags must be a list of at most {MOST_TAGS} texts", field="tags")
    cleaned = (clean_text(tag, "tag", LONGEST_TAG, empty=True) for tag in tags)
    return tuple(dict.fromkeys(tag for tag in cleaned if tag))


def clean_json(value: Any, what: str) -> dict[str, Any]:
    """A JSON object as given; Invalid when it is none, too large, or holds NaN or infinity (RFC 8259, 6)."""
    if not isinstance(value, Mapping):
        raise Invalid(f"{what} must be a JSON object, not {type(value).__name__}", field=what)
    if not value:
        return {}
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise Invalid(f"{what} is not JSON: {error}", field=what) from None
    if len(text) > LARGEST_JSON:
        raise Invalid(f"{what} has {len(text)} bytes of JSON; at most {LARGEST_JSON} are allowed", field=what)
    return dict(value)
