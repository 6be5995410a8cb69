"""What a file is, is decided by its content; what it is not, is said in words."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import zipfile

import pytest

from fiducial.errors import Damaged, Unsupported
from fiducial.media import FORMATS, check, format_named, open_media, read_header, sniff, verify
from tests.unit.media import files

NII = files.nifti_bytes(files.ramp(5, 4, 3))


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.dcm", "x")
    return out.getvalue()


REFUSED = {
    "plain text": (b"Patient: none\nNotes: none\n", "looks like plain text"),
    "text in UTF-8": ("Befund: unauffällig\n".encode(), "looks like plain text"),
    "html": (b"\n<!DOCTYPE html><html></html>", "log-in page"),
    "json": (b'{"error": "not found"}', "looks like JSON"),
    "xml": (b"<?xml version='1.0'?><svg/>", "looks like XML"),
    "zip": (zipped(), "ZIP archive"),
    "pdf": (b"%PDF-1.7 ...", "PDF"),
    "gif": (b"GIF89a" + bytes(20), "GIF"),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIF"),
    "sound": (b"\0\0\0\x18ftypM4A \0\0\0\0", "audio"),
    "gzip of text": (
        gzip.compress(b"hello there, this is text"),
        "is gzip, and what is inside is not NIfTI: it looks like",
    ),
    "gzip broken": (b"\x1f\x8b\x08\0" + b"\xff" * 40, "cannot be unpacked"),
    "analyze": (NII[:344] + bytes(8) + NII[352:], "Analyze 7.5"),
    "nrrd": (b"NRRD0004\ntype: short\n", "NRRD"),
    "jpeg 2000": (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(20), "JPEG 2000"),
    "zeros": (bytes(5000), "zero bytes"),
    "noise": (bytes(range(256)) * 20, "no known kind"),
    "sound in RIFF": (b"RIFF\x24\0\0\0WAVEfmt ", "'WAVE'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_strangers_are_named(name: str) -> None:
    content, words = REFUSED[name]
    for call in (sniff, read_header, verify, check, open_media):
        with pytest.raises(Unsupported) as caught:
            call(io.BytesIO(content))
        assert words in str(caught.value)
        assert "DICOM, NIfTI" in str(caught.value)


def test_empty_file() -> None:
    with pytest.raises(Damaged, match="empty"):
        check(io.BytesIO(b""))


def test_a_text_file_named_like_an_image_is_text() -> None:
    class Named(io.BytesIO):
        name = "scan.dcm"

    with pytest.raises(Unsupported, match="plain text"):
        check(Named(b"hello\n"))


def test_dicom_with_a_tiff_header_in_its_preamble_is_dicom() -> None:
    content = b"II*\0" + files.dicom_bytes()[4:]
    assert sniff(io.BytesIO(content)).name == "dicom"


@pytest.mark.parametrize("content", [NII, gzip.compress(NII)])
def test_the_four_doors(content: bytes) -> None:
    source = io.BytesIO(content)
    assert sniff(source).name == "nifti"
    verify(source)
    assert check(source) == read_header(source)
    with open_media(source) as reader:
        assert reader.frame(0).shape == (4, 5)


def test_names() -> None:
    for entry in FORMATS:
        assert format_named(entry.name).name == entry.name
    with pytest.raises(Unsupported, match="nifti, png"):
        format_named("gif")


def test_importing_the_package_loads_no_decoder() -> None:
    """`import fiducial.media`, and sniffing something that is not DICOM, stay light."""
    script = (
        "import io, sys, fiducial.media as m; m.sniff(io.BytesIO(bytes.fromhex('89504e470d0a1a0a')));"
        "print(sorted({'PIL', 'av', 'nibabel', 'pydicom', 'torch', 'isal', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
