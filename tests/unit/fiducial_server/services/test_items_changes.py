"""What may be changed of an item, what cannot, and the event of each change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fiducial.errors import Forbidden, Invalid, NotFound, Unsupported
from fiducial_server.model.actor import Role
from fiducial_server.model.ids import new_id
from fiducial_server.model.item import ItemFilter, ItemStatus
from fiducial_server.services.items import Items
from tests.unit.fiducial_server.services.items_stage import Stage, ct_slice, nifti, png, stage

__all__ = ["stage"]


def test_publish_is_idempotent(stage: Stage) -> None:
    made = [stage.send(png(value=n), f"{n}.png") for n in range(3)]
    ids = [item.id for item in made]
    stage.items.publish(stage.actor, ids)
    first = stage.items.get(stage.actor, ids[0])
    assert (first.status, first.published_by) == (ItemStatus.PUBLISHED, stage.actor.email)
    stage.items.publish(stage.actor, ids)
    assert stage.items.get(stage.actor, ids[0]) == first
    assert stage.events(ids[0]).count("item.publish") == 1


def test_one_unknown_id_and_nothing_happens(stage: Stage) -> None:
    item, unknown = stage.send(png(), "a.png"), new_id()
    for call in (stage.items.publish, stage.items.delete):
        with pytest.raises(NotFound, match=f"Resource {unknown} not found"):
            call(stage.actor, [item.id, unknown])
    with pytest.raises(NotFound):
        stage.items.set_tags(stage.actor, [item.id, unknown], ["x"])
    assert stage.items.get(stage.actor, item.id) == item


def test_thousands_of_ids(stage: Stage) -> None:
    item = stage.send(png(), "a.png")
    ids = [new_id() for _ in range(3000)]
    with pytest.raises(NotFound, match=r"\.\.\. not found"):
        stage.items.publish(stage.actor, [item.id, *ids])
    outcome = stage.items.restore(stage.actor, [item.id, *ids])
    assert (len(outcome.skipped), outcome.skipped[0]) == (3001, (item.id, "not_deleted"))


def test_tags_are_replaced(stage: Stage) -> None:
    item = stage.send(png(), "a.png", tags=("a", "b"))
    stage.items.set_tags(stage.actor, [item.id], ["b", " c ", "b", ""])
    assert stage.items.get(stage.actor, item.id).tags == ("b", "c")
    before = stage.items.get(stage.actor, item.id)
    stage.items.set_tags(stage.actor, [item.id], ["c", "b"])
    assert stage.items.get(stage.actor, item.id) == before
    stage.items.set_tags(stage.actor, [item.id], [])
    assert stage.items.get(stage.actor, item.id).tags == ()
    with pytest.raises(Invalid):
        stage.items.set_tags(stage.actor, [item.id], "abc")


def test_delete_and_restore(stage: Stage) -> None:
    item = stage.send(png(), "a.png")
    stage.items.delete(stage.actor, [item.id, item.id])
    stage.items.delete(stage.actor, [item.id])
    gone = stage.items.get(stage.actor, item.id)
    assert gone.deleted_by == stage.actor.email
    with pytest.raises(NotFound):
        stage.items.get(stage.actor, item.id, deleted=False)
    with pytest.raises(NotFound):
        stage.items.publish(stage.actor, [item.id])
    assert stage.items.page(stage.actor, ItemFilter()).rows == []
    assert [i.id for i in stage.items.page(stage.actor, ItemFilter(deleted="only")).rows] == [item.id]
    unknown = new_id()
    outcome = stage.items.restore(stage.actor, [item.id, unknown])
    assert (outcome.restored, outcome.skipped) == ((item.id,), ((unknown, "not_found"),))
    assert stage.items.get(stage.actor, item.id).deleted_at is None
    assert stage.events(item.id) == ["item.create", "item.delete", "item.restore"]


def test_an_item_whose_bytes_are_gone_is_not_restored(stage: Stage) -> None:
    item = stage.send(png(), "a.png")
    stage.items.delete(stage.actor, [item.id])
    stage.store.delete(stage.items.files(stage.actor, item.id)[0].sha256)
    assert stage.items.restore(stage.actor, [item.id]).skipped == ((item.id, "file_missing"),)


def test_patch(stage: Stage) -> None:
    item = stage.send(png(), "a.png", channel="old")
    changes = {"name": "b.png", "modality": "XR", "channel": "new", "user_metadata": {"a": 1}, "tags": ["t"]}
    patched = stage.items.patch(stage.actor, item.id, changes)
    assert (patched.name, patched.modality, patched.channel, patched.tags) == ("b.png", "XR", "new", ("t",))
    assert patched.user_metadata == {"a": 1}
    assert stage.items.patch(stage.actor, item.id, changes) == patched
    assert stage.events(item.id) == ["item.create", "item.update"]
    assert stage.items.patch(stage.actor, item.id, {"modality": None, "channel": ""}).channel is None
    for bad in ({"size": 1}, {"name": "../a"}, {"user_metadata": [1]}, {"modality": 3}):
        with pytest.raises(Invalid):
            stage.items.patch(stage.actor, item.id, bad)


def test_a_viewer_may_only_look(stage: Stage) -> None:
    item = stage.send(png(), "a.png")
    viewer = replace(stage.actor, roles=frozenset({Role.VIEWER.value}))
    assert stage.items.get(viewer, item.id).id == item.id
    for call in (stage.items.publish, stage.items.delete, stage.items.restore):
        with pytest.raises(Forbidden):
            call(viewer, [item.id])
    with pytest.raises(Forbidden):
        stage.items.patch(viewer, item.id, {})


def test_channels(stage: Stage) -> None:
    made = [stage.send(png(value=n), f"{n}.png", channel="ab"[n % 2]) for n in range(5)]
    stage.items.delete(stage.actor, [made[4].id])
    first, second = stage.items.channels(stage.actor).rows
    assert (first.name, [i.id for i in first.items]) == ("a", [made[0].id, made[2].id])
    assert first.updated_at == made[2].created_at
    assert (second.name, [i.name for i in second.items]) == ("b", ["1.png", "3.png"])
    assert [view.name for view in stage.items.channels(stage.actor, offset=1, limit=1).rows] == ["b"]
    assert stage.items.channels(stage.stranger).rows == []


def test_geometry_of_a_volume_and_a_picture(stage: Stage) -> None:
    volume = stage.items.geometry(stage.actor, stage.send(nifti(), "a.nii").id)
    assert (volume.width, volume.height, volume.frame_count, volume.is_volume) == (5, 4, 3, True)
    assert volume.voxel_to_patient is not None
    picture = stage.items.geometry(stage.actor, stage.send(png(), "a.png").id)
    assert (picture.width, picture.voxel_to_patient, picture.per_frame_affines) == (8, None, None)


def test_frames_of_single_files(stage: Stage) -> None:
    import io

    from PIL import Image

    item = stage.send(png(value=77), "a.png")
    frame = stage.items.frame(stage.actor, item.id, 0)
    assert Image.open(io.BytesIO(frame.data)).getpixel((0, 0)) == 77
    with pytest.raises(Invalid, match="out of range"):
        stage.items.frame(stage.actor, item.id, 1)
    with pytest.raises(Invalid, match="out of range"):
        stage.items.frame(stage.actor, item.id, -1)
    volume = stage.send(nifti(), "a.nii")
    frames = {stage.items.frame(stage.actor, volume.id, n).data for n in (0, 1, 2, 1)}
    assert len(frames) == 3
    with stage.items.reader(stage.actor, volume.id) as reader:
        assert reader.array().shape == (3, 4, 5)


def test_readers_are_shared_by_threads_and_closed(stage: Stage) -> None:
    from concurrent.futures import ThreadPoolExecutor

    made = [stage.send(nifti((4, 3, 2 + n)), f"{n}.nii") for n in range(12)]  # more than are kept open
    with ThreadPoolExecutor(8) as pool:
        calls = [made[n % 12] for n in range(96)]
        expected = {item.id: stage.items.frame(stage.actor, item.id, 1).data for item in made}
        found = list(pool.map(lambda item: (item.id, stage.items.frame(stage.actor, item.id, 1).data), calls))
    assert all(expected[item_id] == data for item_id, data in found)
    stage.items.close()


def test_items_without_pixels(stage: Stage) -> None:
    import io

    import pydicom

    body = ct_slice()
    dataset = pydicom.dcmread(io.BytesIO(body))
    for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(dataset, keyword)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = pydicom.uid.BasicTextSRStorage
    dataset.Modality = "SR"
    out = io.BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    item = stage.send(out.getvalue(), "sr.dcm")
    stage.work()
    assert (stage.items.get(stage.actor, item.id).state, item.frame_count) == ("ready", 0)
    for call in (stage.items.thumbnail, lambda actor, i: stage.items.frame(actor, i, 0)):
        with pytest.raises(Unsupported, match="no pixels"):
            call(stage.actor, item.id)


def test_a_service_without_the_follow_up_makes_thumbnails_on_the_spot(stage: Stage) -> None:
    item = stage.send(png(40, 30), "a.png")
    early = stage.items.thumbnail(stage.actor, item.id)
    stage.work()
    assert stage.items.thumbnail(stage.actor, item.id) == early
    assert isinstance(stage.items, Items)
