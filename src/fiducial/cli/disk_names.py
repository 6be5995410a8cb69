"""Names of files that are made of names from the server."""

from __future__ import annotations

import re

_UNSAFE = re.compile(r'[\x00-\x1f<>:"/\\|?*]')


def plain(name: str) -> str:
    """A name that stays inside the folder, on every system."""
    return _UNSAFE.sub("_", name).strip(". ")[-150:] or "file"
