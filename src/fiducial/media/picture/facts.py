"""Header facts of a picture, and what a person should know before trusting its pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fiducial.media.base import Finding, Header, MediaKind, Severity
from fiducial.media.picture.raster import orientation, stored_size
from fiducial.media.picture.samples import Samples, samples_of

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_MIME = {"png": "image/png", "jpeg": "image/jpeg", "tiff": "image/tiff", "bmp": "image/bmp", "webp": "image/webp"}
_TURNS = {
    2: "mirrored left to right",
    3: "turned by 180 degrees",
    4: "mirrored top to bottom",
    5: "mirrored and turned by 90 degrees",
    6: "turned by 90 degrees clockwise",
    7: "mirrored and turned by 270 degrees",
    8: "turned by 270 degrees clockwise",
}


def describe(image: ImageFile, name: str, pages: Sequence[int], reduced_copies: int, sizes_differ: bool) -> Header:
    """Facts of the first page; ``frame_count`` is the number of pages that are images in their own right."""
    samples = samples_of(image, name)
    width, height = stored_size(image)
    turned = orientation(image, name)
    return Header(
        kind=MediaKind.IMAGE,
        format=name,
        mimetype=_MIME[name],
        width=width,
        height=height,
        frame_count=len(pages),
        samples_per_pixel=samples.channels,
        bits_stored=samples.bits,
        signed=samples.signed or samples.floating,
        photometric_interpretation=samples.photometric,
        metadata=_metadata(image, len(pages), (width, height), turned),
        findings=(
            *_pixel_findings(image, samples),
            *_turn_findings(turned),
            *_page_findings(image, name, reduced_copies, sizes_differ),
        ),
    )


def _metadata(image: ImageFile, frames: int, size: tuple[int, int], turned: int) -> Mapping[str, Any]:
    facts: dict[str, Any] = {"width": size[0], "height": size[1], "mode": image.mode, "frame_count": frames}
    if turned != 1:
        facts["orientation"] = turned
    return facts


def _pixel_findings(image: ImageFile, samples: Samples) -> list[Finding]:
    found = []
    if samples.refusal:
        found.append(Finding("undecodable-pixels", Severity.ERROR, samples.refusal, {"mode": samples.mode}))
    if samples.reduced:
        text = f"Colour of {samples.bits} bits per sample is decoded at 8 bits."
        found.append(Finding("bit-depth-reduced", Severity.WARNING, text, {"bits": samples.bits}))
    if samples.has_alpha or "transparency" in image.info:
        text = "There is an alpha channel or transparent colour: kept in stored values, elsewhere dropped, not blended."
        found.append(Finding("alpha-dropped", Severity.INFO, text))
    if samples.mode in {"CMYK", "YCbCr", "LAB"}:
        text = f"{samples.mode} colour is converted to RGB without a colour profile."
        found.append(Finding("colour-converted", Severity.WARNING, text, {"mode": samples.mode}))
    if image.info.get("icc_profile"):
        text = "There is a colour profile (ICC); it is kept in the file and not applied to the values."
        found.append(Finding("colour-profile", Severity.INFO, text))
    if samples.white_is_zero:
        text = "Stored value 0 is white: values are given as stored and inverted for display only."
        found.append(Finding("white-is-zero", Severity.INFO, text))
    return found


def _turn_findings(turned: int) -> list[Finding]:
    if turned == 1:
        return []
    text = (
        f"The file asks viewers to show it {_TURNS[turned]} (orientation {turned}). Pixel coordinates are those of the "
        "stored picture, unturned."
    )
    return [Finding("orientation-tag", Severity.WARNING, text, {"orientation": turned})]


def _page_findings(image: ImageFile, name: str, reduced_copies: int, sizes_differ: bool) -> list[Finding]:
    found = []
    if reduced_copies:
        text = f"{reduced_copies} reduced-resolution copies in the file are not counted as frames."
        found.append(Finding("reduced-resolution-pages", Severity.INFO, text, {"pages": reduced_copies}))
    if sizes_differ:
        text = "Pages differ in size or sample format: they are read one by one, not as one array."
        found.append(Finding("mixed-page-sizes", Severity.WARNING, text))
    others = getattr(image, "n_frames", 1) if name in {"png", "webp"} else _further_pictures(image)
    if name != "tiff" and others > 1:
        text = f"The file holds {others} pictures (animation or preview); only the first is the item."
        found.append(Finding("further-pictures", Severity.WARNING, text, {"pictures": others}))
    return found


def _further_pictures(image: ImageFile) -> int:
    """How many pictures a multi-picture (MPO) JPEG lists, 1 when it is an ordinary one."""
    mpf = getattr(image, "_getmp", None)
    try:
        listed = mpf() if mpf else None
        return int(listed[0xB001]) if listed else 1
    except Exception:  # a broken list of previews says nothing about the picture
        return 1
