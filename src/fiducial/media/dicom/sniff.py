"""Telling DICOM from anything else by its first bytes (PS3.10 7.1)."""

from __future__ import annotations

from itertools import pairwise

from fiducial.media.dicom.scan import LONG_VRS

_VRS = LONG_VRS | frozenset(
    {b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS",
     b"ST", b"TM", b"UI", b"UL", b"US"}
)  # fmt: skip
_FIRST_GROUPS = (0x0002, 0x0008)
_MIN_PREAMBLELESS = 2
"""How many elements in a row must make sense when no ``DICM`` says what the file is."""


def has_prefix(head: bytes) -> bool:
    return head[128:132] == b"DICM"


def is_dicom(head: bytes) -> bool:
    """``DICM`` after the preamble, or a dataset without one whose first elements all make sense."""
    return has_prefix(head) or bare_dataset(head)


def bare_dataset(head: bytes) -> bool:
    """Whether this is a dataset from its first byte on: strict, so that text or noise is never taken for one."""
    return any(_elements_make_sense(head, order, implicit) for order in ("little", "big") for implicit in (False, True))


def _elements_make_sense(head: bytes, order: str, implicit: bool) -> bool:
    tags: list[int] = []
    pos = 0
    while len(tags) < _MIN_PREAMBLELESS and pos + 12 <= len(head):
        step = _element(head, pos, order, implicit)
        if step is None:
            return False
        tag, pos = step
        tags.append(tag)
    ascending = all(a < b for a, b in pairwise(tags))
    return len(tags) >= _MIN_PREAMBLELESS and ascending and tags[0] >> 16 in _FIRST_GROUPS and tags[-1] >> 16 <= 0x0010


def _element(head: bytes, pos: int, order: str, implicit: bool) -> tuple[int, int] | None:
    def number(at: int, size: int) -> int:
        return int.from_bytes(head[at : at + size], "big" if order == "big" else "little")

    tag, vr = number(pos, 2) << 16 | number(pos + 2, 2), head[pos + 4 : pos + 6]
    if implicit:
        length, header = number(pos + 4, 4), 8
    elif vr in LONG_VRS:
        length, header = number(pos + 8, 4), 12
    elif vr in _VRS:
        length, header = number(pos + 6, 2), 8
    else:
        return None
    return None if length % 2 or length > 1024 else (tag, pos + header + length)
