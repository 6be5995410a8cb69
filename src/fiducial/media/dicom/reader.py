"""An opened DICOM file: frames decoded one at a time."""

from __future__ import annotations

from types import TracebackType
from typing import BinaryIO, Self

import numpy as np

from fiducial.errors import Damaged, FiducialError, Unsupported
from fiducial.media import display
from fiducial.media.base import Array, Axis, Header, Stage
from fiducial.media.dicom import attributes as at
from fiducial.media.dicom.codecs import Samples, decode
from fiducial.media.dicom.colour import Palette, read_palette, to_rgb, upsample_422
from fiducial.media.dicom.extent import EncapsulatedExtent, NativeExtent, locate
from fiducial.media.dicom.functional_groups import FrameFacts
from fiducial.media.dicom.header import Parsed, parse, refuse_reason
from fiducial.media.dicom.modality import LookupTable, read_lut, rescaled
from fiducial.media.dicom.pixel_format import PixelFormat, native_dtype, stored_values
from fiducial.media.dicom.planes import cut


class DicomReader:
    """Frames of one file, in the order the header states (``metadata["frame_order"]``). Not for several threads."""

    def __init__(self, source: BinaryIO) -> None:
        self._parsed: Parsed = parse(source)
        self._extent: NativeExtent | EncapsulatedExtent | None = None
        self._palette: Palette | None = None
        self._lut: LookupTable | None = None
        self._luts_read = False

    @property
    def header(self) -> Header:
        return self._parsed.header

    @property
    def frame_facts(self) -> tuple[FrameFacts, ...]:
        """Facts of the frames in stored order; one entry when they are the same for all."""
        return self._parsed.frames

    def close(self) -> None:
        self._parsed.dataset.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def frame(self, index: int, stage: Stage = Stage.MODALITY) -> Array:
        """STORED: as decompressed, colour not converted, palette as indices. MODALITY: float32, or uint8 RGB.
        DISPLAY: uint8.
        """
        pixels, stored_index = self._place(index)
        try:
            samples = self._samples(pixels, stored_index)
            return self._staged(samples, pixels, self._parsed.facts_of(stored_index), stage)
        except FiducialError as error:
            raise type(error)(f"frame {index}: {error.message}", **{**error.details, "frame": index}) from error

    def _place(self, index: int) -> tuple[PixelFormat, int]:
        pixels = self._parsed.pixels
        if pixels is None:
            raise Unsupported("this DICOM object has no pixels", sop_class_uid=self.header.sop_class_uid)
        if not 0 <= index < pixels.frames:
            raise IndexError(f"frame {index} of {pixels.frames}")
        return pixels, self._parsed.order[index]

    def slice(self, axis: Axis, index: int, stage: Stage = Stage.MODALITY) -> Array:
        """One plane of the (first time point's) volume: [row, column], [slice, column] or [slice, row]."""
        self._check_volume()
        header, count = self.header, self.header.frame_count // self.header.time_points
        shape = count, header.height or 0, header.width or 0
        across = stage if header.samples_per_pixel > 1 or stage is not Stage.DISPLAY else Stage.MODALITY
        plane = cut(lambda k: self.frame(k, across), header.voxel_to_patient, axis, index, shape=shape)
        return self.shown(plane) if stage is Stage.DISPLAY and across is Stage.MODALITY else plane

    def shown(self, values: Array) -> Array:
        """Modality values of any shape as this file shows its first frame: uint8. A plane cut across frames needs this,
        because frames windowed one by one would not fit each other. Colour (uint8) is returned as it is.
        """
        if values.dtype == np.uint8:
            return values
        return self._displayed(values, None, self._parsed.facts_of(self._parsed.order[0]))

    def array(self, stage: Stage = Stage.MODALITY) -> Array:
        """[row, column(, channel)]; [slice or frame, row, column(, channel)]; [time, slice, row, column] when 4-D."""
        count = self.header.frame_count
        if count == 0:
            self._place(0)
        first = self.frame(0, stage)
        if count == 1:
            return first
        whole = np.empty((count, *first.shape), first.dtype)
        whole[0] = first
        for k in range(1, count):
            whole[k] = self.frame(k, stage)
        times = self.header.time_points
        return whole.reshape(times, count // times, *first.shape) if times > 1 else whole

    def _check_volume(self) -> None:
        if not self.header.is_volume:
            raise Unsupported(f"this is not a volume: {refuse_reason(self.header)}")

    def _samples(self, pixels: PixelFormat, stored_index: int) -> Samples:
        dataset = self._parsed.dataset
        if self._extent is None:
            self._extent = locate(dataset.elements, pixels, dataset.syntax)
        data = self._extent.read(stored_index)
        if isinstance(self._extent, EncapsulatedExtent):
            return decode(data, pixels, dataset.syntax)
        return _native(data, pixels, self._extent, stored_index, big_endian=dataset.syntax.big_endian)

    def _staged(self, samples: Samples, pixels: PixelFormat, facts: FrameFacts, stage: Stage) -> Array:
        if pixels.samples > 1:
            if stage is Stage.STORED:
                return samples.words.astype(pixels.dtype, copy=False)
            bits = (
                min(samples.bits, pixels.bits_stored) if samples.bits != pixels.bits_allocated else pixels.bits_stored
            )
            return to_rgb(samples.words, bits, pixels.photometric, ybr=samples.ybr)
        stored = _grey(samples, pixels, decoded=isinstance(self._extent, EncapsulatedExtent))
        if stage is Stage.STORED:
            return stored
        if pixels.photometric == "PALETTE COLOR":
            self._palette = self._palette or read_palette(self._parsed.dataset.elements)
            return self._palette.apply(stored)
        self._read_luts(pixels)
        values = rescaled(stored, facts, self._lut)
        return values if stage is Stage.MODALITY else self._displayed(values, stored, facts)

    def _read_luts(self, pixels: PixelFormat) -> None:
        if not self._luts_read:
            self._lut = read_lut(self._parsed.dataset.elements, at.MODALITY_LUT_SEQUENCE, signed=pixels.signed)
            self._luts_read = True

    def _displayed(self, values: Array, stored: Array | None, facts: FrameFacts) -> Array:
        """VOI LUT, else the first window, else the full range without padding; then polarity (PS3.4 Annex N)."""
        elements, inverted = self._parsed.dataset.elements, self.header.photometric_interpretation == "MONOCHROME1"
        negative = self.header.signed or facts.intercept < 0
        voi = read_lut(elements, at.VOI_LUT_SEQUENCE, signed=negative)
        if voi is not None:
            levels = display.lookup(values, voi.first, voi.entries, voi.bits)
        elif facts.windows:
            chosen = facts.windows[0]
            levels = display.window(values, chosen.center, chosen.width, chosen.function)
        else:
            levels = display.full_range(values, self._padding(stored))
        return display.to_uint8(levels, inverted=inverted)

    def _padding(self, stored: Array | None) -> Array | None:
        """Where stored values are padding (PS3.3 C.7.5.1.1.2): the value itself, or all up to the range limit."""
        e = self._parsed.dataset.elements
        value, limit = e.number(at.PIXEL_PADDING_VALUE), e.number(at.PIXEL_PADDING_RANGE_LIMIT)
        if value is None or stored is None:
            return None
        value, limit = (_signed_like(v, stored) for v in (value, value if limit is None else limit))
        return np.asarray((stored >= min(value, limit)) & (stored <= max(value, limit)))


def _signed_like(value: float, stored: Array) -> float:
    """Implicit encoding does not say whether the padding value is US or SS: it is what the pixels are."""
    return value - 65536 if stored.dtype.kind == "i" and value > 32767 else value


def _grey(samples: Samples, pixels: PixelFormat, *, decoded: bool) -> Array:
    words = samples.words[..., 0]
    codec_bits = samples.bits
    if decoded and codec_bits != pixels.bits_allocated:
        bits = min(codec_bits, pixels.bits_stored)
        return stored_values(words, pixels, bits, bits - 1)
    return stored_values(words, pixels)


def _native(data: bytes, pixels: PixelFormat, extent: NativeExtent, index: int, *, big_endian: bool) -> Samples:
    """Words of a native frame [row, column, sample]; planes and subsampled chroma are put right here, once."""
    rows, columns, samples = pixels.rows, pixels.columns, pixels.samples
    if pixels.bits_allocated == 1:
        first = extent.first_bit(index)
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[first : first + pixels.frame_pixels]
        return Samples(bits.reshape(rows, columns, 1), 1)
    if len(data) * 8 < extent.frame_bits:
        raise Damaged("the pixel data is cut off")
    dtype = native_dtype(pixels, big_endian=big_endian)
    words = np.frombuffer(data, dtype, count=extent.frame_bits // 8 // dtype.itemsize).astype(dtype.newbyteorder("="))
    if pixels.subsampled and extent.frame_bits < pixels.frame_pixels * samples * pixels.bits_allocated:
        return Samples(upsample_422(words, rows, columns), pixels.bits_allocated)
    if samples > 1 and pixels.planar == 1:
        return Samples(words.reshape(samples, rows, columns).transpose(1, 2, 0), pixels.bits_allocated)
    return Samples(words.reshape(rows, columns, samples), pixels.bits_allocated)
