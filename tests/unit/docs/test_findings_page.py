"""``docs/findings.md`` lists every finding that the source can make, and no other.

Write it anew with ``FIDUCIAL_WRITE_DOCS=1 pytest tests/unit/docs/test_findings_page.py``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from fiducial.media import registry
from tests.demo_data import DEMO_DATA
from tests.unit.docs.finding_codes import Made, findings_made
from tests.unit.docs.pages import ROOT, assert_generated, cell

MADE = findings_made(ROOT / "src", "fiducial/media", "fiducial_server")

SERIES, DICOM, NIFTI, PICTURE, VIDEO, SERVER = (
    "A series, or the frames of a volume",
    "One DICOM file",
    "NIfTI",
    "Pictures",
    "Video",
    "Found by the server",
)
SECTIONS = {
    "fiducial/media/dicom/assembly.py": SERIES,
    "fiducial/media/dicom/grid.py": SERIES,
    "fiducial_server/services/series.py": SERIES,
    "fiducial/media/dicom/": DICOM,
    "fiducial/media/nifti/": NIFTI,
    "fiducial/media/picture/": PICTURE,
    "fiducial/media/video/": VIDEO,
    "fiducial_server/services/": SERVER,
}
"""The first that a module's path begins with."""

MEANINGS = {
    SERIES: {
        "duplicate-slices": "Some positions have more than one slice, and nothing makes them time points.",
        "gantry-tilt": "Each slice is shifted in its plane by the same step: the volume is sheared, and its affine says so.",
        "invalid-orientation": "Row and column direction are not at right angles, or not of unit length.",
        "missing-position": "Slices without position, orientation or pixel spacing.",
        "missing-slices": "A gap that is a whole multiple of the usual one. `where` names each gap in mm along the normal.",
        "mixed-frame-of-reference": "The slices are in several frames of reference, so their positions do not compare.",
        "mixed-orientation": "The slices have several orientations (a localizer, say, or two stacks).",
        "mixed-patients": "The files carry several patient ids.",
        "mixed-series": "The files carry several Series Instance UIDs.",
        "mixed-size": "Several image sizes or pixel spacings: an error for a series, a warning for a group of pictures.",
        "mixed-studies": "The files carry several Study Instance UIDs.",
        "mixed-time-points": (
            "Several slices at each position. Info: an attribute tells complete time points apart, the item is 4-D. "
            "Warning: only blocks of Instance Number do. Error: nothing does, or the time points do not lie on each other."
        ),
        "multi-frame-in-series": "Files of several frames among the slices: upload them as items of their own.",
        "uneven-spacing": "The distances between slices differ, or the slices are not on one straight line.",
        "varying-slope": "Rescale Slope or Intercept differ from slice to slice; each slice is rescaled by its own.",
    },
    DICOM: {
        "burned-in-annotation": "The file says that text which may identify the patient is burned into its pixels.",
        "codestream-mismatch": "Header and compressed frames disagree (size, bits, sign); the frames are followed.",
        "functional-group-count": "Per-frame functional groups for another number of frames than there are.",
        "imager-pixel-spacing": "Only the spacing at the detector is known: lengths in the patient are magnified.",
        "invalid-orientation": "Row and column direction are not at right angles, or not of unit length.",
        "lossy-history": "The image was compressed with loss at least once.",
        "lossy-not-declared": "The frames are compressed with loss, and the header does not say so.",
        "missing-character-set": "Text outside ASCII, and no Specific Character Set that says how to read it.",
        "missing-file-meta": "No file meta information after the preamble.",
        "missing-geometry": "CT, MR, PT or NM without position, orientation or pixel spacing.",
        "missing-preamble": "No preamble and no DICM prefix; the dataset was recognised by its content.",
        "missing-transfer-syntax": "No transfer syntax is given; it was told by the content.",
        "missing-uid": "SOP Class, SOP Instance, Study or Series UID is missing.",
        "transfer-syntax-mismatch": "The content is not in the transfer syntax that is declared; the content is followed.",
        "unreadable-value": "A value cannot be read; it is left out. `tag` names it.",
        "unsupported-transfer-syntax": "The frames cannot be decoded here. The file is kept, byte for byte.",
        "varying-slope": "Rescale Slope or Intercept differ from frame to frame; each frame is rescaled by its own.",
        "zero-slope": "Rescale Slope is 0: all modality values are equal.",
    },
    NIFTI: {
        "bitpix-disagrees": "`bitpix` is not what `datatype` has; `datatype` is used.",
        "colour-voxels": "Each voxel is a colour, not a measured value.",
        "converted-units": "Lengths are stored in metres or micrometres, and were converted to mm.",
        "infinite-slope": "`scl_slope` is infinite; nothing is scaled.",
        "label-as-float": "The file says that it holds labels, and stores them scaled or as floating-point numbers.",
        "missing-vox-offset": "`vox_offset` is 0, inside the header; the data are taken to follow the header.",
        "negative-voxel-size": "A voxel size is negative; its absolute value is used.",
        "no-geometry": "No usable affine and no usable voxel sizes: nothing can be measured or placed in 3-D.",
        "no-orientation": "Neither sform nor qform is set: which side is left is not known.",
        "non-finite-affine": "sform or qform holds NaN or infinity; the next source of geometry was taken.",
        "sform-qform-disagree": "sform and qform place the volume differently. sform is used; other programs may take qform.",
        "unknown-units": "The unit of length is not stated; mm is taken.",
        "unusable-affine": "sform or qform is not possible; the next source of geometry was taken.",
        "zero-dimension": "A dimension beyond the third has size 0; it is counted as 1.",
    },
    PICTURE: {
        "alpha-dropped": "An alpha channel or a transparent colour: in stored values only, nothing is blended.",
        "bit-depth-reduced": "Colour of more than 8 bits per sample is decoded at 8 bits.",
        "colour-converted": "CMYK, YCbCr or LAB is converted to RGB without a colour profile.",
        "colour-profile": "A colour profile (ICC) is kept in the file, and not applied to the values.",
        "further-pictures": "The file holds several pictures (animation, preview); the first one is the item.",
        "mixed-page-sizes": "Pages differ in size or sample format; they are read one by one, not as one array.",
        "orientation-tag": "The file asks viewers to turn it. Pixel coordinates are those of the stored picture, unturned.",
        "reduced-resolution-pages": "Smaller copies of the picture in the file are not counted as frames.",
        "undecodable-pixels": "The pixels cannot be decoded here. The file is kept, byte for byte.",
        "white-is-zero": "Stored 0 is white: values are as stored, inverted for display only.",
    },
    VIDEO: {
        "audio-track": "There is a sound track: it may hold speech that names a patient.",
        "bit-depth-reduced": "Samples of more than 8 bits are decoded at 8 bits.",
        "further-streams": "The file has several picture streams; the first moving one is the item.",
        "no-frame-times": "Frames have no usable times of their own: reaching one decodes from the start.",
        "orientation-tag": "The file asks players to turn it. Pixel coordinates are those of the stored frames, unturned.",
        "pixel-aspect-ratio": "Pixels are not square; coordinates are in stored pixels.",
    },
    SERVER: {
        "damaged-pixels": "Decoding showed damage that the upload's own checks could not: the item's state is `failed`.",
        "instance-uid-conflict": (
            "The same SOP Instance UID is on other bytes. Both files are kept, both items have the finding, and each names "
            "the other with both hashes. `--strict-instance-uid` refuses the second with 409 instead."
        ),
        "not-renderable": "No picture can be made of it for looking. The file is kept, byte for byte.",
    },
}

