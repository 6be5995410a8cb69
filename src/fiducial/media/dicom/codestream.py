"""What a compressed frame says about itself, read from its markers without decoding it.

JPEG: ITU T.81 Annex B. JPEG-LS: ITU T.87 Annex C. JPEG 2000: ITU T.800 Annex A.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import unpack_from

from fiducial.errors import Damaged
from fiducial.media.dicom.syntax import Codec

_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SOF_LS, _EOI, _SOS, _APP14, _JFIF = 0xF7, 0xD9, 0xDA, 0xEE, 0xE0
_LOSSLESS_SOF = frozenset({0xC3, 0xC7, 0xCB, 0xCF})
_JP2_SIGNATURE = b"\x00\x00\x00\x0cjP  "


@dataclass(frozen=True, slots=True)
class Codestream:
    """``signed`` and ``ybr`` (whether the samples are luminance and chroma) are None where the stream does not say."""

    rows: int
    columns: int
    components: int
    precision: int
    signed: bool | None = None
    lossless: bool | None = None
    ybr: bool | None = None
    process: int = 0
    """JPEG: the start-of-frame marker's second byte."""


def starts_frame(codec: Codec, head: bytes) -> bool:
    """Whether a fragment with these first bytes begins a new frame."""
    if codec in (Codec.JPEG, Codec.JPEG_LS):
        return head[:3] == b"\xff\xd8\xff"
    return codec is Codec.JPEG_2000 and (head[:4] == b"\xff\x4f\xff\x51" or head[:8] == _JP2_SIGNATURE)


def is_complete(codec: Codec, tail: bytes) -> bool:
    """Whether a frame with these last bytes is whole: its end marker is among them.

    Compressed data never holds FF D9 (T.81 B.1.1.5, T.87 A.1, T.800 A.3), but writers do leave bytes behind the marker.
    """
    return codec not in (Codec.JPEG, Codec.JPEG_LS, Codec.JPEG_2000) or b"\xff\xd9" in tail


def read_codestream(codec: Codec, data: bytes) -> Codestream | None:
    """Facts of one frame from its first kilobytes; None for codecs without markers. Damaged without such a header."""
    try:
        if codec in (Codec.JPEG, Codec.JPEG_LS):
            return _jpeg(data)
        return _jpeg_2000(data) if codec is Codec.JPEG_2000 else None
    except (IndexError, ValueError) as error:
        raise Damaged("the compressed frame ends inside its own header") from error
    except Exception as error:
        if type(error).__name__ == "error":  # struct.error: fewer bytes than a marker needs
            raise Damaged("the compressed frame ends inside its own header") from error
        raise


def _jpeg(data: bytes) -> Codestream:
    if data[:2] != b"\xff\xd8":
        raise Damaged("the compressed frame does not start as JPEG")
    pos, adobe, jfif = 2, None, False
    while pos + 4 <= len(data):
        if data[pos] != 0xFF:
            raise Damaged("the compressed frame has no JPEG marker where one must be")
        marker = data[pos + 1]
        if marker == 0xFF:
            pos += 1
            continue
        (length,) = unpack_from(">H", data, pos + 2)
        body = data[pos + 4 : pos + 2 + length]
        if marker in _SOF or marker == _SOF_LS:
            return _frame_header(marker, body, adobe, jfif)
        if marker == _APP14 and body[:5] == b"Adobe" and len(body) >= 12:
            adobe = body[11]
        jfif = jfif or (marker == _JFIF and body[:4] == b"JFIF")
        if marker in (_SOS, _EOI):
            break
        pos += 2 + length
    raise Damaged("the compressed frame has no JPEG frame header")


def _frame_header(marker: int, body: bytes, adobe: int | None, jfif: bool) -> Codestream:
    precision, rows, columns, components = unpack_from(">BHHB", body)
    ids = body[6 : 6 + 3 * components : 3]
    ybr = None if components == 1 else _is_ybr(adobe, jfif, ids)
    lossless = None if marker == _SOF_LS else marker in _LOSSLESS_SOF
    return Codestream(rows, columns, components, precision, None, lossless, ybr, marker)


def _is_ybr(adobe: int | None, jfif: bool, ids: bytes) -> bool | None:
    if adobe is not None:
        return adobe != 0
    if ids == b"RGB":
        return False
    return True if jfif else None


def _jpeg_2000(data: bytes) -> Codestream:
    start = 0
    if data[:8] == _JP2_SIGNATURE:
        start = data.index(b"\xff\x4f\xff\x51")
    if data[start : start + 4] != b"\xff\x4f\xff\x51":
        raise Damaged("the compressed frame does not start as JPEG 2000")
    x1, y1, x0, y0 = unpack_from(">4I", data, start + 8)
    components, depth = unpack_from(">HB", data, start + 40)
    return Codestream(y1 - y0, x1 - x0, components, (depth & 0x7F) + 1, bool(depth & 0x80), *_cod(data, start))


def _cod(data: bytes, start: int) -> tuple[bool | None, bool | None]:
    """(reversible wavelet, multiple component transform) of the coding style marker, when it is within ``data``."""
    pos = start + 2
    while pos + 14 <= len(data) and data[pos] == 0xFF:
        if data[pos + 1] == 0x52:
            return data[pos + 13] == 1, bool(data[pos + 8])
        pos += 2 + int(unpack_from(">H", data, pos + 2)[0])
    return None, None
