"""What is not ordinary about one DICOM file, found without decoding it."""

from __future__ import annotations

from typing import Any

from fiducial.errors import Damaged
from fiducial.media.base import Finding, Severity
from fiducial.media.dicom import attributes as at
from fiducial.media.dicom.codestream import Codestream, read_codestream
from fiducial.media.dicom.elements import Elements
from fiducial.media.dicom.functional_groups import FrameFacts
from fiducial.media.dicom.pixel_format import PixelFormat
from fiducial.media.dicom.slice_geometry import is_orthonormal
from fiducial.media.dicom.syntax import Codec, TransferSyntax

_SPATIAL_MODALITIES = frozenset({"CT", "MR", "PT", "NM"})
_LOSSY_CODECS = (Codec.JPEG, Codec.JPEG_LS, Codec.JPEG_2000)


def file_findings(
    elements: Elements, syntax: TransferSyntax, pixels: PixelFormat | None, frames: tuple[FrameFacts, ...]
) -> list[Finding]:
    found = [*_identity(elements), *_history(elements), *_text(elements)]
    if pixels is not None:
        found += [*_syntax(syntax), *_frames(pixels, frames), *_geometry(elements, pixels, frames)]
        found += codestream_findings(elements, syntax, pixels)
    for keyword, message in elements.problems.items():
        found.append(Finding("unreadable-value", Severity.WARNING, f"{message}; it is left out", {"tag": keyword}))
    return found


def _identity(e: Elements) -> list[Finding]:
    missing = [a.keyword for a in (at.SOP_CLASS_UID, at.SOP_INSTANCE_UID, at.STUDY_INSTANCE_UID, at.SERIES_INSTANCE_UID)
               if a not in e]  # fmt: skip
    if not missing:
        return []
    return [Finding("missing-uid", Severity.WARNING, f"missing: {', '.join(missing)}", {"tags": missing})]


def _history(e: Elements) -> list[Finding]:
    found = []
    if e.text(at.LOSSY_IMAGE_COMPRESSION) == "01":
        evidence: dict[str, Any] = {
            "ratio": list(e.numbers(at.LOSSY_IMAGE_COMPRESSION_RATIO)),
            "method": list(e.strings(at.LOSSY_IMAGE_COMPRESSION_METHOD)),
        }
        message = "the image was compressed with loss at least once (PS3.3 C.7.6.1.1.5)"
        found.append(Finding("lossy-history", Severity.INFO, message, evidence))
    if e.text(at.BURNED_IN_ANNOTATION) == "YES":
        message = "the file says that text which may identify the patient is burned into its pixels"
        found.append(Finding("burned-in-annotation", Severity.WARNING, message))
    if at.PIXEL_SPACING not in e and at.IMAGER_PIXEL_SPACING in e:
        message = (
            "only Imager Pixel Spacing is given: it holds at the detector, so lengths in the patient are magnified"
        )
        values = list(e.numbers(at.IMAGER_PIXEL_SPACING))
        found.append(Finding("imager-pixel-spacing", Severity.INFO, message, {"spacing_mm": values}))
    return found


def _text(e: Elements) -> list[Finding]:
    shown = (at.PATIENT_NAME, at.PATIENT_ID, at.STUDY_DESCRIPTION, at.SERIES_DESCRIPTION)
    if all(e.raw(a).isascii() for a in shown) or e.charset:
        return []
    message = "there is text outside ASCII, and no Specific Character Set that says how to read it"
    return [Finding("missing-character-set", Severity.WARNING, message)]


def _syntax(syntax: TransferSyntax) -> list[Finding]:
    if syntax.codec not in (Codec.UNKNOWN, Codec.VIDEO):
        return []
    message = f"frames in transfer syntax {syntax.uid} ({syntax.name}) cannot be decoded; the file is kept as it is"
    return [Finding("unsupported-transfer-syntax", Severity.ERROR, message, {"transfer_syntax": syntax.uid})]


