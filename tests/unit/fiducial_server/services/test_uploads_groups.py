"""Many files, one item: any order, several connections, resumable."""

from __future__ import annotations

import hashlib
import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from fiducial.errors import Conflict, Damaged, Invalid, NotFound, Unsupported
from fiducial.media.base import Axis
from fiducial_server.model.item import Item, ItemFilter, ItemKind, ItemState
from fiducial_server.services.uploads import UploadFacts
from tests.shared_data import SHARED_DATA, needs_shared
from tests.unit.fiducial_server.services.items_stage import Stage, ct_slice, nifti, png, stage

__all__ = ["stage"]


def opened(stage: Stage, token: str | None = None) -> Item:
    facts = UploadFacts("knee", tags=("t",), channel="c", publish=True)
    return stage.uploads.open_group(stage.actor, facts, token=token, origin="test")


def series(stage: Stage, bodies: list[bytes]) -> Item:
    group = opened(stage)
    for n, body in enumerate(bodies):
        stage.add(group.id, body, f"{n}.dcm")
    stage.uploads.close_group(stage.actor, group.id, origin="test")
    stage.work()
    return stage.items.get(stage.actor, group.id)


def test_a_series_becomes_one_volume_in_order_of_geometry(stage: Stage) -> None:
    bodies = [ct_slice(n) for n in range(5)]
    shuffled = [bodies[n] for n in (3, 0, 4, 1, 2)]
    item = series(stage, shuffled)
    assert (item.kind, item.state, item.file_count, item.frame_count) == (ItemKind.DICOM_SERIES, ItemState.READY, 5, 5)
    assert (item.is_volume, item.spacing_zyx_mm, item.size) == (True, (2.5, 0.5, 0.75), sum(map(len, bodies)))
    assert item.voxel_to_patient is not None
    assert [row[3] for row in item.voxel_to_patient] == [-10.0, -20.0, 0.0, 1.0]
    assert (item.modality, item.series_uid, item.instance_uid, item.mimetype) == (
        "CT",
        "1.2.3",
        None,
        "application/dicom",
    )
    assert (item.tags, item.channel) == (("t",), "c")
    files = stage.items.files(stage.actor, item.id)
    assert [file.ordinal for file in files] == list(range(5))
    for n, body in enumerate(bodies):
        assert stage.items.file_content(stage.actor, item.id, n).whole() == body
    with stage.items.reader(stage.actor, item.id) as reader:
        volume = reader.array()
    assert volume.shape == (5, 4, 6)
    assert np.array_equal(volume[:, 0, 0], [-1000, -900, -800, -700, -600])


def test_the_multi_frame_file_is_the_same_bytes_every_time(stage: Stage) -> None:
    import io

    import pydicom

    bodies = [ct_slice(n) for n in range(4)]
    first, second = series(stage, bodies), series(stage, bodies[::-1])
    one, two = (stage.items.content(stage.actor, item.id) for item in (first, second))
    assert one.whole() == two.whole() == stage.items.content(stage.actor, first.id).whole()
    assert hashlib.sha256(one.whole()).hexdigest() == one.sha256
    assert one.filename == "knee.dcm"
    dataset = pydicom.dcmread(io.BytesIO(one.whole()))
    assert dataset.NumberOfFrames == 4
    assert np.array_equal(dataset.pixel_array[:, 0, 0], [0, 100, 200, 300])


def test_content_before_the_follow_up_job_is_the_same(stage: Stage) -> None:
    group = opened(stage)
    for n in (2, 0, 1):
        stage.add(group.id, ct_slice(n))
    with pytest.raises(Conflict, match="still takes files"):
        stage.items.content(stage.actor, group.id)
    assert stage.items.page(stage.actor, ItemFilter()).rows == []  # nobody sees half a series
    stage.uploads.close_group(stage.actor, group.id)
    early = stage.items.content(stage.actor, group.id).whole()
    stage.work()
    assert stage.items.content(stage.actor, group.id).whole() == early
    assert [item.id for item in stage.items.page(stage.actor, ItemFilter()).rows] == [group.id]


def test_eight_threads_in_any_order_give_the_same_series(stage: Stage) -> None:
    bodies = [ct_slice(n) for n in range(24)]
    expected = series(stage, bodies)
    shuffled = bodies[:]
    random.Random(5).shuffle(shuffled)
    group = opened(stage)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda body: stage.add(group.id, body), shuffled))
    stage.uploads.close_group(stage.actor, group.id)
    stage.work()
    item = stage.items.get(stage.actor, group.id)
    assert item.size == expected.size
    assert [file.sha256 for file in stage.items.files(stage.actor, item.id)] == [
        file.sha256 for file in stage.items.files(stage.actor, expected.id)
    ]
    assert stage.items.content(stage.actor, item.id).sha256 == stage.items.content(stage.actor, expected.id).sha256


