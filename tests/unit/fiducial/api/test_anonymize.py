"""Anonymising: what goes, what stays, what belongs together afterwards, and that nothing damaged slips through."""

from __future__ import annotations

import io
import logging
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from fiducial.api.anonymize import Anonymizer, anonymize
from fiducial.api.anonymize_profile import EMPTIED, REMOVED, REPLACED
from fiducial.api.client import Api
from fiducial.api.settings import value_of
from fiducial.errors import Damaged
from fiducial.media.registry import read_header
from tests.shared_data import SHARED_DATA, needs_shared
from tests.unit.fiducial.fake_server import UploadServer, api_with

SECRET = b"a secret of the test"
NAME = "Okonkwo^Adaeze"


@pytest.fixture(autouse=True)
def _own_configuration(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIDUCIAL_CONFIG", str(tmp_path_factory.mktemp("configuration") / "fiducial.yaml"))


def _slice(instance: str = "1.2.3.4.5.1", place: float = 0.0) -> Dataset:
    """A CT slice that tells about a patient in every way the tests look at."""
    found = Dataset()
    found.file_meta = FileMetaDataset()
    found.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    found.file_meta.MediaStorageSOPClassUID = found.SOPClassUID = CTImageStorage
    found.file_meta.MediaStorageSOPInstanceUID = found.SOPInstanceUID = instance
    found.file_meta.SourceApplicationEntityTitle = "WARD7"
    found.PatientName, found.PatientID, found.PatientBirthDate, found.PatientSex = NAME, "MRN-77", "19610203", "F"
    found.ReferringPhysicianName, found.InstitutionName, found.AccessionNumber = "Ito^Ken", "St. Elsewhere", "A-1"
    found.StudyDate, found.StudyTime, found.AcquisitionDate, found.SeriesDate = (
        "20240102",
        "101112",
        "20240102",
        "20240102",
    )
    found.StudyInstanceUID, found.SeriesInstanceUID, found.FrameOfReferenceUID = "1.2.3", "1.2.3.4", "1.2.3.9"
    found.Modality, found.BodyPartExamined, found.PatientWeight = "CT", "CHEST", "61.5"
    found.StudyDescription = f"CT chest of {NAME}"
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = CTImageStorage, "1.2.3.4.5.2"
    reference.PatientName = NAME
    found.ReferencedImageSequence = [reference]
    found.RequestAttributesSequence = [reference]
    block = found.private_block(0x0029, "VENDOR", create=True)
    block.add_new(0x10, "LO", NAME)
    found.add_new(0x60003000, "OW", b"\1\0")  # an overlay
    found.add_new(0x00091234, "UN", b"\1")
    found.ImagePositionPatient, found.ImageOrientationPatient = [0, 0, place], [1, 0, 0, 0, 1, 0]
    found.PixelSpacing = [1, 1]
    found.Rows, found.Columns, found.SamplesPerPixel, found.PixelRepresentation = 8, 8, 1, 0
    found.BitsAllocated, found.BitsStored, found.HighBit, found.PhotometricInterpretation = 16, 16, 15, "MONOCHROME2"
    found.PixelData = np.arange(64, dtype=np.uint16).tobytes()
    return found


def _saved(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _texts(dataset: Dataset) -> str:
    """Everything that stands in it, as one text."""
    return f"{dataset.file_meta}\n{dataset}"


def test_nothing_of_the_patient_is_left() -> None:
    before = _slice()
    found = Anonymizer(secret=SECRET).anonymize(before)
    text = _texts(found)
    told = ("Okonkwo", "MRN-77", "1961", "Ito", "Elsewhere", "A-1", "2024", "61.5", "WARD7", "VENDOR", "1.2.3.4")
    assert [word for word in told if word in text] == []
    assert before == _slice()  # the one that was given stays as it was


def test_the_image_stays() -> None:
    before, found = _slice(), Anonymizer(secret=SECRET).anonymize(_slice())
    assert found.PixelData == before.PixelData
    assert (found.Modality, found.BodyPartExamined, found.SOPClassUID) == ("CT", "CHEST", CTImageStorage)
    assert found.ImagePositionPatient == before.ImagePositionPatient
    assert found.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian


def test_it_says_what_was_done() -> None:
    found = Anonymizer(frozenset({(0x0008, 0x0020)}), SECRET).anonymize(_slice())
    assert found.PatientIdentityRemoved == "YES"
    assert "retained (0008,0020)" in found.DeidentificationMethod
    assert found.DeidentificationMethodCodeSequence[0].CodeValue == "113100"
    assert found.LongitudinalTemporalInformationModified == "UNMODIFIED"
    assert Anonymizer(secret=SECRET).anonymize(_slice()).LongitudinalTemporalInformationModified == "REMOVED"
    assert all(len(word) <= 64 for word in found.DeidentificationMethod)


def test_what_belonged_together_still_does() -> None:
    anonymizer = Anonymizer(secret=SECRET)
    one, two = anonymizer.anonymize(_slice("1.2.3.4.5.1")), Anonymizer(secret=SECRET).anonymize(_slice("1.2.3.4.5.2"))
    assert one.SeriesInstanceUID == two.SeriesInstanceUID != "1.2.3.4"
    assert one.PatientID == two.PatientID
    assert one.PatientID.startswith("ANON")
    assert one.SOPInstanceUID != two.SOPInstanceUID
    assert one.ReferencedImageSequence[0].ReferencedSOPInstanceUID == two.SOPInstanceUID
    assert one.file_meta.MediaStorageSOPInstanceUID == one.SOPInstanceUID
    assert Anonymizer(secret=b"another").anonymize(_slice()).PatientID != one.PatientID


def test_retained_elements_stay_wherever_they_stand() -> None:
    kept = frozenset({(0x0010, 0x1030), (0x0020, 0x000D), (0x0010, 0x0010), (0x0029, 0x1010), (0x0029, 0x0010)})
    found = Anonymizer(kept, SECRET).anonymize(_slice())
    assert (found.PatientWeight, found.StudyInstanceUID, found.PatientName) == (61.5, "1.2.3", NAME)
    assert found.ReferencedImageSequence[0].PatientName == NAME
    assert found[0x00291010].value == NAME
    assert not found.get("PatientBirthDate")


def test_the_users_secret_is_made_once_and_kept() -> None:
    one, two = anonymize(_slice()), anonymize(_slice(), [(0x0010, 0x0040)])
    assert one.StudyInstanceUID == two.StudyInstanceUID
    assert (one.PatientSex, two.PatientSex) == (None, "F")
    assert len(value_of("pseudonym_key") or "") == 64


def test_burned_in_text_is_not_called_removed(caplog: pytest.LogCaptureFixture) -> None:
    picture = _slice()
    picture.BurnedInAnnotation = "YES"
    with caplog.at_level(logging.WARNING):
        assert Anonymizer(secret=SECRET).anonymize(picture).PatientIdentityRemoved == "NO"
    assert "Burned In Annotation" in caplog.text


@given(st.from_regex(r"[1-9][0-9]{0,8}(\.[1-9][0-9]{0,8}){2,6}", fullmatch=True))
def test_uids_become_valid_uids(original: str) -> None:
    made = pydicom.uid.UID(Anonymizer(secret=SECRET).uid(original))
    assert made.is_valid
    assert made == Anonymizer(secret=SECRET).uid(original + "\0")  # padding is no part of a UID
    assert original not in made or len(original) < 8


def test_the_lists_do_not_contradict_each_other() -> None:
    assert not REMOVED & EMPTIED
    assert not (REMOVED | EMPTIED) & REPLACED
    spared = {0x00080016, 0x00080060, 0x00280010, 0x00200032, 0x7FE00010, 0x00281053}
    assert not spared & (REMOVED | EMPTIED | REPLACED)


def test_a_damaged_file_is_refused_rather_than_mended(tmp_path: Path) -> None:
    whole = _saved(_slice())
    with pytest.raises(Damaged, match=r"cut\.dcm cannot be anonymised: .*cut off"):
        Anonymizer(secret=SECRET).file(io.BytesIO(whole[:-40]), "cut.dcm")


class _Recording(UploadServer):
    """Keeps what every file's form held, byte for byte."""

    def __init__(self) -> None:
        super().__init__()
        self.contents: list[bytes] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("content-type", "").startswith("multipart/"):
            self.contents.append(request.content)
        return super().__call__(request)


def _api(server: UploadServer) -> Api:
    return api_with(server, max_retries=0)


def test_an_upload_sends_the_anonymised_bytes_once(tmp_path: Path) -> None:
    server = _Recording()
    for n in range(3):
        (tmp_path / f"{n}.dcm").write_bytes(_saved(_slice(f"1.2.3.4.5.{n}", float(n))))
    (tmp_path / "notes.txt").write_bytes(b"not DICOM")
    resources = _api(server).resources
    ids = resources.upload_resources(tmp_path, anonymize=True, anonymize_retain_codes=[(0x0010, 0x0040)])
    assert len(set(ids)) == 2  # the series and the note
    sent = b"".join(server.contents)
    assert b"Okonkwo" not in sent
    assert b"1.2.3.4" not in sent
    assert b"not DICOM" in sent
    count = len(server.contents)
    assert resources.upload_resources(tmp_path, anonymize=True, anonymize_retain_codes=[(0x0010, 0x0040)]) == ids
    assert len(server.contents) == count  # the same bytes again, so nothing is sent twice


def test_a_file_that_cannot_be_anonymised_is_not_sent(tmp_path: Path) -> None:
    server = _Recording()
    (tmp_path / "cut.dcm").write_bytes(_saved(_slice())[:-40])
    (tmp_path / "whole.dcm").write_bytes(_saved(_slice("1.2.3.4.5.9")))
    answers: list[Any] = _api(server).resources.upload_resources(tmp_path, anonymize=True, on_error="skip")
    assert isinstance(answers[0], Damaged)
    assert isinstance(answers[1], str)
    assert len(server.contents) == 1


@needs_shared
@pytest.mark.parametrize("folder", ["ct-series", "mr-series", "compressed", "colour", "us-multiframe"])
def test_real_files_keep_their_pixels_and_geometry(folder: str) -> None:
    paths = [path for path in sorted((SHARED_DATA / folder).rglob("*")) if path.is_file() and path.stat().st_size < 8e6]
    assert paths
    for path in paths[:6]:
        with path.open("rb") as file:
            before = read_header(file)
            file.seek(0)
            made = Anonymizer(secret=SECRET).file(file, path.name)
        after = read_header(io.BytesIO(made))
        assert (after.width, after.height, after.frame_count) == (before.width, before.height, before.frame_count)
        assert (after.voxel_to_patient, after.transfer_syntax) == (before.voxel_to_patient, before.transfer_syntax)
        assert after.instance_uid != before.instance_uid
        found, original = pydicom.dcmread(io.BytesIO(made)), pydicom.dcmread(path)
        assert found.PixelData == original.PixelData
        assert not found.get("PatientName")
