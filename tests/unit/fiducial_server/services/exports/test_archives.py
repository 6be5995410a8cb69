"""Archives on their way: given up, cut off, or with a part that fails, they leave nothing behind and hide nothing."""

from __future__ import annotations

import gc
import io
import json
import random
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fiducial.errors import Conflict, Forbidden, NotFound, Unavailable
from fiducial_server.db.datasets import insert_dataset
from fiducial_server.model.actor import Actor
from fiducial_server.model.dataset import Dataset
from fiducial_server.model.event import Event
from fiducial_server.model.ids import new_id
from fiducial_server.model.label import LabelFilter, LabelKind, LabelRow, NewLabel
from fiducial_server.model.project import Project
from fiducial_server.services.audit import Audit
from fiducial_server.services.bookmarks import Bookmarks
from fiducial_server.services.exports import image_format
from fiducial_server.services.exports.image_format import ImageFormat
from fiducial_server.services.exports.service import Exports
from fiducial_server.services.labels import Labels
from fiducial_server.services.projects import Projects
from fiducial_server.testing.factories import as_viewer
from tests.unit.fiducial_server.services.items_stage import Stage as Services
from tests.unit.fiducial_server.services.items_stage import nifti, png, spool_files, stage

__all__ = ["stage"]


class House:
    """The exports service over a project of two pictures and a volume, with labels."""

    def __init__(self, services: Services) -> None:
        self.services, self.actor = services, services.actor
        bookmarks = Bookmarks()
        self.labels = Labels(services.database, services.store, bookmarks=bookmarks)
        self.projects = Projects(services.database, bookmarks)
        self.exports = Exports(services.database, services.store, services.items, self.labels, projects=self.projects)
        bodies = {"a.png": png(), "b.png": png(value=3), "c.nii": nifti()}
        self.items = [services.send(body, name) for name, body in bodies.items()]
        self.project = self.projects.create(self.actor, name="P", item_ids=[item.id for item in self.items])
        self.labels.create(self.actor, self.items[0].id, [NewLabel(LabelKind.FLAG, "seen")] * 3)

    def dataset(self, wanted: ImageFormat = ImageFormat.PNG, actor: Actor | None = None) -> Any:
        return self.exports.dataset(actor or self.actor, self.project.dataset_id, wanted, shown)

    def of_project(self, actor: Actor | None = None) -> Any:
        return self.exports.project(
            actor or self.actor,
            self.project.id,
            every_label=True,
            unannotated=True,
            head=head,
            about=lambda item: {"id": item.id},
            shown=shown,
        )


def shown(rows: Sequence[LabelRow]) -> list[dict[str, Any]]:
    return [{"id": row.mark.id, "identifier": row.label.identifier} for row in rows]


def head(project: Project) -> dict[str, Any]:
    return {"name": project.name}


@pytest.fixture
def house(stage: Services) -> House:
    return House(stage)


BOTH: dict[str, Callable[..., Any]] = {"dataset": House.dataset, "project": House.of_project}
both = pytest.mark.parametrize("make", BOTH.values(), ids=BOTH)


def unpacked(pieces: Any, name: str) -> Any:
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        return json.loads(archive.read(name))


def test_a_manifest_of_all(house: House) -> None:
    told = unpacked(house.dataset(), "manifest.json")
    assert [entry["path"] for entry in told["items"]] == ["images/a.png", "images/b.png", "images/c"]
    assert [entry["file_count"] for entry in told["items"]] == [1, 1, 3]
    assert told["created_by"] == house.actor.email


@both
def test_who_took_it_out_is_kept_before_the_first_byte(house: House, make: Callable[..., Any]) -> None:
    pieces = make(house, actor=as_viewer(house.actor))
    assert exported(house) == []
    next(pieces)
    pieces.close()
    (event,) = exported(house)
    subject: tuple[str, str, str | None]
    details: dict[str, Any]
    if make is House.dataset:
        subject = ("dataset", house.project.dataset_id, None)
        name = house.projects.dataset(house.actor, house.project.dataset_id).name
        details = {"name": name, "format": "png"}
    else:
        subject = ("project", house.project.id, house.project.id)
        details = {"name": "P", "format": "zip", "every_label": True, "unannotated": True}
    assert (event.subject_kind, event.subject_id, event.project_id) == subject
    assert (event.action, event.actor, event.origin) == (f"{subject[0]}.export", house.actor.email, "datamint")
    assert event.details == details


@both
def test_what_is_not_found_is_no_event(house: House, make: Callable[..., Any]) -> None:
    elsewhere = replace(house.actor, organization_id=new_id())
    with pytest.raises(NotFound):
        next(make(house, actor=elsewhere))
    assert exported(house) == []


def test_tables_say_who_took_which_labels(house: House) -> None:
    asked = LabelFilter(project_id=house.project.id, identifiers=("seen",), created_from=1_000_000)
    pieces = house.exports.csv(house.actor, asked, ["id"], iter([[["1"]]]))
    assert b"".join(pieces) == b"id\r\n1\r\n"
    of_set = LabelFilter(annotation_set_id=house.project.annotation_set_id)
    made = house.exports.xlsx(house.actor, of_set, ["id"], iter([[["1"]]]))
    assert len(b"".join(made.pieces)) == made.size
    second, first = exported(house)
    assert (first.action, first.subject_id) == ("project.export", house.project.id)
    assert first.details == {
        "name": "P",
        "format": "csv",
        "from": "1970-01-01T00:00:01.000000Z",
        "annotations": ["seen"],
    }
    assert (second.action, second.subject_id) == ("annotation_set.export", house.project.annotation_set_id)
    assert (second.details, second.project_id) == ({"name": "Main", "format": "xlsx"}, house.project.id)


