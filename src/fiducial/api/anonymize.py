"""Taking the patient out of DICOM files before they leave this computer.

The Basic Application Level Confidentiality Profile (PS3.15 Annex E.2) without options: names, dates, descriptions,
private elements, overlays and curves go; every UID and the Patient ID are replaced. What replaces them is made with a
secret of the user (setting ``pseudonym_key``), so the slices of a series stay together, a patient's studies stay one
patient's, the same file always becomes the same bytes - and nobody without the secret can tell whose they are.

Pixels are not looked at. A file that says its pixels hold text (Burned In Annotation) is warned of, and does not get
Patient Identity Removed = YES.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import logging
import secrets
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO

from fiducial.api.anonymize_profile import EMPTIED, REMOVED, REPLACED
from fiducial.api.local_file import LocalFile
from fiducial.errors import Damaged
from fiducial.media.base import Header, MediaKind

if TYPE_CHECKING:
    from pydicom import Dataset

_LOGGER = logging.getLogger(__name__)
METHOD = ("Basic Application Level Confidentiality Profile", "PS3.15 Annex E, without options")
"""Values of Deidentification Method, at most 64 characters each; a value per retained element follows."""
_PATIENT_ID = 0x00100020
_DATES = frozenset({"DA", "DT", "TM"})
_WORDS = "ANONYMIZED"
_DUMMIES: dict[str, Any] = {
    "AS": "000Y",
    "DA": "19000101",
    "DT": "19000101000000",
    "TM": "000000",
    **dict.fromkeys(("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"), _WORDS),
    **dict.fromkeys(("DS", "IS"), "0"),
    **dict.fromkeys(("FL", "FD", "SL", "SS", "SV", "UL", "US", "UV"), 0),
}
_FILE_META_KEPT = frozenset({0x00020000, 0x00020001, 0x00020002, 0x00020003, 0x00020010, 0x00020012, 0x00020013})
"""Group length, version, SOP class and instance, transfer syntax, and what wrote the file."""


def anonymize(dataset: Dataset, retain: Collection[tuple[int, int]] = ()) -> Dataset:
    """A copy without the patient; ``retain`` names elements (group, element) that stay as they are, wherever they stand.

    Datasets of one series keep belonging together, in one call or in several, for as long as the user's secret stays.
    """
    return Anonymizer(frozenset(retain)).anonymize(dataset)


def users_secret() -> bytes:
    """The user's secret (setting ``pseudonym_key``); made and stored where none is set."""
    from fiducial.api.settings import value_of, write_config

    name = "pseudonym_key"
    if (found := value_of(name)) is None:
        write_config(name, secrets.token_hex(32))
        found = value_of(name)
    assert found is not None
    return found.encode()