def _frames(pixels: PixelFormat, frames: tuple[FrameFacts, ...]) -> list[Finding]:
    found = []
    if len(frames) not in (1, pixels.frames):
        message = f"there are functional groups for {len(frames)} frames and {pixels.frames} frames"
        evidence = {"groups": len(frames), "frames": pixels.frames}
        found.append(Finding("functional-group-count", Severity.ERROR, message, evidence))
    pairs = {(f.slope, f.intercept) for f in frames}
    if len(pairs) > 1:
        message = (
            f"Rescale Slope or Intercept differ between frames ({len(pairs)} pairs); each frame is rescaled by its own"
        )
        found.append(Finding("varying-slope", Severity.INFO, message, {"count": len(pairs)}))
    if any(slope == 0 for slope, _ in pairs):
        found.append(Finding("zero-slope", Severity.WARNING, "Rescale Slope is 0: all modality values are equal"))
    return found


def _geometry(e: Elements, pixels: PixelFormat, frames: tuple[FrameFacts, ...]) -> list[Finding]:
    found = []
    if pixels.frames == 1 and any(f.orientation is not None and not is_orthonormal(f.orientation) for f in frames):
        message = "row and column of Image Orientation (Patient) are not at right angles or not of unit length"
        found.append(Finding("invalid-orientation", Severity.ERROR, message))
    spatial = (e.text(at.MODALITY) or "") in _SPATIAL_MODALITIES
    if spatial and any(f.position is None or f.orientation is None or f.pixel_spacing is None for f in frames):
        message = "position, orientation or pixel spacing are missing: lengths and places in the patient are not known"
        found.append(Finding("missing-geometry", Severity.WARNING, message))
    return found


def codestream_findings(e: Elements, syntax: TransferSyntax, pixels: PixelFormat) -> list[Finding]:
    """Where the header and the first compressed frame disagree: the codestream is followed, and the finding says so."""
    if syntax.codec not in _LOSSY_CODECS or not pixels.slot.undefined:
        return []
    try:
        stream = _first_codestream(e, syntax)
    except Damaged:
        return []  # verify says it, with the frame
    found = []
    if stream is not None:
        differences = _differences(stream, pixels)
        if differences:
            message = "the header and the compressed frames disagree; the frames are followed: " + "; ".join(
                differences
            )
            found.append(Finding("codestream-mismatch", Severity.WARNING, message, {"differences": differences}))
    lossy = syntax.lossy or (stream is not None and stream.lossless is False)
    if lossy and e.text(at.LOSSY_IMAGE_COMPRESSION) != "01":
        message = f"the frames are compressed with loss ({syntax.name}), and Lossy Image Compression does not say so"
        found.append(Finding("lossy-not-declared", Severity.WARNING, message, {"transfer_syntax": syntax.uid}))
    return found


def _first_codestream(e: Elements, syntax: TransferSyntax) -> Codestream | None:
    slot = e.slot(at.PIXEL_DATA)
    if slot is None:
        return None
    head = e.window.read(slot.offset, min(4096, e.window.size - slot.offset))
    first = 8 + int.from_bytes(head[4:8], "little")
    if first + 8 > len(head):
        return _far_codestream(e, syntax, slot.offset + first)
    return read_codestream(syntax.codec, head[first + 8 :])


def _far_codestream(e: Elements, syntax: TransferSyntax, item: int) -> Codestream | None:
    count = min(4096, e.window.size - item)
    return read_codestream(syntax.codec, e.window.read(item, count)[8:]) if count > 8 else None


def _differences(stream: Codestream, p: PixelFormat) -> list[str]:
    found = []
    if stream.precision != p.bits_stored:
        found.append(f"Bits Stored {p.bits_stored}, codestream {stream.precision}")
    if stream.signed is not None and stream.signed != p.signed:
        found.append(f"Pixel Representation {int(p.signed)}, codestream {'signed' if stream.signed else 'unsigned'}")
    if stream.components != p.samples:
        found.append(f"Samples per Pixel {p.samples}, codestream {stream.components}")
    if (stream.rows, stream.columns) != (p.rows, p.columns):
        found.append(f"{p.rows} rows x {p.columns} columns, codestream {stream.rows} x {stream.columns}")
    return found