def test_frames_slices_and_thumbnail(stage: Stage) -> None:
    item = series(stage, [ct_slice(n) for n in (1, 0, 2)])
    frame = stage.items.frame(stage.actor, item.id, 1)
    assert (frame.mimetype, frame.data[:4]) == ("image/png", b"\x89PNG")
    assert stage.items.slice(stage.actor, item.id, Axis.CORONAL, 2).data[:4] == b"\x89PNG"
    assert stage.items.thumbnail(stage.actor, item.id).data[:2] == b"\xff\xd8"
    with pytest.raises(Invalid, match="frames 0 to 2"):
        stage.items.frame(stage.actor, item.id, 3)
    with pytest.raises(Invalid, match="out of range"):
        stage.items.slice(stage.actor, item.id, Axis.CORONAL, 99)
    with pytest.raises(NotFound, match=" not found"):
        stage.items.file_content(stage.actor, item.id, 3)


def test_following_up_twice_changes_nothing(stage: Stage) -> None:
    item = series(stage, [ct_slice(n) for n in (1, 0, 3)])
    before = (item, stage.items.files(stage.actor, item.id), stage.left_behind())
    stage.ingest.run(stage.actor.organization_id, item.id)
    assert (
        stage.items.get(stage.actor, item.id),
        stage.items.files(stage.actor, item.id),
        stage.left_behind(),
    ) == before


def test_what_is_not_regular_is_found_and_the_volume_refused(stage: Stage) -> None:
    item = series(stage, [ct_slice(n) for n in (0, 1, 2, 5)])
    assert (item.state, item.is_volume) == (ItemState.READY, False)
    assert "missing-slices" in {f.code for f in item.findings}
    with pytest.raises(Unsupported):
        stage.items.slice(stage.actor, item.id, Axis.SAGITTAL, 0)
    geometry = stage.items.geometry(stage.actor, item.id)
    assert geometry.per_frame_affines is not None
    assert [place[2][3] for place in geometry.per_frame_affines if place] == [0.0, 2.5, 5.0, 12.5]


def test_two_series_in_one_group_are_told(stage: Stage) -> None:
    item = series(stage, [ct_slice(0), ct_slice(1, series="1.2.4")])
    assert "mixed-series" in {f.code for f in item.findings}
    assert item.series_uid is None


def test_the_same_bytes_twice_are_one_file(stage: Stage) -> None:
    group = opened(stage)
    first = stage.add(group.id, ct_slice(), "a.dcm")
    assert stage.add(group.id, ct_slice(), "b.dcm") == first
    with ThreadPoolExecutor(8) as pool:
        assert {file.ordinal for file in pool.map(lambda _: stage.add(group.id, ct_slice(1)), range(8))} == {1}
    closed = stage.uploads.close_group(stage.actor, group.id)
    assert (closed.file_count, closed.size) == (2, len(ct_slice()) + len(ct_slice(1)))


def test_a_broken_upload_goes_on_under_its_token(stage: Stage) -> None:
    group = opened(stage, token="folder-1")
    stage.add(group.id, ct_slice(0))
    again = opened(stage, token="folder-1")
    assert again.id == group.id
    have = {file.sha256 for file in stage.uploads.group_files(stage.actor, again.id)}
    assert have == {hashlib.sha256(ct_slice(0)).hexdigest()}
    stage.add(again.id, ct_slice(1))
    stage.uploads.close_group(stage.actor, again.id)
    done = opened(stage, token="folder-1")  # and when it was whole, nothing is sent again
    assert (done.id, done.state) == (group.id, ItemState.PENDING)
    assert stage.add(done.id, ct_slice(0)).ordinal == 0
    stage.items.delete(stage.actor, [group.id])
    assert opened(stage, token="folder-1").id != group.id
    assert opened(stage, token="folder-2").id != group.id


def test_one_token_from_eight_threads_opens_one_group(stage: Stage) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len({item.id for item in pool.map(lambda _: opened(stage, token="x"), range(8))}) == 1


def test_pictures_make_an_image_group_in_order_of_their_names(stage: Stage) -> None:
    group = opened(stage)
    for n in (10, 2, 1):
        stage.add(group.id, png(value=n), f"img{n}.png")
    stage.uploads.close_group(stage.actor, group.id)
    stage.work()
    item = stage.items.get(stage.actor, group.id)
    assert (item.kind, item.state, item.frame_count, item.width) == (ItemKind.IMAGE_GROUP, ItemState.READY, 3, 8)
    assert [file.filename for file in stage.items.files(stage.actor, item.id)] == ["img1.png", "img2.png", "img10.png"]
    with stage.items.reader(stage.actor, item.id) as reader:
        assert reader.frame(2)[0, 0] == 10
    with pytest.raises(Unsupported, match="3 files"):
        stage.items.content(stage.actor, item.id)


