"""What a multi-frame object needs to know of its sources, read one file at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from fiducial.errors import Invalid, Unsupported
from fiducial.media.dicom import attributes as at
from fiducial.media.dicom.elements import Elements
from fiducial.media.dicom.extent import EncapsulatedExtent, locate
from fiducial.media.dicom.functional_groups import FrameFacts
from fiducial.media.dicom.header import Parsed, parse
from fiducial.media.dicom.pixel_format import PixelFormat
from fiducial.media.dicom.syntax import Codec, TransferSyntax

_COMPARED_BYTES = 4096
"""Values longer than this are not carried over: they are tables of the maker's, never needed to read the image."""
_METHODS = {Codec.JPEG: "ISO_10918_1", Codec.JPEG_LS: "ISO_14495_1", Codec.JPEG_2000: "ISO_15444_1"}


@dataclass(frozen=True, slots=True)
class LossyHistory:
    """Lossy Image Compression is 01, by these ratios and methods (PS3.3 C.7.6.1.1.5)."""

    ratios: tuple[float, ...]
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceSlice:
    """One source."""

    facts: FrameFacts
    instance_uid: str | None
    sop_class_uid: str | None


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """All sources: what is common, and what each frame has of its own. ``first`` opens the first source."""

    slices: tuple[SourceSlice, ...]
    pixels: PixelFormat
    common_tags: frozenset[int]
    lossy: LossyHistory | None
    digest: bytes
    first: Callable[[], BinaryIO]

    @property
    def colour(self) -> bool:
        """Written as 8-bit RGB."""
        return self.pixels.colour

    @property
    def frame_bytes(self) -> int:
        return self.pixels.frame_pixels * (3 if self.colour else self.pixels.dtype.itemsize)


def read_sources(openers: Sequence[Callable[[], BinaryIO]]) -> SourceFacts:
    """Facts of all sources. Unsupported when they do not fit into one object, naming the first that differs."""
    if not openers:
        raise Invalid("a multi-frame object needs at least one source")
    digest, slices = hashlib.sha256(b"fiducial multi-frame 1"), list[SourceSlice]()
    common: dict[int, bytes] = {}
    pixels: PixelFormat | None = None
    lossy: LossyHistory | None = None
    for index, opener in enumerate(openers):
        with opener() as stream:
            digest.update(_digest(stream))
            parsed = parse(stream)
            try:
                current = _single_frame(parsed, index)
                _same_format(pixels or current, current, index)
                pixels = pixels or current
                values = _values(parsed.dataset.elements)
                common = values if not index else {t: v for t, v in common.items() if values.get(t) == v}
                lossy = lossy or _lossy(parsed, current)
                header = parsed.header
                slices.append(SourceSlice(parsed.facts_of(0), header.instance_uid, header.sop_class_uid))
            finally:
                parsed.dataset.close()
    assert pixels is not None
    return SourceFacts(tuple(slices), pixels, frozenset(common), lossy, digest.digest(), openers[0])


def _digest(stream: BinaryIO) -> bytes:
    stream.seek(0)
    digest = hashlib.sha256()
    while block := stream.read(1 << 20):
        digest.update(block)
    return digest.digest()


def _single_frame(parsed: Parsed, index: int) -> PixelFormat:
    pixels = parsed.pixels
    if pixels is None or pixels.frames != 1:
        count = pixels.frames if pixels else 0
        raise Unsupported(
            f"source {index} has {count} frames; a multi-frame object is made of single frames", source=index
        )
    if pixels.floating or pixels.bits_allocated not in (8, 16):
        raise Unsupported(
            f"source {index} has {pixels.bits_allocated}-bit pixels; 8 and 16 can be written", source=index
        )
    if at.MODALITY_LUT_SEQUENCE in parsed.dataset.elements:
        raise Unsupported(f"source {index} has a Modality LUT, which frames of one object cannot have", source=index)
    return pixels


def _same_format(first: PixelFormat, current: PixelFormat, index: int) -> None:
    names: tuple[str, ...] = ("rows", "columns", "samples", "bits_allocated", "bits_stored", "signed", "photometric")
    if first.colour and current.colour:
        names = names[:2]  # both become 8-bit RGB
    for name in names:
        ours, theirs = getattr(first, name), getattr(current, name)
        if ours != theirs:
            raise Unsupported(
                f"source {index} differs from the first in {name.replace('_', ' ')}: {theirs} and {ours}", source=index
            )


def _values(elements: Elements) -> dict[int, bytes]:
    """Encoded values that are short enough to compare, by tag."""
    found = {}
    for tag, slot in elements.slots.items():
        if slot.length <= _COMPARED_BYTES and tag < at.EXTENDED_OFFSET_TABLE.tag:
            found[tag] = elements.window.read(slot.offset, slot.length)
    return found


def _lossy(parsed: Parsed, pixels: PixelFormat) -> LossyHistory | None:
    e, syntax = parsed.dataset.elements, parsed.dataset.syntax
    if e.text(at.LOSSY_IMAGE_COMPRESSION) == "01":
        return LossyHistory(e.numbers(at.LOSSY_IMAGE_COMPRESSION_RATIO), e.strings(at.LOSSY_IMAGE_COMPRESSION_METHOD))
    undeclared = any(f.code == "lossy-not-declared" for f in parsed.header.findings)
    return _undeclared(e, pixels, syntax) if undeclared else None


def _undeclared(e: Elements, pixels: PixelFormat, syntax: TransferSyntax) -> LossyHistory:
    extent = locate(e, pixels, syntax)
    compressed = len(extent.read(0)) if isinstance(extent, EncapsulatedExtent) else 0
    ratio = round(pixels.frame_pixels * pixels.samples * pixels.dtype.itemsize / compressed, 2) if compressed else 1.0
    return LossyHistory((ratio,), (_METHODS.get(syntax.codec, "ISO_10918_1"),))
