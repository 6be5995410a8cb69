"""Masks as files: PNG for a frame, NIfTI for a volume; the right grid or a reason; kept as they came."""

from __future__ import annotations

import gzip
import io
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from fiducial.errors import Conflict, Damaged, FiducialError, Forbidden, Invalid, NotFound
from fiducial.geometry.mask import Mask
from fiducial.geometry.nifti_mask import label_map_from_nifti
from fiducial.geometry.png import mask_from_png, mask_to_png
from fiducial.geometry.volume_mask import VolumeMask
from fiducial_server.db.engine import Database
from fiducial_server.model.actor import Actor
from fiducial_server.model.ids import new_id
from fiducial_server.model.item import Item
from fiducial_server.model.label import LabelFilter, LabelKind, NewLabel, Source
from fiducial_server.model.revision import RevisionAction
from fiducial_server.services.bookmarks import Bookmarks
from fiducial_server.services.labels import Labels
from fiducial_server.services.projects import Projects
from fiducial_server.storage.base import BlobStore
from fiducial_server.testing.factories import as_viewer, make_item, make_video, make_volume
from tests.unit.fiducial_server.services.label_helpers import event_count, kept_keys, received, row_count

RAS = np.array([[-0.5, 0, 0, 10.0], [0, -0.5, 0, 20.0], [0, 0, 2.0, 30.0], [0, 0, 0, 1.0]])
"""The affine of the factory's volume, in NIfTI's convention."""
FRAME_MASK = NewLabel(LabelKind.MASK, "lung", frame_start=0)


@pytest.fixture
def labels(database: Database, store: BlobStore) -> Labels:
    return Labels(database, store, bookmarks=Bookmarks())


@pytest.fixture
def picture(database: Database, actor: Actor) -> Item:
    return make_item(database, actor)


@pytest.fixture
def volume(database: Database, actor: Actor) -> Item:
    return make_volume(database, actor)


def a_mask() -> Mask:
    pixels = np.zeros((48, 64), bool)
    pixels[3:9, 5:50] = True
    pixels[9:20, 5:7] = True
    return Mask.from_array(pixels)


def label_map() -> np.ndarray[Any, Any]:
    """``[slice, row, column]`` with values 1, 2 and 7."""
    voxels = np.zeros((5, 48, 64), np.uint8)
    voxels[1:3, 10:20, 5:9] = 1
    voxels[2:5, 30:40, 50:64] = 2
    voxels[4, 0, 0] = 7
    return voxels


def nifti(voxels: np.ndarray[Any, Any], affine: Any = RAS, *, plain: bool = False) -> bytes:
    """From ``[slice, row, column]``."""
    body = nib.Nifti1Image(voxels.transpose(2, 1, 0), affine).to_bytes()
    return body if plain else gzip.compress(body, mtime=0)


def ids_of(labels: Labels, actor: Actor, item: Item) -> list[str]:
    return [one.mark.id for one in labels.rows_at(actor, LabelFilter(item_ids=(item.id,)), offset=0, limit=999)]


def test_a_png_is_kept_as_it_came(
    labels: Labels, database: Database, store: BlobStore, actor: Actor, picture: Item
) -> None:
    (label_id,) = labels.create(actor, picture.id, [FRAME_MASK])
    with pytest.raises(NotFound, match="not found: it has none"):
        labels.file(actor, picture.id, label_id)
    stream = io.BytesIO()
    Image.fromarray(a_mask().to_array()).save(stream, "PNG")  # one bit deep, as nobody here writes it
    row = labels.attach_file(actor, picture.id, label_id, received(store, stream.getvalue()), "image/png")
    content = labels.file(actor, picture.id, label_id)
    assert (content.whole(), content.mimetype, content.filename) == (stream.getvalue(), "image/png", "lung.png")
    assert b"".join(content.read(5, 9)) == stream.getvalue()[5:14]
    assert row.mark.file_sha256 == content.sha256
    with database.read(actor.organization_id) as scope:
        from fiducial_server.db.masks import mask_runs

        assert Mask.from_bytes(mask_runs(scope, str(row.mark.mask_sha256)) or b"") == a_mask()


