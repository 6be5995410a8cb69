"""One file becomes one item, or nothing at all."""

from __future__ import annotations

import hashlib
import struct
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from fiducial.errors import (
    Conflict,
    Damaged,
    FiducialError,
    Forbidden,
    Invalid,
    NotFound,
    StorageFull,
    TooLarge,
    Unsupported,
)
from fiducial_server.model.actor import Role
from fiducial_server.model.item import ItemFilter, ItemKind, ItemState, ItemStatus
from fiducial_server.services.uploads import UploadFacts, UploadRules
from tests.shared_data import SHARED_DATA, needs_shared
from tests.unit.fiducial_server.services.items_stage import Stage, ct_slice, nifti, png, stage

__all__ = ["stage"]


def test_a_dicom_file_is_an_item_with_the_facts_of_its_header(stage: Stage) -> None:
    body = ct_slice(2)
    item = stage.send(
        body, "ct.dcm", tags=("b", "a", "b"), channel="knees", user_metadata={"note": "x"}, source_filepath="/d/ct.dcm"
    )
    assert (item.kind, item.state, item.status) == (ItemKind.DICOM_FILE, ItemState.PENDING, ItemStatus.INBOX)
    assert (item.modality, item.patient_id, item.study_uid, item.series_uid) == ("CT", "P1", "1.2", "1.2.3")
    assert (item.width, item.height, item.frame_count, item.size) == (6, 4, 1, len(body))
    stage.work()
    kept = stage.items.get(stage.actor, item.id)
    assert kept == replace(item, state=ItemState.READY, updated_at=kept.updated_at, tags=("a", "b"))
    assert kept.metadata["frame_count"] == 1
    assert kept.user_metadata == {"note": "x"}
    assert kept.created_by == stage.actor.email


def test_the_bytes_come_out_as_they_went_in(stage: Stage) -> None:
    for body, name, kind in (
        (ct_slice(), "a.dcm", ItemKind.DICOM_FILE),
        (png(), "a.png", ItemKind.IMAGE),
        (nifti(), "a.nii", ItemKind.NIFTI),
    ):
        item = stage.send(body, name)
        content = stage.items.content(stage.actor, item.id)
        assert item.kind is kind
        assert content.whole() == body
        assert (content.sha256, content.size, content.filename) == (hashlib.sha256(body).hexdigest(), len(body), name)
        assert b"".join(content.read(3, 5)) == body[3:8]


def test_published_at_once(stage: Stage) -> None:
    item = stage.send(png(), "a.png", publish=True)
    assert (item.status, item.published_by) == (ItemStatus.PUBLISHED, stage.actor.email)
    assert item.published_at == item.created_at


def test_what_the_uploader_says_of_the_modality_wins(stage: Stage) -> None:
    assert stage.send(ct_slice(), modality="PT").modality == "PT"
    assert stage.send(png(), "a.png", modality="XR").modality == "XR"


def test_every_upload_has_its_event_and_its_job(stage: Stage) -> None:
    item = stage.send(png(), "a.png")
    assert stage.events(item.id) == ["item.create"]
    (ref,) = stage.jobs.unfinished(10)
    assert [unit.subject_id for unit in stage.jobs.units(stage.actor, ref.job_id).rows] == [item.id]
    stage.work()
    assert stage.events(item.id) == ["item.create", "item.ready"]
    assert stage.jobs.get(stage.actor, ref.job_id).units_done == 1


def test_the_same_bytes_twice_are_two_items_and_one_object(stage: Stage) -> None:
    first, second = stage.send(png(), "a.png"), stage.send(png(), "b.png")
    assert first.id != second.id
    assert stage.left_behind()["objects"] == 1
    key = hashlib.sha256(png()).hexdigest()
    assert stage.uploads.known(stage.actor, [key, "0" * 64]) == {key: (first.id, second.id)}
    stage.items.delete(stage.actor, [first.id])
    assert stage.uploads.known(stage.actor, [key.upper()]) == {key: (second.id,)}
    assert stage.uploads.known(stage.stranger, [key]) == {}


def test_eight_threads_with_the_same_bytes(stage: Stage) -> None:
    body = ct_slice()
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: stage.send(body, f"{n}.dcm"), range(8)))
    assert len({item.id for item in made}) == 8
    left = stage.left_behind()
    assert (left["item"], left["file"], left["item_file"], left["objects"]) == (8, 1, 8, 1)
    assert "spools" not in left
    assert all(not item.findings for item in made)
    stage.work()
    assert {stage.items.get(stage.actor, item.id).state for item in made} == {ItemState.READY}


# --- one UID, other bytes ----------------------------------------------------------------------------------------------


