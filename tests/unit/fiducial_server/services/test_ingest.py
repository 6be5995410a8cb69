"""The follow-up can run twice, says what is wrong, and never touches what came."""

from __future__ import annotations

import pytest

from fiducial.errors import Damaged, Unavailable, Unsupported
from fiducial_server.model.item import ItemState
from fiducial_server.model.job import JobState
from tests.unit.fiducial_server.services.items_stage import Stage, ct_slice, png, stage

__all__ = ["stage"]


def fail_thumbnails(patch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: object) -> bytes:
        raise error

    patch.setattr("fiducial.media.thumbnail.thumbnail", fail)


def run(stage: Stage, error: Exception, patch: pytest.MonkeyPatch) -> tuple[str, str | None, list[str], JobState]:
    item = stage.send(png(), "a.png")
    (ref,) = stage.jobs.unfinished(10)
    with patch.context() as local:
        fail_thumbnails(local, error)
        stage.work()
    kept = stage.items.get(stage.actor, item.id)
    assert stage.items.content(stage.actor, item.id).whole() == png()
    return kept.state, kept.state_reason, [f.code for f in kept.findings], stage.jobs.get(stage.actor, ref.job_id).state


def test_damaged_pixels_fail_the_item(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = run(stage, Damaged("frame 0 is broken"), monkeypatch)
    assert outcome == (ItemState.FAILED, "frame 0 is broken", ["damaged-pixels"], JobState.FAILED)


def test_what_cannot_be_shown_is_ready_with_a_finding(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = run(stage, Unsupported("no decoder"), monkeypatch)
    assert outcome == (ItemState.READY, None, ["not-renderable"], JobState.DONE)


def test_a_defect_of_ours_fails_the_item_and_says_so(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = run(stage, ZeroDivisionError("oops"), monkeypatch)
    assert outcome == (ItemState.FAILED, "internal error: ZeroDivisionError", [], JobState.FAILED)


def test_storage_that_is_away_leaves_the_item_waiting(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = run(stage, Unavailable("the storage is away"), monkeypatch)
    assert outcome == (ItemState.PENDING, None, [], JobState.FAILED)


def test_running_twice_changes_nothing(stage: Stage) -> None:
    item = stage.send(ct_slice(), "a.dcm")
    stage.work()
    before = stage.items.get(stage.actor, item.id), stage.left_behind()
    stage.ingest.run(stage.actor.organization_id, item.id)
    assert (stage.items.get(stage.actor, item.id), stage.left_behind()) == before


def test_an_item_that_is_gone_is_no_error(stage: Stage) -> None:
    stage.ingest.run(stage.actor.organization_id, "no such item")