def test_the_same_bytes_again_change_nothing_and_others_do(
    labels: Labels, projects: Projects, database: Database, store: BlobStore, actor: Actor, picture: Item
) -> None:
    projects.create(actor, name="P", item_ids=[picture.id])
    (label_id,) = labels.create(actor, picture.id, [FRAME_MASK])
    first = labels.attach_file(actor, picture.id, label_id, received(store, mask_to_png(a_mask())))
    events = event_count(database, actor)
    same = labels.attach_file(actor, picture.id, label_id, received(store, mask_to_png(a_mask())))
    assert (same, event_count(database, actor)) == (first, events)
    other = labels.attach_file(actor, picture.id, label_id, received(store, mask_to_png(Mask.empty(48, 64))))
    assert other.mark.file_sha256 != first.mark.file_sha256
    assert (other.mark.id, other.label.created_at) == (first.mark.id, first.label.created_at)
    history = labels.history(actor, label_id)
    assert [one.action for one in history] == [RevisionAction.CREATE, RevisionAction.UPDATE, RevisionAction.UPDATE]
    assert history[2].before is not None
    assert history[2].before["marks"][0]["file_sha256"] == first.mark.file_sha256


@pytest.fixture
def projects(database: Database) -> Projects:
    return Projects(database, Bookmarks())


BAD_PNG = [
    (mask_to_png(Mask.empty(48, 63)), Invalid, "63 x 48 pixels and the image 64 x 48"),
    (mask_to_png(a_mask())[:-20], Damaged, "cut off"),
    (b"", Invalid, "empty"),
    (b"hello, this is no mask" * 30, Invalid, "not a NIfTI"),
]


@pytest.mark.parametrize(("body", "error", "message"), BAD_PNG, ids=["size", "cut", "empty", "text"])
def test_a_bad_mask_leaves_nothing(
    labels: Labels,
    database: Database,
    store: BlobStore,
    actor: Actor,
    picture: Item,
    body: bytes,
    error: type[FiducialError],
    message: str,
) -> None:
    (label_id,) = labels.create(actor, picture.id, [FRAME_MASK])
    spool = received(store, body)
    with pytest.raises(error, match=message):
        labels.attach_file(actor, picture.id, label_id, spool)
    assert not spool.path.exists()
    assert kept_keys(store) == set()
    assert (row_count(database, actor, "file"), row_count(database, actor, "mask")) == (0, 0)
    assert labels.get_row(actor, label_id).mark.file_sha256 is None


def test_files_go_to_segmentations_of_that_item_only(
    labels: Labels, database: Database, store: BlobStore, actor: Actor, stranger: Actor, picture: Item
) -> None:
    other = make_item(database, actor)
    label_id, flag = labels.create(actor, picture.id, [FRAME_MASK, NewLabel(LabelKind.FLAG, "x")])
    png = mask_to_png(a_mask())
    with pytest.raises(NotFound, match=f"not found on resource {other.id}"):
        labels.attach_file(actor, other.id, label_id, received(store, png))
    with pytest.raises(Conflict, match="only segmentations"):
        labels.attach_file(actor, picture.id, flag, received(store, png))
    with pytest.raises(NotFound, match="Annotation"):
        labels.attach_file(actor, picture.id, new_id(), received(store, png))
    with pytest.raises(NotFound):
        labels.attach_file(stranger, picture.id, label_id, received(store, png))
    with pytest.raises(Forbidden):
        labels.attach_file(as_viewer(actor), picture.id, label_id, received(store, png))
    labels.delete(actor, [label_id])
    with pytest.raises(Conflict, match="deleted"):
        labels.attach_file(actor, picture.id, label_id, received(store, png))


