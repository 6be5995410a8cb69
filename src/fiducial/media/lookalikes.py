"""What a file that is not one of ours most likely is, in words for the person who sent it."""

from __future__ import annotations

import zlib

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"GIF8", "looks like a GIF picture"),
    (0, b"%PDF", "looks like a PDF document"),
    (0, b"PK\x03\x04", "looks like a ZIP archive: unpack it and send what is inside"),
    (0, b"PK\x05\x06", "looks like an empty ZIP archive"),
    (0, b"Rar!", "looks like a RAR archive: unpack it and send what is inside"),
    (0, b"7z\xbc\xaf\x27\x1c", "looks like a 7z archive: unpack it and send what is inside"),
    (0, b"BZh", "looks like bzip2: unpack it first"),
    (0, b"\xfd7zXZ\0", "looks like xz: unpack it first"),
    (0, b"\x28\xb5\x2f\xfd", "looks like Zstandard: unpack it first"),
    (257, b"ustar", "looks like a tar archive: unpack it and send what is inside"),
    (0, b"\x89HDF\r\n\x1a\n", "looks like HDF5 (MINC 2, MATLAB 7.3 ...)"),
    (0, b"CDF\x01", "looks like netCDF (MINC 1)"),
    (0, b"CDF\x02", "looks like netCDF (MINC 1)"),
    (0, b"NRRD", "looks like NRRD: convert it to NIfTI"),
    (0, b"ObjectType", "looks like a MetaImage header: convert it to NIfTI"),
    (0, b"MATLAB", "looks like a MATLAB file"),
    (0, b"\x93NUMPY", "looks like a numpy array"),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", "looks like a JPEG 2000 picture"),
    (0, b"\xff\x4f\xff\x51", "looks like a JPEG 2000 codestream"),
    (0, b"\0\0\0\x0cJXL ", "looks like JPEG XL"),
    (0, b"\xff\x0a", "looks like JPEG XL"),
    (0, b"\x7fELF", "looks like a program"),
    (0, b"MZ", "looks like a Windows program"),
    (0, b"SQLite format 3", "looks like a SQLite database"),
    (0, b"ID3", "looks like MP3 audio"),
    (0, b"OggS", "looks like an Ogg file"),
    (0, b"fLaC", "looks like FLAC audio"),
)
_STILL_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"}
_AUDIO_BRANDS = {b"M4A ", b"M4B "}
_TEXT_BYTES = frozenset(range(32, 127)) | {9, 10, 12, 13, 27} | frozenset(range(128, 256))


def name_of(head: bytes) -> str:  # noqa: PLR0911 - a table of what there is
    """A clause that follows "this file", such as ``looks like plain text``."""
    for place, magic, words in _MAGIC:
        if head[place : place + len(magic)] == magic:
            return words
    if head[4:8] == b"ftyp":
        brand = head[8:12].decode("latin-1")
        return f"looks like {'audio' if head[8:12] in _AUDIO_BRANDS else 'a HEIF or AVIF picture'} (brand {brand!r})"
    if head[:4] == b"RIFF":
        return f"is a RIFF file of kind {head[8:12].decode('latin-1')!r}, neither AVI nor WebP"
    if head[:2] == b"\x1f\x8b":
        return f"is gzip, and what is inside {_inside(head)}"
    if int.from_bytes(head[:4], "little") == 348 or int.from_bytes(head[:4], "big") == 348:
        return "looks like an Analyze 7.5 header, which does not say left from right: convert it to NIfTI"
    if not any(head):
        return "starts with nothing but zero bytes"
    return _text_or_unknown(head)


def is_other_ftyp(head: bytes) -> bool:
    """Whether an ISO base media file is by its brand a still picture or sound, not video."""
    return head[8:12] in _STILL_BRANDS | _AUDIO_BRANDS


def _inside(head: bytes) -> str:
    try:
        inner = zlib.decompressobj(wbits=31).decompress(head, 1024)
    except zlib.error:
        return "cannot be unpacked (the gzip stream is broken)"
    return "is not NIfTI: it " + name_of(inner) if inner else "is nothing"


def _text_or_unknown(head: bytes) -> str:
    if not all(byte in _TEXT_BYTES for byte in head):
        return "is of no known kind"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:64].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "looks like an HTML page (was a log-in page saved instead of the file?)"
    if start.startswith(b"<"):
        return "looks like XML"
    if start.startswith((b"{", b"[")):
        return "looks like JSON"
    return "looks like plain text"
