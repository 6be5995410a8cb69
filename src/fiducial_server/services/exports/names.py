"""Names of files in an archive: safe to unpack anywhere, and each only once."""

from __future__ import annotations

import re

_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]')
"""What no file system takes, and marks that make a name look like another."""
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))})
_MOST_BYTES = 120
_MOST_ENDING = 12
_DOUBLE = (".nii.gz",)


def safe_name(name: str, fallback: str = "file") -> str:
    """``name`` without folders, without what systems forbid, at most 120 bytes long; never empty, ``.`` or ``..``."""
    last = re.split(r"[/\\]", name)[-1]
    stem, ending = split_ending(_FORBIDDEN.sub("_", last).strip(" ."))
    stem = _cut(stem, _MOST_BYTES - len(ending.encode())).strip(" .") or fallback
    return f"_{stem}{ending}" if stem.partition(".")[0].lower() in _DEVICES else stem + ending


def split_ending(name: str) -> tuple[str, str]:
    """(stem, ending with its dot): ``scan.nii.gz`` ends in ``.nii.gz``; what is long or odd is no ending."""
    for double in _DOUBLE:
        if name.lower().endswith(double) and len(name) > len(double):
            return name[: -len(double)], name[-len(double) :]
    stem, dot, ending = name.rpartition(".")
    if not stem or not ending.isalnum() or not ending.isascii() or len(ending) > _MOST_ENDING:
        return name, ""
    return stem, dot + ending


def _cut(text: str, most_bytes: int) -> str:
    return text.encode("utf-8", "replace")[:most_bytes].decode("utf-8", "ignore")


class Names:
    """Gives each name once; a further item of the same name gets ``-2``, ``-3`` ... Upper and lower case are the same."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def unique(self, name: str) -> str:
        """``name``, or what it is called here."""
        stem, ending = split_ending(name)
        given, number = name, self._taken.get(name.casefold(), 1)
        while given.casefold() in self._taken:
            number += 1
            given = f"{stem}-{number}{ending}"
        self._taken[name.casefold()] = number
        self._taken[given.casefold()] = 1 if given != name else number
        return given
