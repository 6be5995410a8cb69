"""Walking over data elements (PS3.5 section 7): where each value lies, with every length checked against the file.

Nothing is read but the element headers, so an absurd length is found before anything is allocated for it.
"""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from fiducial.errors import Damaged
from fiducial.media.dicom.attributes import PIXEL_DATA_TAGS
from fiducial.media.dicom.window import ByteWindow

UNDEFINED = 0xFFFFFFFF
MAX_DEPTH = 48
"""Deeper nesting than any real object has is taken for damage, before Python's own limit is met."""

ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
LONG_VRS = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
"""Value representations with a 32-bit length in explicit encoding (PS3.5 7.1.2)."""

_LONG_VR_NAMES = frozenset(vr.decode("ascii") for vr in LONG_VRS)
_VR_NAMES = {bytes((a, b)): chr(a) + chr(b) for a in range(65, 91) for b in range(65, 91)}
"""Any two capitals are a VR: one that is unknown is taken to have a short length, as the first ones have."""

_TAG_LENGTH = {False: Struct("<HHI"), True: Struct(">HHI")}
_SHORT = {False: Struct("<H"), True: Struct(">H")}
_LONG = {False: Struct("<I"), True: Struct(">I")}


class Encoding(NamedTuple):
    """How elements are written."""

    implicit: bool
    big_endian: bool


IMPLICIT_LE = Encoding(implicit=True, big_endian=False)


class Slot(NamedTuple):
    """Where one value lies. ``vr`` is None in implicit encoding; an ``undefined`` length covers the delimiter."""

    vr: str | None
    offset: int
    length: int
    undefined: bool
    encoding: Encoding


def tag_name(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def scan(  # noqa: PLR0912 - one loop, because it runs a hundred times for each slice
    window: ByteWindow,
    start: int,
    end: int,
    encoding: Encoding,
    *,
    depth: int = 0,
    delimited: bool = False,
    only_group: int | None = None,
    stop_at_pixels: bool = False,
) -> tuple[dict[int, Slot], int]:
    """Slots by tag from ``start``, and the offset after the last one.

    ``delimited``: stop after an item delimiter, which must come. ``only_group``: stop at the first other one.
    ``stop_at_pixels``: pixel data is the last slot, and may reach past the end (its extent is checked elsewhere).
    """
    if depth > MAX_DEPTH:
        raise Damaged(f"sequences are nested more than {MAX_DEPTH} deep at offset {start}", offset=start)
    slots: dict[int, Slot] = {}
    implicit, big_endian = encoding
    head, short = _TAG_LENGTH[big_endian].unpack_from, _SHORT[big_endian].unpack_from
    buffer, i, pos, at, full = (
        b"",
        0,
        start,
        start,
        -1,
    )  # the buffer's index i is offset at; a header up to full is in it
    while pos < end:
        if end - pos < 8:
            if _only_zeros(window, pos, end):
                return slots, end
            raise Damaged(f"the file ends inside an element at offset {pos}", offset=pos)
        if pos > full:
            buffer, i = window.at(pos, 12 if end - pos >= 12 else 8)
            at, full = pos, min(pos + len(buffer) - i, end) - 12
        else:
            i, at = i + pos - at, pos
        group, element, size = head(buffer, i)
        tag = group << 16 | element
        if only_group is not None and group != only_group:
            return slots, pos
        if group == 0xFFFE or tag == 0:
            if tag == ITEM_END and delimited:
                return slots, pos + 8
            if tag == 0 and depth == 0 and _only_zeros(window, pos, end):
                return slots, end
            raise Damaged(f"{tag_name(tag)} is not expected at offset {pos}", offset=pos)
        value, vr = pos + 8, None
        if not implicit:  # a VR that is none: private makers do put implicit elements into explicit datasets
            vr = _VR_NAMES.get(buffer[i + 4 : i + 6])
            if vr in _LONG_VR_NAMES:
                if end - pos < 12:
                    raise Damaged(f"the file ends inside the header of element {tag_name(tag)}", tag=tag_name(tag))
                value, size = pos + 12, _LONG[big_endian].unpack_from(buffer, i + 8)[0]
            elif vr is not None:
                size = short(buffer, i + 6)[0]
        if stop_at_pixels and tag in PIXEL_DATA_TAGS:
            slots[tag] = Slot(vr, value, size, size == UNDEFINED, encoding)
            return slots, value
        if size == UNDEFINED:
            pos = _skip_undefined(window, value, end, vr, encoding, depth=depth, tag=tag)
            slots[tag] = Slot(vr, value, pos - value, True, encoding)
            continue
        pos = value + size
        if pos > end:
            raise Damaged(
                f"element {tag_name(tag)} says it is {size} bytes long, but only {end - value} are left",
                tag=tag_name(tag),
                length=size,
                left=end - value,
            )
        slots[tag] = Slot(vr, value, size, False, encoding)
    if delimited:
        raise Damaged(f"the item that starts at offset {start} has no end", offset=start)
    return slots, pos


def _skip_undefined(
    window: ByteWindow, start: int, end: int, vr: str | None, encoding: Encoding, *, depth: int, tag: int
) -> int:
    """The offset after the sequence delimiter of a value of undefined length."""
    inside = IMPLICIT_LE if vr == "UN" else encoding  # PS3.5 6.2.2 note 2
    as_dataset = vr in (None, "SQ", "UN")
    pos = start
    while True:
        kind, length = item_header(window, pos, end, encoding.big_endian, tag)
        pos += 8
        if kind == SEQUENCE_END:
            return pos
        if length != UNDEFINED:
            pos += length
            if pos > end:
                raise Damaged(f"an item of {tag_name(tag)} is longer than the file", tag=tag_name(tag), length=length)
        elif as_dataset:
            _, pos = scan(window, pos, end, inside, depth=depth + 1, delimited=True)
        else:
            raise Damaged(f"a fragment of {tag_name(tag)} has no length", tag=tag_name(tag))


def item_header(window: ByteWindow, pos: int, end: int, big_endian: bool, tag: int) -> tuple[int, int]:
    """(item or sequence-delimiter tag, length) at ``pos``; anything else is Damaged."""
    if end - pos < 8:
        raise Damaged(f"the file ends before the end of {tag_name(tag)}", tag=tag_name(tag), offset=pos)
    buffer, i = window.at(pos, 8)
    group, element, length = _TAG_LENGTH[big_endian].unpack_from(buffer, i)
    kind = group << 16 | element
    if kind not in (ITEM, SEQUENCE_END):
        raise Damaged(f"{tag_name(kind)} at offset {pos} is no item of {tag_name(tag)}", tag=tag_name(tag), offset=pos)
    return kind, length


def _only_zeros(window: ByteWindow, start: int, end: int) -> bool:
    return end - start <= 1 << 20 and not any(window.read(start, end - start))
