"""Worklists with our own client against the real server; what was written is read back by another way."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from fiducial import Api
from fiducial.entities import AnnotationSpec, AnnotationWorklist, Project
from fiducial.entities.annotations import RegionGeometry
from fiducial.exceptions import ItemNotFoundError, PermissionDeniedError, ValidationError
from tests.acceptance.support import api_of, got
from tests.demo_data import DEMO_DATA
from tests.running import Running

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIDUCIAL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("FIDUCIAL_CONFIG", str(tmp_path / "fiducial.yaml"))


@pytest.fixture(scope="module")
def api(running: Running) -> Iterator[Api]:
    with api_of(running) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


@pytest.fixture(scope="module")
def items(api: Api) -> list[str]:
    ids = [str(api.resources.upload_resource(DEMO_DATA / "ct_small.dcm", resume=False)) for _ in range(3)]
    api.resources.wait_until_ready(ids)
    return ids


@pytest.fixture
def project(api: Api, items: list[str]) -> Project:
    made = api.projects.create(f"worklists {uuid.uuid4()}", "of a test", items)
    assert isinstance(made, Project)
    return made


@pytest.fixture
def worklist(api: Api, project: Project, items: list[str]) -> AnnotationWorklist:
    made = api.annotationsets.create(f"second {uuid.uuid4()}", items[:2], "the first two", project=project)
    assert isinstance(made, AnnotationWorklist)
    return made


def test_a_worklist_s_own_facts(
    api: Api, client: httpx.Client, project: Project, worklist: AnnotationWorklist, items: list[str]
) -> None:
    told = got(client, f"/annotationsets/{worklist.id}")
    assert (told["name"], told["description"]) == (worklist.name, "the first two")
    assert told["project_id"] == project.id
    assert sorted(worklist.resource_ids) == sorted(told["resource_ids"]) == sorted(items[:2])
    assert {resource.id for resource in worklist.fetch_resources()} == set(items[:2])
    assert [one.id for one in api.projects.get_worklists(project)] == [project.worklist_id, worklist.id]
    assert worklist.id in {one.id for one in api.annotationsets.get_list()}
    with pytest.raises(ItemNotFoundError):
        api.annotationsets.get_by_id(NOBODY)


def test_resources_come_and_go(api: Api, client: httpx.Client, worklist: AnnotationWorklist, items: list[str]) -> None:
    api.annotationsets.update_resources(worklist, [items[2]], [items[0]])
    assert sorted(got(client, f"/annotationsets/{worklist.id}")["resource_ids"]) == sorted(items[1:])
    assert sorted(api.annotationsets.get_resources(worklist)) == sorted(items[1:])
    with pytest.raises(ItemNotFoundError):
        api.annotationsets.update_resources(worklist, [NOBODY])


def test_what_is_to_be_labelled(api: Api, client: httpx.Client, project: Project, worklist: AnnotationWorklist) -> None:
    specs = [
        AnnotationSpec(type="line", scope="frame", required=False, identifier="length"),
        AnnotationSpec.create(type="category", scope="image", required=True, identifier="grade", values=["a", "b"]),
    ]
    patched = api.annotationsets.patch(worklist, {"annotations": [one.asdict() for one in specs], "name": "renamed"})
    assert patched.name == "renamed"
    assert {one.identifier: one.asdict() for one in patched.annotations}["grade"]["values"] == ["a", "b"]
    shown = {one["identifier"]: one for one in got(client, f"/annotationsets/{worklist.id}")["annotations"]}
    assert (shown["length"]["type"], shown["grade"]["required"]) == ("line", True)
    assert {"length", "grade"} <= {one.identifier for one in project.get_annotations_specs()}  # one ontology


def test_segments(api: Api, client: httpx.Client, worklist: AnnotationWorklist) -> None:
    sets = api.annotationsets
    sets.add_segments(worklist, ["liver", "tumour"])
    sets.add_segments(worklist, ["tumour", "vessel"])
    told = got(client, f"/annotationsets/{worklist.id}")
    assert {name: one["index"] for name, one in told["segmentation_group"].items()} == {
        "liver": 1,
        "tumour": 2,
        "vessel": 3,
    }
    assert {"liver", "tumour", "vessel"} <= {one["identifier"] for one in told["annotations"]}
    assert sets.get_segmentation_group(worklist)["groups"] == told["segmentation_group"]
    sets.update_segmentation_group(
        worklist,
        [{"identifier": "lesion", "color": [1, 2, 3], "index": 1}],
        "multi_label",
        renames={"tumour": "lesion"},
    )
    told = got(client, f"/annotationsets/{worklist.id}")
    assert told["segmentation_group"] == {"lesion": {"index": 1, "color": [1, 2, 3, 255]}}
    assert told["segmentation_type"] == "multi_label"
    sets.delete_segmentation_group(worklist, "lesion")
    assert sets.get_segmentation_group(worklist)["groups"] == {}
    with pytest.raises(ItemNotFoundError):
        sets.delete_segmentation_group(worklist, "lesion")
    with pytest.raises(ValidationError, match="color"):
        sets.update_segmentation_group(worklist, [{"identifier": "x", "color": [1, 2], "index": 1}])


def test_segmentations_of_models_are_shown(api: Api, client: httpx.Client, worklist: AnnotationWorklist) -> None:
    api.annotationsets.add_ai_segmentations(worklist, ["liver"], editable=False)
    api.annotationsets.add_ai_segmentations(worklist, ["tumour"])
    told = got(client, f"/annotationsets/{worklist.id}")
    assert (told["viewable_ai_segs"], told["editable_ai_segs"]) == (["liver", "tumour"], ["tumour"])


def test_work(api: Api, client: httpx.Client, worklist: AnnotationWorklist, items: list[str]) -> None:
    sets = api.annotationsets
    sets.update_annotation_status(worklist, items[0], "opened")
    sets.update_annotation_status(worklist, items[0], "annotated")
    rows = sets.get_annotation_statuses(worklist, resource=items[0])
    assert {row["status"] for row in rows} == {"annotated"}
    assert rows == got(client, f"/annotationsets/{worklist.id}/annotation-statuses", resource_id=items[0])
    assert {row["resource_id"] for row in sets.get_annotation_statuses(worklist, "annotated")} == {items[0]}
    with pytest.raises(ValidationError):
        sets.update_annotation_status(worklist, items[0], "finished")  # type: ignore[arg-type]
    with pytest.raises(ItemNotFoundError):
        sets.update_annotation_status(worklist, NOBODY, "closed")


def test_a_project_has_to_be_named(api: Api, items: list[str]) -> None:
    with pytest.raises(ValidationError, match="project_id"):
        api.annotationsets.create("nowhere", items)
    with pytest.raises((ItemNotFoundError, PermissionDeniedError)):
        api.annotationsets.create("nowhere", items, project=NOBODY)


def test_masks_of_one_resource(api: Api, worklist: AnnotationWorklist, items: list[str], tmp_path: Path) -> None:
    masks = [np.zeros((128, 128), np.uint8) for _ in range(2)]
    masks[0][10:20, 30:40], masks[1][5, 5] = 255, 255
    for number, mask in enumerate(masks):
        Image.fromarray(mask).save(tmp_path / f"{number}.png")
    payload = [
        {"identifier": name, "frame_index": 0, "width": 128, "height": 128, "set_name": "first look"}
        for name in ("liver", "spot")
    ]
    sets = api.annotationsets
    sets.upload_annotations(worklist, items[0], payload, [tmp_path / "0.png", tmp_path / "1.png"])
    rows = {row["identifier"]: row for row in sets.get_segmentations(worklist, items[0])}
    assert set(rows) == {"liver", "spot"}
    for name, mask in zip(("liver", "spot"), masks, strict=True):
        found = api.annotations.get_by_id(rows[name]["id"])
        assert found.annotation_worklist_id == worklist.id
        assert np.array_equal(np.asarray(found.fetch_file_data()) != 0, mask != 0)
    outline = RegionGeometry.from_coordinates([(1, 1), (9, 1), (9, 9)], frame_index=0, closed=True)
    region = {"identifier": "edge", "frame_index": 0, "width": 128, "height": 128, "geometry": outline}
    sets.upload_annotations(worklist, items[0], [region])
    (row,) = sets.get_annotations(worklist, items[0])
    edge = api.annotations.get_by_id(row["id"])
    assert (edge.identifier, edge.fetch_pixel_shape().closed) == ("edge", True)
    assert np.allclose(edge.fetch_pixel_shape().points, outline.points, atol=1e-6)
    assert sets.get_segmentations(worklist, items[0], annotator_email="nobody@nowhere.example") == []
    assert len(sets.get_segmentations(worklist, items[0], all=False)) == 2
    with pytest.raises(ValidationError):
        sets.upload_annotations(worklist, items[0], payload, [tmp_path / "0.png"])
    assert len(sets.get_segmentations(worklist, items[0])) == 2


def test_segmentations_of_models(api: Api, worklist: AnnotationWorklist, items: list[str]) -> None:
    mask = np.zeros((128, 128), np.uint8)
    mask[3:9, 4:7] = 1
    api.annotations.upload_segmentations(items[1], mask, "by a model", worklist_id=worklist.id, model_name="m")
    api.annotations.upload_segmentations(items[1], mask, "by hand", worklist_id=worklist.id)
    (row,) = api.annotationsets.get_ai_segmentations(worklist, items[1])
    assert (row["identifier"], row["is_model"]) == ("by a model", True)
    api.annotationsets.add_ai_segmentations(worklist, ["another"], editable=False)
    assert api.annotationsets.get_ai_segmentations(worklist, items[1]) == []


def test_a_segmentation_group_s_file(
    api: Api, client: httpx.Client, worklist: AnnotationWorklist, tmp_path: Path
) -> None:
    (tmp_path / "g.json").write_text(json.dumps([{"identifier": "a", "color": [1, 2, 3], "index": 1}]))
    api.annotationsets.upload_segmentation_group(worklist, tmp_path / "g.json")
    (tmp_path / "h.json").write_text(json.dumps([{"identifier": "b", "color": [4, 5, 6], "index": 2}]))
    told = api.annotationsets.upload_segmentation_group(worklist, tmp_path / "h.json", replace_existing=False)
    groups = got(client, f"/annotationsets/{worklist.id}/segmentation-group")["groups"]
    assert {name: (one["index"], one["color"][:3]) for name, one in groups.items()} == {
        "a": (1, [1, 2, 3]),
        "b": (2, [4, 5, 6]),
    }
    assert told["groups"] == groups
    api.annotationsets.upload_segmentation_group(worklist, tmp_path / "h.json")
    assert set(api.annotationsets.get_segmentation_group(worklist)["groups"]) == {"b"}
    (tmp_path / "no.json").write_text("{")
    with pytest.raises(ValidationError, match=r"no\.json"):
        api.annotationsets.upload_segmentation_group(worklist, tmp_path / "no.json")