def exported(house: House) -> list[Event]:
    latest = Audit(house.services.database).latest(house.actor, limit=50)
    return [event for event in latest if event.action.endswith(".export")]


@both
def test_one_that_is_given_up_leaves_nothing(house: House, make: Callable[..., Any]) -> None:
    noise = random.Random(1).randbytes(2_000_000)
    big = np.frombuffer(noise, np.uint8).reshape(1000, 2000)
    out = io.BytesIO()
    from PIL import Image

    Image.fromarray(big).save(out, "PNG")
    item = house.services.send(out.getvalue(), "big.png")
    house.projects.add_items(house.actor, house.project.id, [item.id])
    for taken in range(4):
        pieces = make(house)
        for _ in range(taken):
            next(pieces)
        pieces.close()
        del pieces
        gc.collect()
        assert spool_files(house.services.spools) == 0


@both
def test_without_the_store_it_is_cut_off(
    house: House, make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any) -> Any:
        raise Unavailable("the store does not answer")

    pieces = make(house)
    next(pieces)
    monkeypatch.setattr(house.services.store, "open", gone)
    monkeypatch.setattr(house.services.store, "read", gone)
    with pytest.raises(Unavailable):
        list(pieces)
    assert spool_files(house.services.spools) == 0


def test_a_defect_is_told_without_its_inside(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(image_format, "open_reader", broken)
    told = unpacked(house.dataset(), "manifest.json")
    assert {entry["reason"] for entry in told["items"]} == {"internal error: ZeroDivisionError"}
    assert {entry["path"] for entry in told["items"]} == {None}


def test_many_missing_frames_are_counted_and_some_named(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from fiducial.errors import Damaged
    from fiducial.media.nifti.reader import NiftiReader
    from fiducial_server.services.exports import dataset_archive

    def broken(*_: Any) -> Any:
        raise Damaged("gone")

    monkeypatch.setattr(NiftiReader, "frame", broken)
    monkeypatch.setattr(dataset_archive, "MOST_TOLD", 2)
    (_, _, volume) = unpacked(house.dataset(), "manifest.json")["items"]
    assert (volume["path"], volume["file_count"], volume["missing_frame_count"]) == (None, 0, 3)
    assert volume["missing_frames"] == [{"frame": 0, "reason": "gone"}, {"frame": 1, "reason": "gone"}]


@both
def test_deleted_items_and_labels_are_left_out(house: House, make: Callable[..., Any]) -> None:
    house.services.items.delete(house.actor, [house.items[1].id])
    rows = next(iter(house.labels.pages(house.actor, label_filter(house))))
    house.labels.delete(house.actor, [rows[0].mark.id])
    name = "annotations.json" if make is House.dataset else "dataset.json"
    told = unpacked(make(house), name)["resources"]
    assert [entry.get("resource_id") or entry["id"] for entry in told] == [house.items[0].id, house.items[2].id]
    assert [len(entry["annotations"]) for entry in told] == [2, 0]


def label_filter(house: House) -> Any:
    from fiducial_server.model.label import LabelFilter

    return LabelFilter(item_ids=(house.items[0].id,))


@both
def test_who_may_only_look_may_take_away_and_a_stranger_not(house: House, make: Callable[..., Any]) -> None:
    assert list(make(house, actor=as_viewer(house.actor)))
    with pytest.raises(NotFound, match=" not found"):
        next(make(house, actor=house.services.stranger))


def test_labels_page_by_page(house: House) -> None:
    house.labels.create(house.actor, house.items[2].id, [NewLabel(LabelKind.FLAG, "f", frame_start=0, frame_end=2)] * 4)
    from fiducial_server.model.label import LabelFilter

    asked = LabelFilter(project_id=house.project.id)
    whole = house.labels.rows_at(house.actor, asked, offset=0, limit=100)
    assert len(whole) == 15
    for size in (1, 2, 4, 5, 15, 16):
        pages = list(house.labels.pages(house.actor, asked, size=size))
        assert [row for page in pages for row in page] == whole
        assert all(len(page) <= size for page in pages)


def test_deleting_datasets(house: House) -> None:
    projects, actor, database = house.projects, house.actor, house.services.database
    with pytest.raises(Conflict, match="archive the project"):
        projects.delete_dataset(actor, house.project.dataset_id)
    projects.archive(actor, house.project.id)
    with pytest.raises(Conflict):
        projects.delete_dataset(actor, house.project.dataset_id)
    loose = Dataset(new_id(), "loose", 1, actor.email, 1)
    database.transact(actor.organization_id, lambda scope: insert_dataset(scope, loose))
    with pytest.raises(Forbidden):
        projects.delete_dataset(as_viewer(actor), loose.id)
    with pytest.raises(NotFound):
        projects.delete_dataset(house.services.stranger, loose.id)
    projects.delete_dataset(actor, loose.id)
    assert house.services.events(loose.id) == ["dataset.delete"]
    with pytest.raises(NotFound):
        projects.delete_dataset(actor, loose.id)
    with pytest.raises(NotFound):
        projects.dataset(actor, loose.id)