def test_a_png_needs_its_frame(labels: Labels, database: Database, store: BlobStore, actor: Actor) -> None:
    video = make_video(database, actor)
    whole, one = labels.create(actor, video.id, [NewLabel(LabelKind.MASK, "a"), NewLabel(LabelKind.MASK, "b", 99)])
    with pytest.raises(Invalid, match="a mask of one frame, and this label is for all 100"):
        labels.attach_file(actor, video.id, whole, received(store, mask_to_png(a_mask())))
    assert labels.attach_file(actor, video.id, one, received(store, mask_to_png(a_mask()))).mark.frame_start == 99


def test_one_frame_of_a_range_gets_a_mask_alone(
    labels: Labels, database: Database, store: BlobStore, actor: Actor
) -> None:
    video = make_video(database, actor)
    labels.create(actor, video.id, [NewLabel(LabelKind.MASK, "a", 0, 3)])
    ids = ids_of(labels, actor, video)
    labels.attach_file(actor, video.id, ids[2], received(store, mask_to_png(a_mask())))
    assert ids_of(labels, actor, video) != []
    assert [labels.get_row(actor, one).mark.file_sha256 is not None for one in ids] == [False, False, True, False]


# --- volumes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plain", [True, False])
def test_a_label_map_is_split(
    labels: Labels, projects: Projects, store: BlobStore, actor: Actor, volume: Item, plain: bool
) -> None:
    made = projects.create(actor, name="P", item_ids=[volume.id])
    body = nifti(label_map(), plain=plain)
    facts = NewLabel(LabelKind.VOLUME_MASK, "", model_id="unet", source=Source.MODEL_PIPELINE)
    ids = labels.create_volume(actor, volume.id, received(store, body), {1: "liver", 7: "spot", 9: "none"}, facts)
    shown = [labels.get_row(actor, one) for one in ids]
    assert [row.label.identifier for row in shown] == ["liver", "2", "spot"]
    for row, value in zip(shown, (1, 2, 7), strict=True):
        assert (row.label.kind, row.mark.frame_start, row.label.project_id) == (LabelKind.VOLUME_MASK, None, made.id)
        assert (row.label.is_model, row.label.model_id, row.label.source) == (True, "unet", Source.MODEL_PIPELINE)
        content = labels.file(actor, volume.id, row.mark.id)
        image = nib.Nifti1Image.from_bytes(gzip.decompress(content.whole()))
        voxels = np.asanyarray(image.dataobj).transpose(2, 1, 0)
        assert voxels.dtype == np.uint8
        assert np.array_equal(voxels, label_map() == value)
        assert np.allclose(image.affine, RAS)
        assert row.mark.extra["grid_checked_by"] == "affine"
        assert b"".join(store.read(row.mark.extra["source_sha256"])) == body
    assert [one.identifier for one in projects.segmentation_group(actor, made.annotation_set_id).segments] == [
        "liver",
        "2",
        "spot",
    ]


def test_arrays_without_an_affine_lie_on_the_items_grid(
    labels: Labels, store: BlobStore, actor: Actor, volume: Item
) -> None:
    ids = labels.create_volume(actor, volume.id, received(store, nifti(label_map(), np.eye(4))), {})
    assert [labels.get_row(actor, one).mark.extra["grid_checked_by"] for one in ids] == ["shape"] * 3


def _moved(by_mm: float) -> np.ndarray[Any, Any]:
    affine = RAS.copy()
    affine[0, 3] += by_mm
    return affine


