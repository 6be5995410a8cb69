"""How the samples of a frame are described (PS3.3 C.7.6.3, PS3.5 section 8)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fiducial.errors import Damaged, Unsupported
from fiducial.media.base import Array
from fiducial.media.dicom import attributes as at
from fiducial.media.dicom.attributes import Attribute
from fiducial.media.dicom.dataset import Dataset
from fiducial.media.dicom.elements import Elements
from fiducial.media.dicom.scan import Slot
from fiducial.media.dicom.sop_class import is_image_class

MAX_FRAME_BYTES = 1 << 31
"""A frame that decodes to more than this is refused, whatever its header claims."""
_BITS_ALLOCATED = (1, 8, 16, 32, 64)


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """The Image Pixel Module of one object, checked: every field is usable as it stands."""

    rows: int
    columns: int
    samples: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    photometric: str
    planar: int
    frames: int
    floating: bool
    slot: Slot
    """Where the pixel data lies."""

    @property
    def colour(self) -> bool:
        return self.samples > 1 or self.photometric == "PALETTE COLOR"

    @property
    def subsampled(self) -> bool:
        """YBR_FULL_422: two pixels share one pair of chroma samples (PS3.3 C.7.6.3.1.2)."""
        return self.photometric in ("YBR_FULL_422", "YBR_PARTIAL_422")

    @property
    def frame_pixels(self) -> int:
        return self.rows * self.columns

    @property
    def frame_bits(self) -> int:
        """Bits of one native frame, chroma subsampling counted; frames of 1-bit pixels need not end on a byte."""
        samples = 2 if self.subsampled and self.samples == 3 else self.samples
        return self.frame_pixels * samples * self.bits_allocated

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Type of stored values, native byte order."""
        if self.floating:
            return np.dtype(f"f{self.bits_allocated // 8}")
        return np.dtype(("i" if self.signed else "u") + str(max(8, self.bits_allocated) // 8))


def read_pixel_format(dataset: Dataset) -> PixelFormat | None:
    """None for an object that is no image. Raises Damaged that names the element which is absent or impossible."""
    elements, syntax = dataset.elements, dataset.syntax
    attribute, slot = _pixel_slot(elements)
    if attribute is None or slot is None:
        if dataset.sop_class_uid and is_image_class(dataset.sop_class_uid):
            raise Damaged(f"SOP class {dataset.sop_class_uid} is an image, but there is no pixel data")
        return None
    floating = attribute is not at.PIXEL_DATA
    photometric = _photometric(elements)
    samples = _needed(elements, at.SAMPLES_PER_PIXEL)
    allocated = _needed(elements, at.BITS_ALLOCATED)
    stored = allocated if floating else _needed(elements, at.BITS_STORED)
    planar = elements.integer(at.PLANAR_CONFIGURATION)
    if planar is None and samples > 1 and not syntax.encapsulated:
        raise Damaged(f"{at.PLANAR_CONFIGURATION} is missing: the order of the samples is not known")
    high = None if floating else elements.integer(at.HIGH_BIT)
    found = PixelFormat(
        rows=_needed(elements, at.ROWS),
        columns=_needed(elements, at.COLUMNS),
        samples=samples,
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=stored - 1 if high is None else high,
        signed=floating or _needed(elements, at.PIXEL_REPRESENTATION) == 1,
        photometric=photometric,
        planar=planar or 0,
        frames=_frames(elements),
        floating=floating,
        slot=slot,
    )
    _check(found)
    return found


def _pixel_slot(elements: Elements) -> tuple[Attribute | None, Slot | None]:
    for attribute in (at.PIXEL_DATA, at.FLOAT_PIXEL_DATA, at.DOUBLE_FLOAT_PIXEL_DATA):
        slot = elements.slot(attribute)
        if slot is not None:
            return attribute, slot
    if at.ROWS in elements and at.COLUMNS in elements and at.BITS_ALLOCATED in elements:
        raise Damaged("the header describes an image, but there is no pixel data", rows=elements.integer(at.ROWS))
    return None, None


def _needed(elements: Elements, attribute: Attribute) -> int:
    value = elements.integer(attribute)
    if value is None:
        raise Damaged(f"{attribute} is missing: the pixels cannot be read without it", tag=attribute.keyword)
    return value


def _photometric(elements: Elements) -> str:
    value = elements.text(at.PHOTOMETRIC_INTERPRETATION)
    if value is None:
        raise Damaged(f"{at.PHOTOMETRIC_INTERPRETATION} is missing: the pixels cannot be read without it")
    return value


def _frames(elements: Elements) -> int:
    count = elements.integer(at.NUMBER_OF_FRAMES)
    if count is not None and count < 1:
        raise Damaged(f"{at.NUMBER_OF_FRAMES} is {count}", tag=at.NUMBER_OF_FRAMES.keyword, value=count)
    return count or 1


def _check(found: PixelFormat) -> None:
    problems = (
        (found.rows < 1 or found.columns < 1, f"the image is {found.rows} rows x {found.columns} columns"),
        (found.samples not in (1, 3, 4), f"{at.SAMPLES_PER_PIXEL} is {found.samples}"),
        (found.bits_allocated not in _BITS_ALLOCATED, f"{at.BITS_ALLOCATED} is {found.bits_allocated}"),
        (not 1 <= found.bits_stored <= found.bits_allocated, f"{at.BITS_STORED} is {found.bits_stored}"),
        (not found.bits_stored - 1 <= found.high_bit < found.bits_allocated, f"{at.HIGH_BIT} is {found.high_bit}"),
        (found.planar not in (0, 1), f"{at.PLANAR_CONFIGURATION} is {found.planar}"),
        (found.subsampled and found.columns % 2 == 1, f"{found.photometric} needs an even number of columns"),
        (found.floating and found.bits_allocated not in (32, 64), f"{at.BITS_ALLOCATED} is {found.bits_allocated}"),
    )
    for wrong, message in problems:
        if wrong:
            raise Damaged(f"{message}: the pixels cannot be read")
    if found.frame_pixels * found.samples * found.dtype.itemsize > MAX_FRAME_BYTES:
        raise Unsupported(f"one frame of {found.rows} x {found.columns} is larger than {MAX_FRAME_BYTES} bytes")


def native_dtype(found: PixelFormat, *, big_endian: bool) -> np.dtype[np.generic]:
    """Unsigned (or float) type of the bytes as they lie in the file."""
    kind = "f" if found.floating else "u"
    return np.dtype(f"{'>' if big_endian else '<'}{kind}{max(8, found.bits_allocated) // 8}")


def stored_values(raw: Array, found: PixelFormat, bits: int | None = None, high_bit: int | None = None) -> Array:
    """Stored values from unsigned words: bits outside Bits Stored dropped, sign extended (PS3.5 8.1.1).

    ``bits`` and ``high_bit`` override the header where the codestream knows better.
    """
    if found.floating:
        return raw.astype(found.dtype, copy=False)
    bits = found.bits_stored if bits is None else bits
    high = found.high_bit if high_bit is None else high_bit
    width = raw.dtype.itemsize * 8
    unsigned = np.dtype(f"u{raw.dtype.itemsize}")
    left = np.left_shift(raw.astype(unsigned, copy=False), unsigned.type(width - 1 - high))
    words = left.view(f"i{raw.dtype.itemsize}") if found.signed else left
    shifted = np.right_shift(words, words.dtype.type(width - bits))
    return np.asarray(shifted.astype(found.dtype, copy=False))
