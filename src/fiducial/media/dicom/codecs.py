"""One compressed frame to samples, by an explicitly chosen decoder. What is not whole is refused before decoding."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fiducial.errors import Damaged, Unsupported
from fiducial.media.base import Array
from fiducial.media.dicom.codestream import Codestream, is_complete, read_codestream
from fiducial.media.dicom.pixel_format import PixelFormat
from fiducial.media.dicom.syntax import Codec, TransferSyntax

_RLE_MOST = 64
"""A two-byte run makes 128 bytes (PS3.5 G.3): more pixels than that cannot be in an RLE frame."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Decoded words ``[row, column, sample]``, unsigned, not yet sign-extended; ``bits`` of each are meant.

    ``ybr``: the samples are still luminance and chroma (None: as the header's photometric interpretation says).
    """

    words: Array
    bits: int
    ybr: bool | None = None


def decode(data: bytes, found: PixelFormat, syntax: TransferSyntax) -> Samples:
    """Samples of one frame. Damaged: cut off, or contradicting the header. Unsupported: no decoder for the syntax."""
    decoder = _DECODERS.get(syntax.codec)
    if decoder is None:
        raise Unsupported(
            f"frames in transfer syntax {syntax.uid} ({syntax.name}) cannot be decoded", transfer_syntax=syntax.uid
        )
    if not is_complete(syntax.codec, data[-64:]):
        raise Damaged("the compressed data has no end marker: it is cut off")
    stream = read_codestream(syntax.codec, data)
    if stream is not None:
        check_codestream(stream, found)
    try:
        return decoder(data, found, syntax, stream)
    except (Damaged, Unsupported):
        raise
    except BaseException as error:  # the decoders raise whatever they like; one is in Rust, and panics
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise Damaged(f"the compressed data cannot be decoded: {error}") from error


def check_codestream(stream: Codestream, found: PixelFormat) -> None:
    """Damaged unless a frame's codestream has the header's rows, columns and samples."""
    if (stream.rows, stream.columns, stream.components) != (found.rows, found.columns, found.samples):
        raise Damaged(
            f"the compressed frame is {stream.rows} x {stream.columns} x {stream.components}, the header says "
            f"{found.rows} x {found.columns} x {found.samples}"
        )


def _shape(raw: bytes | bytearray, found: PixelFormat, word_bits: int, *, planar: bool = False) -> Array:
    size = 1 if word_bits <= 8 else 2 if word_bits <= 16 else 4
    expected = found.frame_pixels * found.samples * size
    if len(raw) < expected:
        raise Damaged(f"the decoder gave {len(raw)} bytes of {expected}")
    words = np.frombuffer(raw, f"<u{size}", count=expected // size)
    if planar:
        return words.reshape(found.samples, found.rows, found.columns).transpose(1, 2, 0)
    return words.reshape(found.rows, found.columns, found.samples)


def _rle(data: bytes, found: PixelFormat, syntax: TransferSyntax, stream: Codestream | None) -> Samples:
    from rle.utils import decode_pixel_data

    if found.frame_pixels * found.samples * found.bits_allocated // 8 > len(data) * _RLE_MOST:
        raise Damaged(f"{len(data)} bytes of RLE cannot hold {found.rows} x {found.columns} pixels")
    options = {"rows": found.rows, "columns": found.columns, "bits_allocated": found.bits_allocated}
    raw = decode_pixel_data(data, version=2, **options)
    return Samples(_shape(raw, found, found.bits_allocated, planar=True), found.bits_allocated)


def _jpeg_2000(data: bytes, found: PixelFormat, syntax: TransferSyntax, stream: Codestream | None) -> Samples:
    from openjpeg.utils import decode_pixel_data

    assert stream is not None
    raw = decode_pixel_data(data, version=2)
    ybr = False if stream.ybr or found.photometric in ("YBR_ICT", "YBR_RCT") else None
    return Samples(_shape(raw, found, stream.precision), stream.precision, ybr)


def _jpeg_ls(data: bytes, found: PixelFormat, syntax: TransferSyntax, stream: Codestream | None) -> Samples:
    from jpeg_ls import decode_pixel_data

    raw, info = decode_pixel_data(data)
    planar = info["components"] > 1 and info["interleave_mode"] == 0
    bits = int(info["bits_per_sample"])
    return Samples(_shape(raw, found, bits, planar=planar), bits)


def _jpeg(data: bytes, found: PixelFormat, syntax: TransferSyntax, stream: Codestream | None) -> Samples:
    from fiducial.media.dicom.jpeg import decode_jpeg

    assert stream is not None
    return Samples(decode_jpeg(data, stream), stream.precision, stream.ybr)


def _deflated_frame(data: bytes, found: PixelFormat, syntax: TransferSyntax, stream: Codestream | None) -> Samples:
    """One raw deflate stream per frame (PS3.5 A.4.13); 1-bit pixels are packed as in native data."""
    expected = (found.frame_bits + 7) // 8
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    raw = inflater.decompress(data, expected + 1)
    if len(raw) < expected:
        raise Damaged(f"the deflated frame holds {len(raw)} bytes of {expected}")
    if found.bits_allocated == 1:
        bits = np.unpackbits(np.frombuffer(raw, np.uint8), bitorder="little")[: found.frame_pixels]
        return Samples(bits.reshape(found.rows, found.columns, 1), 1)
    return Samples(_shape(raw, found, found.bits_allocated, planar=found.planar == 1), found.bits_allocated)


_Decoder = Callable[[bytes, PixelFormat, TransferSyntax, "Codestream | None"], Samples]
_DECODERS: dict[Codec, _Decoder] = {
    Codec.RLE: _rle,
    Codec.JPEG: _jpeg,
    Codec.JPEG_LS: _jpeg_ls,
    Codec.JPEG_2000: _jpeg_2000,
    Codec.DEFLATED_FRAME: _deflated_frame,
}