def test_a_group_of_one_file_is_that_file(stage: Stage) -> None:
    item = series(stage, [ct_slice()])
    assert item.state is ItemState.READY
    assert stage.items.content(stage.actor, item.id).whole() == ct_slice()


def test_what_a_group_refuses(stage: Stage) -> None:
    group = opened(stage)
    with pytest.raises(Invalid, match="no files"):
        stage.uploads.close_group(stage.actor, group.id)
    before = stage.left_behind()
    with pytest.raises(Invalid, match="item of its own"):
        stage.add(group.id, nifti(), "a.nii")
    with pytest.raises(Damaged, match=r"cut\.dcm"):
        stage.add(group.id, ct_slice()[:-9], "cut.dcm")
    with pytest.raises(Invalid, match="parts of a path"):
        stage.add(group.id, ct_slice(), "../a.dcm")
    assert stage.left_behind() == before
    stage.add(group.id, ct_slice())
    before = stage.left_behind()
    with pytest.raises(Invalid, match="takes no png file"):
        stage.add(group.id, png(), "a.png")
    assert stage.left_behind() == before
    stage.uploads.close_group(stage.actor, group.id)
    closed = stage.left_behind()
    with pytest.raises(Conflict, match="closed"):
        stage.add(group.id, ct_slice(1))
    assert stage.left_behind() == closed
    again = stage.uploads.close_group(stage.actor, group.id)  # harmless
    assert (again.state, stage.left_behind()) == (ItemState.PENDING, closed)
    with pytest.raises(Conflict, match="delete the item instead"):
        stage.uploads.abandon_group(stage.actor, group.id)


def test_what_is_no_group_of_mine(stage: Stage) -> None:
    single, group = stage.send(png(), "a.png"), opened(stage)
    calls = (stage.uploads.group_files, stage.uploads.close_group, stage.uploads.abandon_group)
    for call in calls:
        with pytest.raises(NotFound, match=" not found"):
            call(stage.actor, single.id)
        with pytest.raises(NotFound, match=" not found"):
            call(stage.stranger, group.id)
    with pytest.raises(NotFound):
        stage.add(single.id, png(value=3), "b.png")


def test_an_abandoned_group_leaves_nothing_but_its_events(stage: Stage) -> None:
    shared = stage.send(ct_slice(0))
    before = {k: v for k, v in stage.left_behind().items() if k not in {"event", "channel"}}
    group = opened(stage, token="t")
    for n in range(3):
        stage.add(group.id, ct_slice(n))
    stage.uploads.abandon_group(stage.actor, group.id)
    assert {k: v for k, v in stage.left_behind().items() if k not in {"event", "channel"}} == before
    assert stage.items.content(stage.actor, shared.id).whole() == ct_slice(0)
    assert opened(stage, token="t").id != group.id
    assert stage.events(group.id)[-1] == "group.abandon"


def test_a_conflicting_uid_in_a_group_is_told_on_both(stage: Stage) -> None:
    single = stage.send(ct_slice(1, offset=7))
    item = series(stage, [ct_slice(n) for n in range(3)])
    (on_group,) = [f for f in item.findings if f.code == "instance-uid-conflict"]
    (on_single,) = stage.items.get(stage.actor, single.id).findings
    assert on_group.evidence["others"][0]["item_id"] == single.id
    assert on_single.evidence["others"][0]["item_id"] == item.id


@needs_shared
@pytest.mark.parametrize("folder", ["ct-series", "mr-series"])
def test_real_series_shuffled_equals_sorted(stage: Stage, folder: str) -> None:
    paths = sorted(
        path for path in (SHARED_DATA / folder).rglob("*") if path.is_file() and path.suffix not in {".md", ".txt"}
    )
    bodies = [path.read_bytes() for path in paths]
    shuffled = bodies[:]
    random.Random(1).shuffle(shuffled)
    one, two = series(stage, bodies), series(stage, shuffled)
    assert one.is_volume
    assert two.voxel_to_patient == one.voxel_to_patient
    assert stage.items.content(stage.actor, one.id).sha256 == stage.items.content(stage.actor, two.id).sha256


@needs_shared
def test_the_tilted_series(stage: Stage) -> None:
    tilted = sorted((SHARED_DATA / "broken" / "series-gantry-tilt").rglob("*.dcm"))
    item = series(stage, [path.read_bytes() for path in tilted])
    assert "gantry-tilt" in {f.code for f in item.findings}
