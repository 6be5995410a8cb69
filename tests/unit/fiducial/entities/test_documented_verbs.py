"""What entities can do beyond holding fields: pages in the browser, a project's verbs, planes, a cache with memory."""

from __future__ import annotations

import io
import webbrowser
from pathlib import Path
from typing import Any

import httpx
import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from fiducial.entities import CacheManager, Project, Resource, VolumeResource
from tests.unit.fiducial.fake_server import URL, api_with, project_row, resource_row


def _png() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((4, 6), 7, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


class ProjectServer:
    """One project with two pictures and a worklist."""

    def __init__(self) -> None:
        self.project = project_row()
        self.resources = [resource_row(filename=name, size=len(_png())) for name in ("a.png", "b.png")]
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(f"{request.method} {path}")
        if path.endswith("/file"):
            return httpx.Response(200, content=_png())
        if path.endswith("/resources"):
            return httpx.Response(200, json=self.resources)
        if path.startswith("/annotationsets/"):
            spec = {"type": "line", "scope": "image", "required": True, "identifier": "diameter"}
            row = {"id": self.project["worklist_id"], "name": "all", "annotators": [], "annotations": [spec]}
            return httpx.Response(200, json=row)
        if path.startswith("/resources/"):
            return httpx.Response(200, json=self.resources[0])
        return httpx.Response(200, json=self.project)

    @property
    def files(self) -> int:
        return sum(path.endswith("/file") for path in self.asked)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProjectServer:
    monkeypatch.setenv("FIDUCIAL_CACHE_DIR", str(tmp_path / "cache"))
    return ProjectServer()


@pytest.fixture
def project(server: ProjectServer) -> Project:
    return api_with(server).projects.get_by_id(server.project["id"])


def test_all_of_a_project_is_downloaded_once(server: ProjectServer, project: Project) -> None:
    assert not any(resource.is_cached() for resource in project.fetch_resources())
    project.download_resources_datas(progress_bar=False)
    assert all(resource.is_cached() for resource in project.fetch_resources())
    project.cache_resources(progress_bar=False)
    assert server.files == 2
    assert project.fetch_resources()[1].fetch_file_data(auto_convert=False, use_cache="loadonly") == _png()
    assert server.files == 2


def test_what_a_project_wants(project: Project) -> None:
    (spec,) = project.get_annotations_specs()
    assert (spec.identifier, spec.type, spec.scope, spec.required) == ("diameter", "line", "image", True)


def test_pages_in_the_browser(server: ProjectServer, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    resource: Resource = project.fetch_resources()[0]
    project.show()
    resource.show()
    assert opened == [project.url, resource.url]
    assert resource.url == f"{URL}/app/resource/{resource.id}"
    assert project.url.endswith(project.id)


def test_planes_of_a_volume_on_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Patient axes, whatever the order of the voxels: axial planes are counted along the third axis of an RAS volume."""
    monkeypatch.setenv("FIDUCIAL_CACHE_DIR", str(tmp_path / "cache"))
    voxels = np.arange(2 * 3 * 4, dtype=np.int16).reshape(2, 3, 4)
    path = tmp_path / "v.nii"
    nib.save(nib.Nifti1Image(voxels, np.eye(4)), path)
    row = resource_row(storage="VolumeResource", filename="v", mimetype="", size=path.stat().st_size)

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/file"):
            return httpx.Response(200, content=path.read_bytes())
        return httpx.Response(200, json=row)

    volume: Any = api_with(handle).resources.get_by_id(row["id"])
    assert type(volume) is VolumeResource
    planes = {axis: volume.iter_slices(axis=axis) for axis in ("sagittal", "coronal", "axial")}
    assert [len(found) for found in planes.values()] == [2, 3, 4]
    np.testing.assert_array_equal(planes["axial"][1].fetch_slice_data(), voxels[:, :, 1].T)
    np.testing.assert_array_equal(volume.get_slice("coronal", 2), voxels[:, 2, :].T)


def test_memory_holds_as_many_as_it_was_told(tmp_path: Path) -> None:
    cache = CacheManager[bytes]("resources", tmp_path, enable_memory_cache=True, memory_cache_maxsize=1)
    cache.set("a", "key", b"1", {"v": 1})
    cache.set("b", "key", b"2", {"v": 1})
    assert [cache.get_memory(one, "key", {"v": 1}) for one in ("a", "b")] == [None, b"2"]
    assert (cache.entity_type, cache.cache_root) == ("resources", tmp_path)


def test_a_registered_file_may_bring_its_content_along(tmp_path: Path) -> None:
    cache = CacheManager[bytes]("resources", tmp_path, enable_memory_cache=True)
    place = tmp_path / "mine.bin"
    place.write_bytes(b"mine")
    cache.register_file_location("a", "key", place, {"v": 1}, data=b"mine")
    assert cache.get_memory("a", "key", {"v": 1}) == b"mine"
    assert cache.get_memory("a", "key", {"v": 2}) is None
