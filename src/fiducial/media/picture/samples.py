"""What one decoded page holds: its sample format, and its values at each stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from fiducial.errors import Unsupported
from fiducial.media.base import Array
from fiducial.media.source import content_errors

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_CONVERTED = {"CMYK", "YCbCr", "LAB", "HSV", "PA", "P", "RGBa"}
_CHANNELS = {"LA": 2, "RGB": 3, "RGBX": 3, "YCbCr": 3, "LAB": 3, "RGBA": 4, "RGBa": 4, "CMYK": 4, "PA": 2}
_TIFF_BITS, _TIFF_PHOTOMETRIC, _TIFF_SAMPLE_FORMAT, _TIFF_SAMPLES = 258, 262, 339, 277


@dataclass(frozen=True, slots=True)
class Samples:
    """The sample format of a page."""

    mode: str
    """Pillow's name of how it keeps the page."""
    bits: int
    """Per sample, as in the file."""
    signed: bool = False
    floating: bool = False
    white_is_zero: bool = False
    """TIFF: 0 is white. Stored values are given as they lie; only DISPLAY inverts."""
    grey_in_file: bool = True

    @property
    def channels(self) -> int:
        return _CHANNELS.get(self.mode, 1)

    @property
    def is_grey(self) -> bool:
        return self.mode in {"1", "L", "LA", "I", "F"} or self.mode.startswith("I;16")

    @property
    def has_alpha(self) -> bool:
        return self.mode in {"LA", "RGBA", "RGBa", "PA"}

    @property
    def reduced(self) -> bool:
        """More than 8 bits per colour: the library gives the upper 8 only."""
        return not self.is_grey and self.bits > 8

    @property
    def photometric(self) -> str:
        if self.is_grey:
            return "MONOCHROME1" if self.white_is_zero else "MONOCHROME2"
        return "PALETTE COLOR" if self.mode in {"P", "PA"} else "RGB"

    @property
    def refusal(self) -> str | None:
        """Why these pixels cannot be given truthfully, or None."""
        if self.grey_in_file and not self.is_grey and self.mode not in {"P", "PA"}:
            return f"{self.bits}-bit grey with alpha is not decoded without loss: save it without the alpha channel"
        if self.floating and self.bits > 32:
            return f"{self.bits}-bit floating-point samples would lose digits: save them as 32-bit"
        return None


def samples_of(image: ImageFile, name: str) -> Samples:
    if name == "png":
        return _of_png(image)
    if name == "tiff":
        return _of_tiff(image)
    bits = 1 if image.mode == "1" else 8
    return Samples(image.mode, bits, grey_in_file=image.mode in {"1", "L", "LA"})


def _of_png(image: ImageFile) -> Samples:
    """Bit depth and colour type stand at bytes 24 and 25 (PNG, 11.2.1 IHDR)."""
    from fiducial.media.picture.png import png_header

    source = cast(Any, image).fp
    position = source.tell()
    header = png_header(source)
    source.seek(position)
    return Samples(image.mode, header.bit_depth, grey_in_file=header.color_type in {0, 4})


def _of_tiff(image: ImageFile) -> Samples:
    tags = cast(Any, image).tag_v2
    bits = tags.get(_TIFF_BITS, (1,))
    kind = tags.get(_TIFF_SAMPLE_FORMAT, (1,))
    photometric = tags.get(_TIFF_PHOTOMETRIC, 1)
    return Samples(
        image.mode,
        int(bits[0] if isinstance(bits, tuple) else bits),
        signed=kind[0] == 2,  # TIFF 6.0 SampleFormat
        floating=kind[0] == 3,
        white_is_zero=photometric == 0,
        grey_in_file=photometric in (0, 1),
    )


def stored(image: ImageFile, samples: Samples) -> Array:
    """``[row, column]`` or ``[row, column, sample]`` as in the file: palette indices, alpha and all."""
    _refuse(samples)
    if samples.reduced:
        raise Unsupported(
            f"the stored {samples.bits}-bit colour samples cannot be given: colour is decoded at 8 bits; ask for the "
            "modality stage",
            bits=samples.bits,
        )
    values = np.asarray(image)
    if samples.mode == "RGBX":
        return np.array(values[..., :3])
    return _as_in_file(values, samples) if samples.is_grey else values.copy()


def _as_in_file(values: Array, samples: Samples) -> Array:
    """Undo what the library does to small and to unusual grey samples: stretching 2 and 4 bits, inverting, widening."""
    if samples.mode == "1":
        plain = values.astype(np.uint8)
        return 1 - plain if samples.white_is_zero else plain
    if samples.mode == "L":
        plain = 255 - values if samples.white_is_zero else values.copy()
        return plain // (255 // (2**samples.bits - 1)) if samples.bits < 8 else plain
    if samples.mode.startswith("I;16"):
        return values.astype(np.uint16)
    if samples.mode == "I":
        if samples.bits <= 16:
            return values.astype(np.int16 if samples.signed else np.uint16)
        return values.astype(np.int32).view(np.int32 if samples.signed else np.uint32)
    return values.copy()


def modality(image: ImageFile, samples: Samples) -> Array:
    """Grey: stored values as float32 ``[row, column]``. Colour: uint8 RGB. Alpha is dropped, never blended."""
    _refuse(samples)
    if samples.is_grey:
        grey = stored(image, samples)
        return (grey[..., 0] if samples.mode == "LA" else grey).astype(np.float32)
    if samples.mode in _CONVERTED:
        with content_errors(f"{samples.mode} pixels cannot be brought to RGB"):
            image = cast(Any, image.convert("RGBA") if samples.mode == "RGBa" else image).convert("RGB")
    return np.array(np.asarray(image)[..., :3])


def _refuse(samples: Samples) -> None:
    if samples.refusal:
        raise Unsupported(samples.refusal, mode=samples.mode, bits=samples.bits)
