"""Uploads with masks that go to a worklist, and masks that a model made."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from fiducial import Api
from fiducial.entities import Project
from fiducial.errors import Invalid
from fiducial.exceptions import ItemNotFoundError
from tests.acceptance.support import api_of, got
from tests.demo_data import DEMO_DATA
from tests.running import Running

FUNDUS = DEMO_DATA / "fundus.jpg"


@pytest.fixture(scope="module")
def api(running: Running) -> Iterator[Api]:
    with api_of(running) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


@pytest.fixture
def project(api: Api) -> Project:
    made = api.projects.create(f"uploads {uuid.uuid4()}", "of a test")
    assert isinstance(made, Project)
    return made


@pytest.fixture(scope="module")
def mask(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two values, on the whole image."""
    with Image.open(FUNDUS) as image:
        array = np.zeros((image.height, image.width), np.uint8)
    array[5:9, 5:9], array[20:22, 3] = 1, 2
    path = tmp_path_factory.mktemp("masks") / "mask.png"
    Image.fromarray(array).save(path)
    return path


def sent(api: Api, project: Project, mask: Path, **more: Any) -> str:
    masks = [{"files": [mask], "names": {1: "disc", 2: "cup"}}]
    (made,) = api.resources.upload_resources(
        [FUNDUS], publish_to=project, segmentation_files=masks, resume=False, **more
    )
    return str(made)


def labels(client: httpx.Client, rid: str) -> dict[str, dict[str, Any]]:
    return {row["identifier"]: row for row in got(client, "/annotations", resource_id=rid)["data"]}


def test_a_new_worklist_and_then_the_same_again(api: Api, client: httpx.Client, project: Project, mask: Path) -> None:
    first = sent(api, project, mask, worklist="Imported")
    (_, made) = got(client, f"/projects/{project.id}/worklists")
    assert (made["name"], made["resource_ids"]) == ("Imported", [first])
    for given in ("Imported", made["id"], api.annotationsets.get_by_id(made["id"])):
        second = sent(api, project, mask, worklist=given)
        found = labels(client, second)
        assert set(found) == {"disc", "cup"}
        assert {row["annotation_worklist_id"] for row in found.values()} == {made["id"]}
        assert {row["is_model"] for row in found.values()} == {False}
        assert second in got(client, f"/annotationsets/{made['id']}")["resource_ids"]
    assert len(got(client, f"/projects/{project.id}/worklists")) == 2


@pytest.mark.parametrize("shown", ["editable", "viewable"])
def test_masks_of_a_model(api: Api, client: httpx.Client, project: Project, mask: Path, shown: Any) -> None:
    rid = sent(api, project, mask, worklist="Imported", model_name="net", ai_segmentations=shown)
    (_, made) = got(client, f"/projects/{project.id}/worklists")
    told = got(client, f"/annotationsets/{made['id']}")
    assert sorted(told["viewable_ai_segs"]) == ["cup", "disc"]
    assert sorted(told["editable_ai_segs"] or []) == (["cup", "disc"] if shown == "editable" else [])
    for row in labels(client, rid).values():
        assert (row["is_model"], row["created_by_model"]) == (True, "net")
        assert row["annotation_worklist_id"] == made["id"]
    listed = got(client, f"/annotationsets/{made['id']}/resources/{rid}/ai_segmentations")
    assert sorted(row["identifier"] for row in listed) == ["cup", "disc"]


def test_a_model_without_a_worklist(api: Api, client: httpx.Client, project: Project, mask: Path) -> None:
    found = labels(client, sent(api, project, mask, model_name="net"))
    assert {row["created_by_model"] for row in found.values()} == {"net"}
    assert {row["annotation_worklist_id"] for row in found.values()} == {project.worklist_id}


def test_a_worklist_without_masks(api: Api, client: httpx.Client, project: Project) -> None:
    (rid,) = api.resources.upload_resources([FUNDUS], publish_to=project, worklist="Plain", resume=False)
    (_, made) = got(client, f"/projects/{project.id}/worklists")
    assert (made["name"], made["resource_ids"]) == ("Plain", [rid])


def test_what_is_wrong_is_told_before_anything_is_sent(
    api: Api, client: httpx.Client, project: Project, mask: Path
) -> None:
    before = got(client, "/resources", limit=1)["totalCount"]
    with pytest.raises(Invalid, match="publish_to"):
        api.resources.upload_resources([FUNDUS], worklist="x")
    with pytest.raises(Invalid, match="editable or viewable"):
        sent(api, project, mask, worklist="x", ai_segmentations="hidden")
    with pytest.raises(ItemNotFoundError, match="not found in project"):
        sent(api, project, mask, worklist=str(uuid.uuid4()))
    other = api.projects.create(f"other {uuid.uuid4()}", "of a test")
    with pytest.raises(ItemNotFoundError, match="not found in project"):
        sent(api, project, mask, worklist=str(other.worklist_id))
    assert got(client, "/resources", limit=1)["totalCount"] == before
    assert len(got(client, f"/projects/{project.id}/worklists")) == 1