@dataclass(frozen=True)
class Anonymizer:
    """The profile with what is retained and the secret that replacements are made with."""

    retain: frozenset[tuple[int, int]] = frozenset()
    secret: bytes = field(default_factory=users_secret, repr=False)

    def anonymize(self, dataset: Dataset) -> Dataset:
        """A copy of the dataset without the patient, its file meta information and preamble included."""
        found = deepcopy(dataset)
        self._in_place(found)
        return found

    def file(self, source: BinaryIO, name: str) -> bytes:
        """The file without the patient, in the same transfer syntax.

        Damaged when it is not whole: read leniently and written again, it would look as if it were.
        """
        from pydicom import dcmread

        from fiducial.media.registry import verify

        buffer = io.BytesIO()
        try:
            verify(source)
            source.seek(0)
            dataset = dcmread(source)
            self._in_place(dataset)
            dataset.save_as(buffer, enforce_file_format=True)
        except Exception as error:  # pydicom raises what its parts raise; sending the file as it is is no way out
            raise Damaged(f"{name} cannot be anonymised: {error}", path=name) from error
        return buffer.getvalue()

    def uid(self, original: str) -> str:
        """What stands for a UID: always the same; UIDs that the standard defines stay (PS3.6 Annex A; PS3.5 B.2)."""
        from pydicom.uid import UID_dictionary  # type: ignore[attr-defined]

        if not original or original in UID_dictionary:
            return original
        return f"2.25.{uuid.UUID(bytes=self._digest('uid', original)[:16], version=4).int}"

    def pseudonym(self, patient_id: str) -> str:
        """What stands for a Patient ID: always the same, so that a patient's studies can be kept on one side of a split."""
        return f"ANON{self._digest('patient', patient_id).hex()[:12].upper()}" if patient_id.strip() else ""

    def _digest(self, kind: str, original: str) -> bytes:
        return hmac.digest(self.secret, f"{kind}:{original.strip(' ' + chr(0))}".encode(), hashlib.sha256)

    def _in_place(self, dataset: Dataset) -> None:
        self._clean(dataset)
        self._say(dataset)
        self._file_meta(dataset)

    def _clean(self, dataset: Dataset) -> None:
        for tag in list(dataset.keys()):
            if (tag.group, tag.element) not in self.retain:
                self._clean_element(dataset, tag)

    def _clean_element(self, dataset: Dataset, tag: Any) -> None:
        """Elements that are left alone are not even parsed, so odd values in them do no harm."""
        if _is_dropped(tag):
            del dataset[tag]
            return
        vr = _vr(dataset, tag)
        if vr == "SQ":
            self._clean_sequence(dataset, tag)
        elif vr == "UI":
            dataset[tag].value = self._uids(dataset[tag].value)
        elif tag == _PATIENT_ID:
            dataset[tag].value = self.pseudonym(str(dataset[tag].value or ""))
        elif tag in REPLACED:
            dataset[tag].value = _DUMMIES.get(vr, b"\0\0")
        elif tag in EMPTIED or vr == "PN" or vr in _DATES:
            dataset[tag].value = None

    def _clean_sequence(self, dataset: Dataset, tag: Any) -> None:
        if tag in EMPTIED or tag in REPLACED:
            dataset[tag].value = []
        else:
            for item in dataset[tag].value:
                self._clean(item)

    def _uids(self, value: Any) -> Any:
        if value is None or isinstance(value, str):
            return self.uid(str(value or ""))
        return [self.uid(str(one)) for one in value]

    def _say(self, dataset: Dataset) -> None:
        """What was done, where every reader looks for it (PS3.3 C.7.1.1)."""
        from pydicom import Dataset

        burned_in = str(dataset.get("BurnedInAnnotation", "")).strip().upper() == "YES"
        if burned_in:
            _LOGGER.warning(
                "%s: the pixels hold text (Burned In Annotation); look at them", dataset.get("SOPInstanceUID")
            )
        dataset.PatientIdentityRemoved = "NO" if burned_in else "YES"
        kept = [f"retained ({group:04X},{element:04X})" for group, element in sorted(self.retain)]
        dataset.DeidentificationMethod = [*METHOD, *kept]
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator = "113100", "DCM"
        code.CodeMeaning = "Basic Application Confidentiality Profile"
        dataset.DeidentificationMethodCodeSequence = [code]
        dates = any(_vr_of(group << 16 | element) in _DATES for group, element in self.retain)
        dataset.LongitudinalTemporalInformationModified = "UNMODIFIED" if dates else "REMOVED"

    def _file_meta(self, dataset: Dataset) -> None:
        meta = getattr(dataset, "file_meta", None)
        if meta is not None:
            for tag in [tag for tag in meta.keys() if tag not in _FILE_META_KEPT]:  # noqa: SIM118 - iterating parses
                del meta[tag]
            if "SOPInstanceUID" in dataset:
                meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        if getattr(dataset, "preamble", None) is not None:
            dataset.preamble = bytes(128)  # may hold a second header, of another format, with names of its own


def _is_dropped(tag: Any) -> bool:
    """What goes without a look: private elements, curves and overlays, the profile's list, and what no dictionary knows."""
    from pydicom.datadict import dictionary_has_tag

    repeating = tag.group & 0xFF01 in {0x5000, 0x6000}
    return bool(tag.is_private or repeating or tag in REMOVED or not dictionary_has_tag(tag))


def _vr(dataset: Dataset, tag: Any) -> str:
    """The element's VR without parsing its value."""
    vr = dataset.get_item(tag).VR
    return str(vr) if vr not in {None, "UN"} else _vr_of(tag)


def _vr_of(tag: int) -> str:
    from pydicom.datadict import dictionary_has_tag, dictionary_VR

    return dictionary_VR(tag) if dictionary_has_tag(tag) else "UN"


@dataclass(frozen=True)
class AnonymizedFile(LocalFile):
    """A DICOM file that is anonymised whenever it is opened: one file per transfer is in memory, never all of them."""

    original: LocalFile | None = None
    anonymizer: Anonymizer | None = None

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        assert self.original is not None
        assert self.anonymizer is not None
        with self.original.open() as source:
            content = self.anonymizer.file(source, self.name)
        yield io.BytesIO(content)

    @cached_property
    def _facts(self) -> tuple[str, Header | None]:
        """Hash and header, from one round of anonymising."""
        with self.open() as made:
            kept = LocalFile(self.name, content=made.read())
        return kept.sha256, kept.header

    @property
    def size(self) -> int:
        """The original's, which is near enough to show how far an upload is; what is sent is measured when it is sent."""
        assert self.original is not None
        return self.original.size

    @cached_property
    def sha256(self) -> str:
        return self._facts[0]

    @cached_property
    def header(self) -> Header | None:
        try:
            return self._facts[1]
        except Damaged:
            return None  # opening it to send it will say what is wrong


def anonymized(file: LocalFile, anonymizer: Anonymizer) -> LocalFile:
    """The file as it may be sent: DICOM anonymised; what is not DICOM as it is."""
    if not _is_dicom(file):
        return file
    return AnonymizedFile(file.name, file.path, original=file, anonymizer=anonymizer)


def _is_dicom(file: LocalFile) -> bool:
    header = file.header
    if header is not None:
        return header.kind is MediaKind.DICOM
    with file.open() as source:  # not a readable image, and a patient's name may stand in it all the same
        return source.read(132)[128:] == b"DICM"