def test_the_same_instance_uid_with_other_bytes_is_told_on_both(stage: Stage) -> None:
    first, second = stage.send(ct_slice()), stage.send(ct_slice(offset=1))
    one, two = (stage.items.get(stage.actor, item.id) for item in (first, second))
    (on_first,), (on_second,) = one.findings, two.findings
    hashes = [hashlib.sha256(body).hexdigest() for body in (ct_slice(), ct_slice(offset=1))]
    assert on_first.code == on_second.code == "instance-uid-conflict"
    assert on_first.evidence["sha256"] == hashes[0]
    assert on_first.evidence["others"] == [{"item_id": second.id, "sha256": hashes[1]}]
    assert on_second.evidence["others"] == [{"item_id": first.id, "sha256": hashes[0]}]
    assert second.findings == (on_second,)
    stage.work()  # the follow-up looks again and tells nothing twice
    assert stage.items.get(stage.actor, first.id).findings == (on_first,)
    assert stage.items.get(stage.actor, second.id).findings == (on_second,)


def test_conflicts_of_uploads_at_the_same_moment(stage: Stage) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: stage.send(ct_slice(offset=n)), range(8)))
    stage.work()
    for item in made:
        found = stage.items.get(stage.actor, item.id).findings
        assert {f.code for f in found} == {"instance-uid-conflict"}


def test_conflict_findings_do_not_grow_without_end(stage: Stage) -> None:
    made = [stage.send(ct_slice(offset=n)) for n in range(25)]
    assert len(stage.items.get(stage.actor, made[0].id).findings) == 10
    (last,) = stage.items.get(stage.actor, made[-1].id).findings
    assert last.evidence["other_count"] == 24
    assert len(last.evidence["others"]) == 10


def test_another_organization_is_not_told(stage: Stage) -> None:
    stage.send(ct_slice(), actor=stage.stranger)
    assert stage.send(ct_slice(offset=1)).findings == ()


def test_strict_instance_uids_are_refused_before_anything_is_stored(stage: Stage) -> None:
    first = stage.send(ct_slice())
    strict = replace_rules(stage, strict_instance_uid=True)
    before = stage.left_behind()
    with pytest.raises(Conflict, match=r"1\.2\.3\.1 is already there with other bytes") as refused:
        strict.send(ct_slice(offset=1))
    assert refused.value.details["existing_id"] == first.id
    assert stage.left_behind() == before
    assert strict.send(ct_slice()).id != first.id  # the same bytes are no conflict


def test_strict_refusal_among_uploads_at_the_same_moment(stage: Stage) -> None:
    strict = replace_rules(stage, strict_instance_uid=True)

    def attempt(n: int) -> object:
        try:
            return strict.send(ct_slice(offset=n)).id
        except Conflict as refused:
            return refused

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(8)))
    left = stage.left_behind()
    assert sum(isinstance(outcome, str) for outcome in outcomes) == 1
    assert (left["item"], left["file"], left["item_file"], left["objects"]) == (1, 1, 1, 1)
    assert "spools" not in left


# --- bad input ---------------------------------------------------------------------------------------------------------


def absurd_dicom() -> bytes:
    """An element of 4 GB - 2 in a file of some hundred bytes."""
    body = ct_slice()
    at = body.index(struct.pack("<HH", 0x0010, 0x0020))
    return body[:at] + struct.pack("<HH2sHI", 0x0010, 0x0020, b"UN", 0, 0xFFFFFFFE) + body[at + 8 :]


def huge_nifti() -> bytes:
    """A header that asks for 10^12 voxels."""
    body = bytearray(nifti())
    struct.pack_into("<8h", body, 40, 3, 10_000, 10_000, 10_000, 1, 1, 1, 1)
    return bytes(body)


BAD_BYTES: dict[str, tuple[bytes, type[FiducialError]]] = {
    "empty": (b"", Damaged),
    "text named dcm": (b"This is a letter, not an image.\n" * 20, Unsupported),
    "json": (b'{"a": 1}', Unsupported),
    "zeros": (b"\0" * 5000, Unsupported),
    "cut dicom": (ct_slice()[:-20], Damaged),
    "cut png": (png()[:-20], Damaged),
    "cut nifti": (nifti()[:-20], Damaged),
    "absurd length": (absurd_dicom(), Damaged),
    "10^12 voxels": (huge_nifti(), Damaged),
}


@pytest.mark.parametrize("name", BAD_BYTES)
def test_bad_bytes_are_refused_by_name_and_leave_nothing(stage: Stage, name: str) -> None:
    body, kind = BAD_BYTES[name]
    with pytest.raises(kind, match=r"letter\.dcm") as refused:
        stage.send(body, "letter.dcm", channel="new", tags=("new",))
    assert refused.value.details["filename"] == "letter.dcm"
    assert stage.left_behind() == {}


