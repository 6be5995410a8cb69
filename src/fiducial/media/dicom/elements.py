"""Typed reading of the values of one dataset or item. A value that cannot be what it must be is Damaged, by name."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cached_property

import numpy as np

from fiducial.errors import Damaged
from fiducial.media.base import Array
from fiducial.media.dicom import attributes as at
from fiducial.media.dicom.attributes import Attribute
from fiducial.media.dicom.scan import IMPLICIT_LE, SEQUENCE_END, UNDEFINED, Slot, item_header, scan
from fiducial.media.dicom.text import decode_text, encodings_of
from fiducial.media.dicom.window import ByteWindow

_BINARY = {
    "US": "u2", "SS": "i2", "UL": "u4", "SL": "i4", "UV": "u8", "SV": "i8", "FL": "f4", "FD": "f8",
    "OB": "u1", "OW": "u2", "OL": "u4", "OV": "u8", "OF": "f4", "OD": "f8", "UN": "u1",
}  # fmt: skip
MAX_VALUE_BYTES = 1 << 26
"""A single value larger than this is never read whole by these methods (pixel data has its own way)."""


class Elements:
    """The elements of one dataset or item. Reads from the file only the values that are asked for."""

    def __init__(
        self,
        window: ByteWindow,
        slots: dict[int, Slot],
        charset: tuple[str, ...] | None = None,
        problems: dict[str, str] | None = None,
    ) -> None:
        self._window, self._slots, self._inherited = window, slots, charset
        self.problems: dict[str, str] = {} if problems is None else problems
        """What the forgiving methods met and passed over, by keyword; shared with the items inside."""

    def __contains__(self, attribute: Attribute) -> bool:
        slot = self._slots.get(attribute.tag)
        return slot is not None and slot.length != 0

    def slot(self, attribute: Attribute) -> Slot | None:
        return self._slots.get(attribute.tag)

    @property
    def window(self) -> ByteWindow:
        return self._window

    @property
    def slots(self) -> Mapping[int, Slot]:
        """Where every value lies, by tag."""
        return self._slots

    @property
    def tags(self) -> frozenset[int]:
        return frozenset(self._slots)

    @cached_property
    def charset(self) -> tuple[str, ...]:
        """Python names of the character sets in force (PS3.5 6.1.2.3); an item without its own has its parent's."""
        raw = self.raw(at.SPECIFIC_CHARACTER_SET)
        return encodings_of(raw) if raw else (self._inherited or ())

    def raw(self, attribute: Attribute) -> bytes:
        """The value's bytes; empty when absent."""
        slot = self._slots.get(attribute.tag)
        if slot is None or slot.length == 0:
            return b""
        if slot.length > MAX_VALUE_BYTES:
            raise Damaged(f"{attribute} is {slot.length} bytes long, which it cannot be", tag=attribute.keyword)
        return self._window.read(slot.offset, slot.length)

    def strings(self, attribute: Attribute) -> tuple[str, ...]:
        """The values as text, padding removed, backslash-separated values apart (PS3.5 6.2)."""
        raw = self.raw(attribute)
        if not raw:
            return ()
        text = raw.decode("ascii") if raw.isascii() and b"\x1b" not in raw else decode_text(raw, self.charset)
        if "\\" not in text:
            return (text.strip(" \0"),)
        return tuple([part.strip(" \0") for part in text.split("\\")])

    def text(self, attribute: Attribute) -> str | None:
        """The first value, None when absent or empty."""
        values = self.strings(attribute)
        return (values[0] or None) if values else None

    def numbers(self, attribute: Attribute) -> tuple[float, ...]:
        """All values as finite floats; one that is no number makes the value absent, and is kept in ``problems``."""
        try:
            return self.exact_numbers(attribute)
        except Damaged as error:
            self.problems[attribute.keyword] = error.message
            return ()

    def exact_numbers(self, attribute: Attribute) -> tuple[float, ...]:
        """All values as finite floats; Damaged, by name, when one is no number."""
        slot = self._slots.get(attribute.tag)
        if slot is None or slot.length == 0:
            return ()
        vr = slot.vr
        code = _BINARY.get(attribute.vr if vr is None or vr == "UN" else vr)
        values = self._from_binary(attribute, slot, code) if code else self._from_text(attribute)
        if not all(map(math.isfinite, values)):
            raise Damaged(f"{attribute} is not a finite number: {values}", tag=attribute.keyword)
        return values

    def _from_binary(self, attribute: Attribute, slot: Slot, code: str) -> tuple[float, ...]:
        raw = self.raw(attribute)
        if len(raw) == 2 and code == "u2":  # most binary values of a header are one unsigned short
            return (int.from_bytes(raw, "big" if slot.encoding.big_endian else "little"),)
        dtype = np.dtype((">" if slot.encoding.big_endian else "<") + code)
        if len(raw) % dtype.itemsize:
            raise Damaged(
                f"{attribute} is {len(raw)} bytes long, no multiple of {dtype.itemsize}", tag=attribute.keyword
            )
        return tuple(np.frombuffer(raw, dtype).tolist())

    def _from_text(self, attribute: Attribute) -> tuple[float, ...]:
        parts = [part.strip(b" \0") for part in self.raw(attribute).split(b"\\")]
        if not any(parts):
            return ()
        try:
            return tuple([float(part) for part in parts])
        except ValueError as error:
            value = self.raw(attribute)[:64].decode("latin-1")
            raise Damaged(f"{attribute} is not a number: {value!r}", tag=attribute.keyword, value=value) from error

    def number(self, attribute: Attribute) -> float | None:
        """The first value, forgiving as :meth:`numbers`."""
        values = self.numbers(attribute)
        return values[0] if values else None

    def exact_number(self, attribute: Attribute) -> float | None:
        values = self.exact_numbers(attribute)
        return values[0] if values else None

    def integer(self, attribute: Attribute) -> int | None:
        """The first value as a whole number; anything else is Damaged."""
        value = self.exact_number(attribute)
        if value is not None and value != int(value):
            raise Damaged(f"{attribute} is not a whole number: {value}", tag=attribute.keyword)
        return None if value is None else int(value)

    def array(self, attribute: Attribute, code: str) -> Array:
        """The value's bytes as a 1-D array of numpy type ``code`` (such as ``u2``), in native byte order."""
        slot, raw = self._slots.get(attribute.tag), self.raw(attribute)
        big = slot is not None and slot.encoding.big_endian
        dtype = np.dtype((">" if big else "<") + code)
        return np.frombuffer(raw, dtype, count=len(raw) // dtype.itemsize).astype(dtype.newbyteorder("="))

    def items(self, attribute: Attribute) -> list[Elements]:
        """The items of a sequence, in order; empty when absent."""
        return list(self._items(attribute))

    def item(self, attribute: Attribute) -> Elements | None:
        """The first item."""
        return next(self._items(attribute), None)

    def _items(self, attribute: Attribute) -> Iterator[Elements]:
        slot = self._slots.get(attribute.tag)
        if slot is None or slot.length == 0:
            return
        if slot.vr not in (None, "SQ", "UN"):
            raise Damaged(f"{attribute} is not a sequence but {slot.vr}", tag=attribute.keyword)
        encoding = IMPLICIT_LE if slot.vr == "UN" and slot.undefined else slot.encoding
        window, pos, end = self._window.part(slot.offset, slot.length), slot.offset, slot.offset + slot.length
        while pos < end:
            kind, length = item_header(window, pos, end, encoding.big_endian, attribute.tag)
            pos += 8
            if kind == SEQUENCE_END:
                return
            stop = end if length == UNDEFINED else pos + length
            if stop > end:
                raise Damaged(f"an item of {attribute} is longer than its sequence", tag=attribute.keyword)
            slots, pos = scan(window, pos, stop, encoding, depth=1, delimited=length == UNDEFINED)
            yield Elements(window, slots, self.charset, self.problems)
