"""From the bytes of a file to its elements: preamble, file meta, transfer syntax (PS3.10 section 7)."""

from __future__ import annotations

import tempfile
import zlib
from dataclasses import dataclass, replace
from typing import BinaryIO

from fiducial.errors import Damaged, Unsupported
from fiducial.media.base import Finding, Severity
from fiducial.media.dicom import attributes as at
from fiducial.media.dicom.elements import Elements
from fiducial.media.dicom.scan import Encoding, scan
from fiducial.media.dicom.sniff import bare_dataset, has_prefix
from fiducial.media.dicom.syntax import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, TransferSyntax, transfer_syntax
from fiducial.media.dicom.window import CHUNK, ByteWindow

DICOMDIR_SOP_CLASS = "1.2.840.10008.1.3.10"
MAX_INFLATED_BYTES = 8 << 30
_IN_MEMORY = 16 << 20


@dataclass(frozen=True, slots=True)
class Dataset:
    """One file's elements up to its pixel data."""

    elements: Elements
    syntax: TransferSyntax
    findings: tuple[Finding, ...]
    file_meta: Elements
    inflated: BinaryIO | None = None
    """What has to be closed after use: the inflated copy of a deflated dataset."""

    @property
    def sop_class_uid(self) -> str | None:
        return self.elements.text(at.SOP_CLASS_UID) or self.file_meta.text(at.MEDIA_STORAGE_SOP_CLASS_UID)

    def close(self) -> None:
        if self.inflated is not None:
            self.inflated.close()


def read_dataset(source: BinaryIO) -> Dataset:
    """Elements of ``source`` without its pixels. Raises Damaged (not DICOM, cut off) or Unsupported (DICOMDIR)."""
    window = ByteWindow.over(source)
    head, _ = window.at(0, min(132, window.size))
    findings: list[Finding] = []
    start = _start(head, findings)
    meta, start = scan(window, start, window.size, Encoding(False, False), only_group=2)
    file_meta = Elements(window, meta)
    if file_meta.text(at.MEDIA_STORAGE_SOP_CLASS_UID) == DICOMDIR_SOP_CLASS:
        raise Unsupported("a DICOMDIR is an index of files, not an image; upload the files it lists")
    if not meta and start:
        findings.append(_warning("missing-file-meta", "there is no file meta information after the preamble"))
    declared = file_meta.text(at.TRANSFER_SYNTAX_UID)
    if declared is not None and transfer_syntax(declared).deflated:
        return _read_deflated(window, start, transfer_syntax(declared), file_meta, findings)
    syntax = _syntax_of(window, start, declared, findings)
    return _read_elements(window, start, syntax, file_meta, findings)


def _start(head: bytes, findings: list[Finding]) -> int:
    if has_prefix(head):
        return 132
    if bare_dataset(head):
        findings.append(_warning("missing-preamble", "there is no preamble and DICM prefix (PS3.10 7.1)"))
        return 0
    reason = "it is empty" if not head else "it has no DICM prefix and does not start with data elements"
    raise Damaged(f"this is not DICOM: {reason}")


def _read_elements(
    window: ByteWindow, start: int, syntax: TransferSyntax, file_meta: Elements, findings: list[Finding]
) -> Dataset:
    if start >= window.size:
        raise Damaged("the file ends after its meta information: there is no dataset", offset=start)
    encoding = Encoding(syntax.implicit, syntax.big_endian)
    slots, _ = scan(window, start, window.size, encoding, stop_at_pixels=True)
    return Dataset(Elements(window, slots), syntax, tuple(findings), file_meta)


def _syntax_of(window: ByteWindow, start: int, declared: str | None, findings: list[Finding]) -> TransferSyntax:
    """The declared syntax, corrected when the first element shows that the dataset is written otherwise."""
    buffer, i = window.at(start, min(8, max(0, window.size - start)))
    first = buffer[i : i + 8]
    explicit = len(first) == 8 and first[4:6].isalpha() and first[4:6].isupper()
    seen = _guess(first, explicit)
    if declared is None:
        findings.append(_warning("missing-transfer-syntax", f"no transfer syntax is given; the content is {seen.name}"))
        return seen
    syntax = transfer_syntax(declared)
    if len(first) == 8 and syntax.implicit == explicit and not (syntax.encapsulated and not explicit):
        message = f"the transfer syntax says {syntax.name}, but the content is {seen.name}"
        findings.append(_warning("transfer-syntax-mismatch", message, declared=declared))
        return seen
    return syntax


def _guess(first: bytes, explicit: bool) -> TransferSyntax:
    if not explicit:
        return IMPLICIT_LITTLE
    return EXPLICIT_BIG if first[0] == 0 and first[1] else EXPLICIT_LITTLE


def _read_deflated(
    window: ByteWindow, start: int, syntax: TransferSyntax, file_meta: Elements, findings: list[Finding]
) -> Dataset:
    """PS3.5 A.5: everything after the file meta is one deflate stream (RFC 1951)."""
    spool: BinaryIO = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # type: ignore[assignment]  # noqa: SIM115
    try:
        _inflate(window, start, spool)
        return replace(_read_elements(ByteWindow.over(spool), 0, syntax, file_meta, findings), inflated=spool)
    except BaseException:
        spool.close()
        raise


def _inflate(window: ByteWindow, start: int, out: BinaryIO) -> None:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    pos, total = start, 0
    try:
        while pos < window.size and not stream.eof:
            block = window.read(pos, min(CHUNK, window.size - pos))
            pos += len(block)
            while block:
                part = stream.decompress(block, 1 << 20)
                total += out.write(part)
                block = stream.unconsumed_tail
                if total > MAX_INFLATED_BYTES:
                    raise Unsupported(f"the deflated dataset is larger than {MAX_INFLATED_BYTES} bytes")
    except zlib.error as error:
        raise Damaged(f"the deflated dataset does not inflate: {error}") from error
    if not stream.eof:
        raise Damaged("the deflated dataset is cut off")


def _warning(code: str, message: str, **evidence: object) -> Finding:
    return Finding(code, Severity.WARNING, message, evidence)
