"""Transfer syntaxes: how a dataset and its frames are written in bytes (PS3.5 section 10 and Annex A)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Codec(StrEnum):
    """What turns the bytes of one frame into samples."""

    NATIVE = "native"
    RLE = "rle"
    JPEG = "jpeg"
    """ITU T.81: baseline, extended and lossless."""
    JPEG_LS = "jpeg-ls"
    JPEG_2000 = "jpeg-2000"
    """JPEG 2000 and High-Throughput JPEG 2000."""
    DEFLATED_FRAME = "deflated-frame"
    VIDEO = "video"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class TransferSyntax:
    """One way of writing. ``lossy``: the codec always loses; false too when the codestream decides."""

    uid: str
    name: str
    codec: Codec = Codec.NATIVE
    implicit: bool = False
    big_endian: bool = False
    deflated: bool = False
    lossy: bool = False

    @property
    def encapsulated(self) -> bool:
        """Whether frames lie in fragments (PS3.5 A.4) rather than one after the other."""
        return self.codec is not Codec.NATIVE


IMPLICIT_LITTLE = TransferSyntax("1.2.840.10008.1.2", "Implicit VR Little Endian", implicit=True)
EXPLICIT_LITTLE = TransferSyntax("1.2.840.10008.1.2.1", "Explicit VR Little Endian")
EXPLICIT_BIG = TransferSyntax("1.2.840.10008.1.2.2", "Explicit VR Big Endian", big_endian=True)
DEFLATED = TransferSyntax("1.2.840.10008.1.2.1.99", "Deflated Explicit VR Little Endian", deflated=True)

_JPEG = "1.2.840.10008.1.2.4."
_ALL = (
    IMPLICIT_LITTLE,
    EXPLICIT_LITTLE,
    EXPLICIT_BIG,
    DEFLATED,
    TransferSyntax("1.2.840.10008.1.2.1.98", "Encapsulated Uncompressed Explicit VR Little Endian", Codec.UNKNOWN),
    TransferSyntax("1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression", Codec.DEFLATED_FRAME),
    TransferSyntax("1.2.840.10008.1.2.5", "RLE Lossless", Codec.RLE),
    TransferSyntax(_JPEG + "50", "JPEG Baseline (Process 1)", Codec.JPEG, lossy=True),
    TransferSyntax(_JPEG + "51", "JPEG Extended (Process 2 and 4)", Codec.JPEG, lossy=True),
    TransferSyntax(_JPEG + "57", "JPEG Lossless, Non-Hierarchical (Process 14)", Codec.JPEG),
    TransferSyntax(_JPEG + "70", "JPEG Lossless, Non-Hierarchical, First-Order Prediction", Codec.JPEG),
    TransferSyntax(_JPEG + "80", "JPEG-LS Lossless", Codec.JPEG_LS),
    TransferSyntax(_JPEG + "81", "JPEG-LS Lossy (Near-Lossless)", Codec.JPEG_LS, lossy=True),
    TransferSyntax(_JPEG + "90", "JPEG 2000 (Lossless Only)", Codec.JPEG_2000),
    TransferSyntax(_JPEG + "91", "JPEG 2000", Codec.JPEG_2000),
    TransferSyntax(_JPEG + "201", "High-Throughput JPEG 2000 (Lossless Only)", Codec.JPEG_2000),
    TransferSyntax(_JPEG + "202", "High-Throughput JPEG 2000 with RPCL Options (Lossless Only)", Codec.JPEG_2000),
    TransferSyntax(_JPEG + "203", "High-Throughput JPEG 2000", Codec.JPEG_2000),
    TransferSyntax(_JPEG + "100", "MPEG2 Main Profile / Main Level", Codec.VIDEO, lossy=True),
    TransferSyntax(_JPEG + "101", "MPEG2 Main Profile / High Level", Codec.VIDEO, lossy=True),
    TransferSyntax(_JPEG + "102", "MPEG-4 AVC/H.264 High Profile / Level 4.1", Codec.VIDEO, lossy=True),
    TransferSyntax(_JPEG + "103", "MPEG-4 AVC/H.264 BD-compatible", Codec.VIDEO, lossy=True),
    TransferSyntax(_JPEG + "104", "MPEG-4 AVC/H.264 High Profile For 2D Video", Codec.VIDEO, lossy=True),
    TransferSyntax(_JPEG + "105", "MPEG-4 AVC/H.264 High Profile For 3D Video", Codec.VIDEO, lossy=True),
    TransferSyntax(_JPEG + "106", "MPEG-4 AVC/H.264 Stereo High Profile", Codec.VIDEO, lossy=True),
    TransferSyntax(_JPEG + "107", "HEVC/H.265 Main Profile / Level 5.1", Codec.VIDEO, lossy=True),
    TransferSyntax(_JPEG + "108", "HEVC/H.265 Main 10 Profile / Level 5.1", Codec.VIDEO, lossy=True),
)
_BY_UID = {syntax.uid: syntax for syntax in _ALL}


def transfer_syntax(uid: str) -> TransferSyntax:
    """The syntax of this UID; one we do not know is Explicit VR Little Endian with unreadable frames (PS3.5 A.4)."""
    return _BY_UID.get(uid) or TransferSyntax(uid, "unknown transfer syntax", Codec.UNKNOWN)