FLIPPED = RAS @ np.array([[1, 0, 0, 0], [0, -1, 0, 47], [0, 0, 1, 0], [0, 0, 0, 1.0]])
BAD_VOLUMES = [
    (nifti(label_map()[:4]), Invalid, "64 x 48 x 4 voxels and 'series' 64 x 48 x 5"),
    (nifti(label_map().transpose(0, 2, 1)), Invalid, "48 x 64 x 5 voxels"),
    (nifti(label_map(), _moved(0.01)), Invalid, r"lies up to 0.01 mm away .* \[-0.5 0 0 10.01"),
    (nifti(label_map(), FLIPPED), Invalid, "away from that of 'series'"),
    (nifti(label_map().astype(np.float32) + 0.5), Invalid, "labels are whole numbers"),
    (gzip.compress(nifti(label_map(), plain=True)[:4000]), Damaged, "cut off"),
    (b"", Invalid, "empty"),
    (b"text" * 200, Invalid, "not a NIfTI"),
]


@pytest.mark.parametrize(
    ("body", "error", "message"),
    BAD_VOLUMES,
    ids=["slices", "rows", "moved", "flipped", "fractions", "cut", "empty", "text"],
)
def test_a_bad_volume_leaves_nothing(
    labels: Labels,
    database: Database,
    store: BlobStore,
    actor: Actor,
    volume: Item,
    body: bytes,
    error: type[FiducialError],
    message: str,
) -> None:
    spool = received(store, body)
    with pytest.raises(error, match=message):
        labels.create_volume(actor, volume.id, spool, {})
    assert not spool.path.exists()
    assert kept_keys(store) == set()
    for table in ("annotation", "mark", "mask", "file", "event", "feature"):
        assert row_count(database, actor, table) == 0


def test_within_the_tolerance_is_the_same_grid(labels: Labels, store: BlobStore, actor: Actor, volume: Item) -> None:
    assert len(labels.create_volume(actor, volume.id, received(store, nifti(label_map(), _moved(0.0009))), {})) == 3


def test_an_empty_label_map_makes_no_label(
    labels: Labels, database: Database, store: BlobStore, actor: Actor, volume: Item
) -> None:
    assert labels.create_volume(actor, volume.id, received(store, nifti(label_map() * 0)), {1: "liver"}) == []
    assert kept_keys(store) == set()
    assert row_count(database, actor, "event") == 0


def test_a_nifti_attached_to_a_label_of_the_whole_item(
    labels: Labels, store: BlobStore, actor: Actor, volume: Item
) -> None:
    (label_id,) = labels.create(actor, volume.id, [NewLabel(LabelKind.MASK, "all")])
    body = nifti(label_map())
    row = labels.attach_file(actor, volume.id, label_id, received(store, body))
    assert (row.label.kind, row.mark.id) == (LabelKind.VOLUME_MASK, label_id)
    assert labels.file(actor, volume.id, label_id).whole() == body
    (framed,) = labels.create(actor, volume.id, [NewLabel(LabelKind.MASK, "one", 2)])
    with pytest.raises(Invalid, match="5 slices, and this label is for one frame"):
        labels.attach_file(actor, volume.id, framed, received(store, body))
    flat = labels.attach_file(actor, volume.id, framed, received(store, nifti(label_map()[1:2])))
    assert (flat.label.kind, flat.mark.frame_start) == (LabelKind.MASK, 2)


def test_a_volume_that_came_as_runs_is_written_as_nifti(labels: Labels, actor: Actor, volume: Item) -> None:
    mask = VolumeMask.from_array(label_map() == 2)
    (label_id,) = labels.create(actor, volume.id, [NewLabel(LabelKind.VOLUME_MASK, "v", shape=mask.to_json())])
    content = labels.file(actor, volume.id, label_id)
    assert content.filename == "v.nii.gz"
    found = label_map_from_nifti(content.whole())
    assert found.labels == {1: mask}
    assert np.allclose(found.affine_ras, RAS)
    assert labels.file(actor, volume.id, label_id).sha256 == content.sha256


def test_a_mask_png_reads_back_the_same(labels: Labels, store: BlobStore, actor: Actor, picture: Item) -> None:
    (label_id,) = labels.create(actor, picture.id, [NewLabel(LabelKind.MASK, "a", shape=a_mask().to_json())])
    assert mask_from_png(labels.file(actor, picture.id, label_id).whole()) == a_mask()
