"""Entities and the groups of calls around them, with our own client against the real server."""

from __future__ import annotations

import pickle
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pydicom
import pytest

from fiducial import Api
from fiducial.entities import Annotation, DICOMResource, Project, VideoResource
from fiducial.exceptions import EntityAlreadyExistsError
from tests.acceptance.support import api_of, got, new_video
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
def item(api: Api) -> DICOMResource:
    (found,) = api.resources.wait_until_ready(
        str(api.resources.upload_resource(DEMO_DATA / "ct_small.dcm", resume=False))
    )
    assert isinstance(found, DICOMResource)
    return found


@pytest.fixture
def project(api: Api, item: DICOMResource) -> Project:
    made = api.projects.create(f"entities {uuid.uuid4()}", "of a test", [item])
    assert isinstance(made, Project)
    return made


def test_projects_are_created_changed_archived_and_restored(api: Api, client: httpx.Client, project: Project) -> None:
    with pytest.raises(EntityAlreadyExistsError) as taken:
        api.projects.create(project.name)
    assert isinstance(taken.value, httpx.HTTPStatusError)
    assert taken.value.response.status_code == 409
    assert api.projects.create(project.name, exists_ok=True).id == project.id
    assert api.projects.patch(project, {"description": "another"}).description == "another"
    assert got(client, f"/projects/{project.id}")["description"] == "another"
    assert api.projects.partial_update(project.id, {"require_review": True}).require_review
    api.projects.bulk_delete([project])
    assert project.id in {one.id for one in api.projects.get_deleted()}
    assert project.id not in {one.id for one in api.projects.get_list()}
    assert not api.projects.restore(project).archived


def test_what_is_not_there_is_httpx_own_error(api: Api) -> None:
    for call in (
        lambda: api.resources.get_by_id(NOBODY),
        lambda: api.resources.delete(NOBODY),
        lambda: api.resources.bulk_delete([NOBODY]),
        lambda: api.resources.patch(NOBODY, {"tags": []}),
        lambda: api.projects.get_by_id(NOBODY),
        lambda: api.projects.delete(NOBODY),
        lambda: api.projects.patch(NOBODY, {"description": "x"}),
        lambda: api.annotations.get_by_id(NOBODY),
        lambda: api.annotations.bulk_delete([NOBODY]),
        lambda: api.users.get_by_id("nobody@nowhere.example"),
        lambda: api.validation_studies.get_by_id(NOBODY),
    ):
        with pytest.raises(httpx.HTTPStatusError) as caught:
            call()
        assert caught.value.response.status_code == 404


def test_a_project_s_own_calls(
    api: Api, client: httpx.Client, project: Project, item: DICOMResource, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [resource.id for resource in project.fetch_resources()] == [item.id]
    project.set_work_status(item, "annotated")
    assert {row["status"] for row in got(client, f"/projects/{project.id}/annotation-statuses")} == {"annotated"}
    assert not item.is_cached()
    project.download_resources_datas(progress_bar=False)
    assert item.is_cached()
    shown: list[str] = []
    monkeypatch.setattr("webbrowser.open", shown.append)
    project.show()
    item.show()
    assert shown == [project.url, item.url]
    assert shown[0].endswith(f"/projects/edit/{project.id}")


def test_metrics_are_pinned(api: Api, client: httpx.Client, project: Project) -> None:
    assert api.projects.get_pinned_metrics(project) == []
    api.projects.set_pinned_metrics(["val/dice", "val/iou"], project)
    assert got(client, f"/projects/{project.id}")["pinned_metrics"] == ["val/dice", "val/iou"]
    assert api.projects.get_pinned_metrics(project.name) == ["val/dice", "val/iou"]


def test_datasets(api: Api, client: httpx.Client, project: Project, item: DICOMResource) -> None:
    dataset = api.datasets.get_by_id(project.dataset_id)
    assert (dataset.total_resource, dataset.resource_ids) == (1, [item.id])
    assert [resource.filename for resource in dataset.get_resources()] == [item.filename]
    assert [row["id"] for row in api.datasets.get_resources(dataset)] == [item.id]
    api.datasets.update_resources(dataset, resource_ids_to_delete=[item.id], project=project)
    assert got(client, f"/projects/{project.id}/resources") == []
    assert dataset.id in {one.id for one in api.datasets.get_list()}


def test_a_dicom_file_and_its_labels(api: Api, item: DICOMResource, tmp_path: Path) -> None:
    dataset = item.fetch_file_data(use_cache=True)
    assert isinstance(dataset, pydicom.Dataset)
    assert item.uids["instance_uid"] == dataset.SOPInstanceUID
    assert item.filepath_cached is not None
    assert (
        item.fetch_file_data(auto_convert=False, save_path=str(tmp_path / "x"), use_cache="loadonly")
        == (tmp_path / "x").read_bytes()
    )
    item.invalidate_cache()
    assert item.filepath_cached is None
    api.annotations.add_label_annotation(item, "seen")
    (label,) = item.fetch_annotations("label")
    assert isinstance(label, Annotation)
    assert (label.name, label.resource.id, label.scope) == ("seen", item.id, "image")
    assert label.get_created_datetime() is not None


def test_a_video_is_read_in_both_ways(api: Api, tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    path.write_bytes(new_video(frames=6, width=48, height=32))
    (video,) = api.resources.wait_until_ready(str(api.resources.upload_resource(path)))
    assert isinstance(video, VideoResource)
    assert (video.frame_count, video.get_dimensions()) == (6, (48, 32))
    capture = video.fetch_file_data()
    assert sum(1 for _ in iter(lambda: capture.read()[0], False)) == 6
    assert [frame.fetch_frame_data().shape for frame in video.iter_frames()] == [(32, 48, 3)] * 6


def test_entities_work_in_another_process(api: Api, item: DICOMResource, running: Running, tmp_path: Path) -> None:
    """A pickle on disk holds no key: the other process finds it in its own settings."""
    place = tmp_path / "item.pkl"
    place.write_bytes(pickle.dumps(item))
    assert running.key.encode() not in place.read_bytes()
    code = (
        "import pickle, sys, pathlib;"
        "item = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes());"
        "print(item.id, len(item.fetch_file_data(auto_convert=False)), item.get_depth())"
    )
    environment = {"FIDUCIAL_API_KEY": running.key, "FIDUCIAL_CACHE_DIR": str(tmp_path / "c"), "PATH": "/usr/bin"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(place)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == [item.id, str(item.size), "1"], done.stderr