BAD_FACTS: dict[str, dict[str, Any]] = {
    "path up": {"filename": "../../etc/passwd"},
    "path": {"filename": "a/b.dcm"},
    "windows path": {"filename": "C:\\a.dcm"},
    "NUL": {"filename": "a\0.dcm"},
    "line break": {"filename": "a\n.dcm"},
    "10,000 characters": {"filename": "a" * 10_000},
    "no name": {"filename": " "},
    "dots": {"filename": ".."},
    "lone surrogate": {"filename": "a\ud800.dcm"},
    "tag too long": {"tags": ("x" * 300,)},
    "NUL in a tag": {"tags": ("a\0",)},
    "too many tags": {"tags": tuple(map(str, range(1001)))},
    "modality too long": {"modality": "x" * 17},
    "channel too long": {"channel": "x" * 256},
    "metadata with NaN": {"user_metadata": {"a": float("nan")}},
    "metadata that is no object": {"user_metadata": ["a"]},
    "metadata of 2 MB": {"user_metadata": {"a": "x" * (2 << 20)}},
    "NUL in the path": {"source_filepath": "/a\0b"},
}


@pytest.mark.parametrize("name", BAD_FACTS)
def test_bad_facts_are_refused_and_leave_nothing(stage: Stage, name: str) -> None:
    facts = {"filename": "a.png", **BAD_FACTS[name]}
    spool = stage.uploads.begin()
    spool.write(png())
    with pytest.raises(Invalid) as refused:
        stage.uploads.receive(stage.actor, spool, UploadFacts(**facts))
    assert refused.value.details["field"]
    assert len(refused.value.message) < 300
    assert stage.left_behind() == {}


@needs_shared
@pytest.mark.parametrize(
    "name",
    [
        "MR_truncated.dcm", "badVR.dcm", "ct-400-bytes.dcm", "ct-half.dcm", "cut.mp4", "cut.nii.gz", "cxr-half.png", "empty.dcm",
        "gh177-undefined-length.dcm", "meta_missing_tsyntax.dcm", "rtplan_truncated.dcm", "xa-cut-at-40pct.dcm",
    ],
)  # fmt: skip
def test_real_broken_files_leave_nothing(stage: Stage, name: str) -> None:
    with pytest.raises(Damaged, match=name):
        stage.send((SHARED_DATA / "broken" / name).read_bytes(), name)
    assert stage.left_behind() == {}


def test_too_large(stage: Stage) -> None:
    small = replace_rules(stage, max_bytes=100)
    with pytest.raises(TooLarge, match="at most 100 are allowed"):
        small.send(png(100, 100), "big.png")
    assert stage.left_behind() == {}


def test_the_look_for_leftovers_sees_a_spool(stage: Stage) -> None:
    spool = stage.uploads.begin()
    spool.write(b"x")
    assert stage.left_behind() == {"spools": 1}
    spool.discard()
    assert stage.left_behind() == {}


def test_a_viewer_may_not_upload(stage: Stage) -> None:
    viewer = replace(stage.actor, roles=frozenset({Role.VIEWER.value}))
    with pytest.raises(Forbidden):
        stage.send(png(), "a.png", actor=viewer)
    assert stage.left_behind() == {}


def test_a_full_disk_while_the_bytes_are_kept(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_spool: object) -> bool:
        raise StorageFull("no space is left")

    monkeypatch.setattr(stage.store, "keep", full)
    with pytest.raises(StorageFull):
        stage.send(png(), "a.png")
    assert stage.left_behind() == {}


def test_a_full_database_after_the_bytes_were_kept(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StorageFull("the disk of the database is full")

    with monkeypatch.context() as patch:
        patch.setattr(stage.database, "transact", full)
        with pytest.raises(StorageFull):
            stage.send(png(), "a.png")
    assert stage.left_behind() == {}
    there = stage.send(png(), "a.png")  # and bytes that others have stay
    with monkeypatch.context() as patch:
        patch.setattr(stage.database, "transact", full)
        with pytest.raises(StorageFull):
            stage.send(png(), "b.png")
    assert stage.items.content(stage.actor, there.id).whole() == png()


def test_one_bad_upload_among_many_at_once_is_refused_alone(stage: Stage) -> None:
    def attempt(n: int) -> object:
        try:
            return stage.send(ct_slice(n)[: -1 if n == 3 else None], f"{n}.dcm")
        except Damaged as refused:
            return refused

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(8)))
    assert [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Damaged)] == [3]
    assert stage.left_behind()["item"] == 7


def test_items_of_another_organization_are_not_found(stage: Stage) -> None:
    item = stage.send(png(), "a.png")
    for call in (stage.items.get, stage.items.content, stage.items.files, stage.items.thumbnail, stage.items.geometry):
        with pytest.raises(NotFound, match=" not found"):
            call(stage.stranger, item.id)
    with pytest.raises(NotFound):
        stage.items.delete(stage.stranger, [item.id])
    assert stage.items.page(stage.stranger, ItemFilter()).rows == []
    assert stage.items.restore(stage.stranger, [item.id]).skipped == ((item.id, "not_found"),)


def replace_rules(stage: Stage, **rules: Any) -> Stage:
    return Stage(stage.database, stage.store, stage.actor, stage.stranger, stage.spools, UploadRules(**rules))