HEAD = """# Findings

What is not ordinary about an image is kept with it, as a list that programs can read. Nothing is repaired in silence.

```python
for finding in api.resources.findings(resource):
    print(finding["severity"], finding["code"], finding["message"], finding["evidence"])
```

`code` is a stable word, `message` a sentence with the numbers in it, `evidence` the numbers and names themselves.

* **info**: good to know; nothing is refused.
* **warning**: look before you rely on it.
* **error**: the file is kept and comes back byte for byte, but some use of it (as a volume, or decoding) is refused.

What is *damaged* is no finding: it is refused at the door, see [Uploading](uploading.md#what-is-refused).

Generated by `tests/unit/docs/test_findings_page.py`, which reads the codes out of the source. Do not edit: run it with
`FIDUCIAL_WRITE_DOCS=1`.
"""


def test_every_finding_that_is_made_has_a_meaning_and_no_other() -> None:
    made = {(_section(one), one.code) for one in MADE}
    assert made == {(section, code) for section, codes in MEANINGS.items() for code in codes}


def test_codes_are_words_one_can_search_for() -> None:
    assert all(one.code == one.code.lower() and one.code.replace("-", "").isalnum() for one in MADE)


@pytest.mark.parametrize(
    "path", sorted(p for p in DEMO_DATA.rglob("*") if p.suffix in {".dcm", ".gz", ".jpg"}), ids=lambda p: p.name
)
def test_real_files_have_findings_that_are_in_the_table(path: Path) -> None:
    with path.open("rb") as source:
        found = registry.read_header(source).findings
    known = {(one.code, one.severity) for one in MADE}
    assert {(finding.code, str(finding.severity)) for finding in found} <= known


def test_the_page_says_what_the_code_does() -> None:
    assert_generated("findings.md", HEAD + "".join(_table(section) for section in MEANINGS))


def _table(section: str) -> str:
    severities: dict[str, set[str]] = defaultdict(set)
    for one in MADE:
        if _section(one) == section:
            severities[one.code].add(one.severity)
    rows = [
        f"| `{code}` | {_levels(severities[code])} | {cell(MEANINGS[section][code])} |" for code in sorted(severities)
    ]
    return "\n".join(["", f"## {section}", "", "| code | severity | meaning |", "|---|---|---|", *rows, ""])


def _levels(found: Iterable[str]) -> str:
    return ", ".join(sorted(found, key=["error", "warning", "info"].index))


def _section(one: Made) -> str:
    return next(section for prefix, section in SECTIONS.items() if one.module.startswith(prefix))
