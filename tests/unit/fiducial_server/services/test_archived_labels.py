"""Labels of an archived project stay as they are, through every verb, until the project is restored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fiducial.errors import Conflict
from fiducial.geometry.mask import Mask
from fiducial.geometry.png import mask_to_png
from fiducial.geometry.volume_mask import VolumeMask
from fiducial_server.db.engine import Database
from fiducial_server.model.actor import Actor
from fiducial_server.model.frame_track import FrameValue
from fiducial_server.model.label import LabelFilter, LabelKind, NewLabel
from fiducial_server.services.bookmarks import Bookmarks
from fiducial_server.services.labels import Labels
from fiducial_server.services.projects import Projects
from fiducial_server.storage.base import BlobStore
from fiducial_server.testing.factories import make_volume
from tests.unit.fiducial_server.services.label_helpers import event_count, kept_keys, received, row_count

FLAG = NewLabel(LabelKind.FLAG, "seen", frame_start=1, frame_end=3)


class Stage:
    """A volume in a project, with a label over frames, a mask without a file, and a deleted label."""

    def __init__(self, database: Database, store: BlobStore, actor: Actor) -> None:
        self.labels, self.projects = Labels(database, store, bookmarks=Bookmarks()), Projects(database, Bookmarks())
        self.store, self.actor = store, actor
        self.item = make_volume(database, actor)
        self.project = self.projects.create(actor, name="P", item_ids=[self.item.id])
        self.flag, self.gone, self.mask = self.labels.create(
            actor, self.item.id, [FLAG, FLAG, NewLabel(LabelKind.MASK, "lung", frame_start=0)]
        )
        self.labels.delete(actor, [self.gone])

    def writes(self) -> dict[str, Callable[[], Any]]:
        """Everything that changes a label."""
        labels, actor, item = self.labels, self.actor, self.item.id
        png = mask_to_png(Mask.from_array(np.eye(48, 64, dtype=bool)))
        return {
            "create": lambda: labels.create(actor, item, [NewLabel(LabelKind.FLAG, "new", project_id=self.project.id)]),
            "patch": lambda: labels.patch(actor, self.flag, {"confidence": 0.5}),
            "rename": lambda: labels.patch(actor, self.flag, {"identifier": "other"}),
            "approve": lambda: labels.approve(actor, self.flag),
            "attach": lambda: labels.attach_file(actor, item, self.mask, received(self.store, png)),
            "ranges": lambda: labels.set_frame_ranges(
                actor,
                item,
                identifier="track",
                kind=LabelKind.FLAG,
                values=[FrameValue(((0, 1),), None)],
                annotation_set_id=self.project.annotation_set_id,
            ),
            "restore": lambda: labels.restore(actor, [self.gone]),
            "delete one frame": lambda: labels.delete(actor, [self.flag]),
            "delete": lambda: labels.delete(actor, [self.mask]),
        }

    def rows(self) -> Any:
        asked = LabelFilter(item_ids=(self.item.id,), deleted="include")
        return self.labels.rows_at(self.actor, asked, offset=0, limit=100)


@pytest.fixture
def stage(database: Database, store: BlobStore, actor: Actor) -> Stage:
    return Stage(database, store, actor)


def test_every_write_is_refused_and_writes_nothing(stage: Stage, database: Database, actor: Actor) -> None:
    stage.projects.archive(actor, stage.project.id)
    before = stage.rows(), event_count(database, actor), row_count(database, actor, "revision"), kept_keys(stage.store)
    for name, write in stage.writes().items():
        with pytest.raises(Conflict, match="Project 'P' is archived: restore it first"):
            write()
        after = (
            *(stage.rows(), event_count(database, actor)),
            *(row_count(database, actor, "revision"), kept_keys(stage.store)),
        )
        assert after == before, name


def test_the_same_writes_work_when_it_is_restored(stage: Stage, database: Database, actor: Actor) -> None:
    stage.projects.archive(actor, stage.project.id)
    stage.projects.restore(actor, stage.project.id)
    for name, write in stage.writes().items():
        before = event_count(database, actor)
        write()
        assert event_count(database, actor) == before + 1, name


def test_a_volume_is_refused_too(stage: Stage, database: Database, actor: Actor) -> None:
    from fiducial.geometry.nifti_mask import volume_mask_to_nifti

    stage.projects.archive(actor, stage.project.id)
    volume = VolumeMask((5, 48, 64), {2: Mask.from_array(np.eye(48, 64, dtype=bool))})
    ras = np.array([[-0.5, 0, 0, 10.0], [0, -0.5, 0, 20.0], [0, 0, 2.0, 30.0], [0, 0, 0, 1.0]])
    spool = received(stage.store, volume_mask_to_nifti(volume, ras))
    facts = NewLabel(LabelKind.VOLUME_MASK, "", annotation_set_id=stage.project.annotation_set_id)
    before = row_count(database, actor, "annotation")
    with pytest.raises(Conflict, match="is archived"):
        stage.labels.create_volume(actor, stage.item.id, spool, {1: "lung"}, facts)
    assert row_count(database, actor, "annotation") == before


def test_unsorted_labels_stay_unsorted_when_their_item_joins(stage: Stage, database: Database, actor: Actor) -> None:
    other = make_volume(database, actor)
    (unsorted,) = stage.labels.create(actor, other.id, [NewLabel(LabelKind.FLAG, "before")])
    stage.projects.archive(actor, stage.project.id)
    stage.projects.change_dataset_items(actor, stage.project.dataset_id, add=[other.id])
    assert stage.labels.get_row(actor, unsorted).label.project_id is None
