"""Stored values to modality values: Modality LUT, else the frame's Rescale Slope and Intercept (PS3.3 C.11.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fiducial.errors import Damaged
from fiducial.media.base import Array
from fiducial.media.dicom import attributes as at
from fiducial.media.dicom.attributes import Attribute
from fiducial.media.dicom.colour import lut_words
from fiducial.media.dicom.elements import Elements
from fiducial.media.dicom.functional_groups import FrameFacts


@dataclass(frozen=True, slots=True)
class LookupTable:
    """``first`` is the input value of the first entry; ``bits`` is what the entries are of."""

    first: int
    bits: int
    entries: Array

    def apply(self, stored: Array) -> Array:
        place = np.clip(stored.astype(np.int64) - self.first, 0, len(self.entries) - 1)
        return np.asarray(self.entries[place])


def read_lut(elements: Elements, sequence: Attribute, *, signed: bool) -> LookupTable | None:
    """The first table of ``sequence``; None without one. ``signed``: its input may be negative."""
    item = elements.item(sequence)
    if item is None:
        return None
    values = item.exact_numbers(at.LUT_DESCRIPTOR)
    if len(values) != 3:
        raise Damaged(f"{at.LUT_DESCRIPTOR} in {sequence} has not three values", tag=sequence.keyword)
    count, first, bits = int(values[0]) % 65536 or 65536, int(values[1]), int(values[2])
    if signed and first > 32767:
        first -= 65536
    return LookupTable(first, bits or 16, lut_words(item, at.LUT_DATA, count))


def rescaled(stored: Array, facts: FrameFacts, table: LookupTable | None) -> Array:
    """Modality values, float32, of any shape."""
    if table is not None:
        return table.apply(stored).astype(np.float32)
    if facts.slope == 1 and facts.intercept == 0:
        return stored.astype(np.float32)
    return (stored.astype(np.float64) * facts.slope + facts.intercept).astype(np.float32)
