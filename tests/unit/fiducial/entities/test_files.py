"""Files of entities: from the server or the cache, to memory, a path or a reader; and files that are only here."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from fiducial.entities import LocalResource, Resource
from fiducial.errors import Damaged, Invalid, Unsupported
from tests.shared_data import SHARED_DATA, needs_shared
from tests.unit.fiducial.fake_server import api_with, resource_row


def _png(value: int = 7) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((4, 6), value, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


class FileServer:
    """One resource whose bytes can be changed; counts what is asked for."""

    def __init__(self) -> None:
        self.content = _png()
        self.row = resource_row(size=len(self.content))
        self.asked = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/file"):
            self.asked += 1
            tag = hashlib.sha256(self.content).hexdigest()
            return httpx.Response(200, content=self.content, headers={"etag": f'"{tag}"'})
        return httpx.Response(200, json=self.row)

    def resource(self) -> Resource:
        return api_with(self).resources.get_by_id(self.row["id"])


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileServer:
    monkeypatch.setenv("FIDUCIAL_CACHE_DIR", str(tmp_path / "cache"))
    return FileServer()


def test_without_cache_the_server_is_asked_each_time(server: FileServer) -> None:
    resource = server.resource()
    assert resource.fetch_file_data(auto_convert=False) == server.content
    assert np.array_equal(np.array(resource.fetch_file_data()), np.full((4, 6), 7))
    assert server.asked == 2
    assert not resource.is_cached()


def test_with_cache_it_is_asked_once(server: FileServer) -> None:
    resource = server.resource()
    assert resource.fetch_file_data(auto_convert=False, use_cache="loadonly") == server.content
    assert not resource.is_cached()
    for _ in range(2):
        assert resource.fetch_file_data(auto_convert=False, use_cache=True) == server.content
    assert resource.fetch_file_data(auto_convert=False, use_cache="loadonly") == server.content
    assert server.asked == 2
    assert resource.is_cached()
    assert resource.filepath_cached is not None
    assert resource.filepath_cached.read_bytes() == server.content
    resource.invalidate_cache()
    assert not resource.is_cached()


def test_a_new_version_and_a_damaged_file_are_fetched_again(server: FileServer) -> None:
    server.resource().fetch_file_data(use_cache=True)
    server.content = _png(9)
    server.row["created_at"] = "2026-02-02T00:00:00.000000Z"
    resource = server.resource()
    assert resource.fetch_file_data(auto_convert=False, use_cache=True) == server.content
    path = resource.filepath_cached
    assert path is not None
    path.write_bytes(b"damaged")
    assert not server.resource().is_cached()
    assert resource.fetch_file_data(auto_convert=False, use_cache=True) == server.content
    assert server.asked == 3


def test_saved_with_cache_there_is_one_copy(server: FileServer, tmp_path: Path) -> None:
    resource, place = server.resource(), tmp_path / "mine.png"
    resource.fetch_file_data(save_path=str(place), use_cache=True)
    assert place.read_bytes() == server.content
    assert resource.filepath_cached == place
    assert not list((tmp_path / "cache").rglob("*.pkl"))
    resource.fetch_file_data(save_path=str(place), use_cache=True)
    assert resource.fetch_file_data(auto_convert=False, use_cache=True) == server.content
    assert server.asked == 1
    place.unlink()
    assert not resource.is_cached()


def test_saved_from_the_cache(server: FileServer, tmp_path: Path) -> None:
    resource = server.resource()
    resource.fetch_file_data(use_cache=True)
    resource.fetch_file_data(save_path=str(tmp_path / "copy.png"), use_cache="loadonly")
    assert (tmp_path / "copy.png").read_bytes() == server.content
    assert server.asked == 1


def test_frames_come_from_the_cached_file(server: FileServer) -> None:
    resource = server.resource()
    assert np.array_equal(resource.get_frame(0), np.full((4, 6), 7))
    (proxy,) = api_with(server).resources.get_by_id(server.row["id"]).iter_frames()
    assert np.array_equal(proxy.fetch_frame_data(), np.full((4, 6), 7))
    assert (proxy.filename, proxy.get_depth(), proxy.is_cached()) == ("a.png", 1, True)
    assert server.asked == 1
    with pytest.raises(IndexError):
        resource.get_frame(1)
    with pytest.raises(Unsupported, match="volume"):
        resource.get_slice("axial", 0)


def test_damaged_content_is_told(server: FileServer) -> None:
    server.content = _png()[:40]
    with pytest.raises(Damaged):
        server.resource().fetch_file_data()
    server.content = b"just text"
    assert server.resource().fetch_file_data() == b"just text"


def test_a_local_picture(tmp_path: Path) -> None:
    path = tmp_path / "named.dcm"
    path.write_bytes(_png())
    local = Resource.from_local_file(path)
    assert isinstance(local, LocalResource)
    assert local.is_image()
    assert not local.is_dicom()
    assert (local.kind, local.mimetype, local.get_depth()) == ("image", "image/png", 1)
    assert local.filepath_cached == path
    assert local.fetch_file_data().size == (6, 4)
    assert np.array_equal(local.get_frame(0), np.full((4, 6), 7))
    held = LocalResource(path, convert_to_bytes=True)
    path.unlink()
    assert held.fetch_file_data(auto_convert=False, save_path=str(tmp_path / "out")) == _png()
    assert (tmp_path / "out").read_bytes() == _png()
    assert held.filepath_cached is None
    assert LocalResource(raw_data=_png()).get_frame(0).shape == (4, 6)
    assert "6 MB" not in str(held)
    assert "png" in repr(held)


def test_what_no_local_resource_is(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        LocalResource(tmp_path / "none")
    with pytest.raises(Invalid):
        LocalResource()
    with pytest.raises(Invalid):
        LocalResource(tmp_path / "x", raw_data=b"")
    (tmp_path / "notes.txt").write_text("notes")
    assert LocalResource(tmp_path / "notes.txt").fetch_file_data() == b"notes"


LIBRARY_TYPES: list[tuple[str, str, Any]] = [
    ("ct-series/*/*", "FileDataset", "dicom"),
    ("nifti/anatomical.nii", "Nifti1Image", "nifti"),
    ("nifti/example_nifti2.nii.gz", "Nifti2Image", "nifti"),
    ("images/*.jpg", "JpegImageFile", "image"),
    ("video/*.mp4", "VideoCapture", "video"),
]


@needs_shared
@pytest.mark.parametrize(("pattern", "library_type", "kind"), LIBRARY_TYPES)
def test_real_files_become_what_their_users_know(pattern: str, library_type: str, kind: str) -> None:
    local = Resource.from_local_file(sorted(SHARED_DATA.glob(pattern))[0])
    assert type(local.fetch_file_data()).__name__ == library_type
    assert local.kind == kind
    assert local.get_frame(0).ndim in {2, 3}


@needs_shared
def test_slices_of_a_real_volume_are_its_voxels() -> None:
    import nibabel

    path = SHARED_DATA / "nifti" / "example_ct_sm.nii.gz"
    values = nibabel.load(path).get_fdata()
    local = Resource.from_local_file(path)
    assert np.array_equal(local.get_slice("axial", 7), values[:, :, 7].T)
    assert np.array_equal(local.get_slice("sagittal", 5), values[5, :, :].T)
    assert np.array_equal(local.get_slice("coronal", 3), values[:, 3, :].T)
    assert [len(local.iter_slices(axis)) for axis in ("sagittal", "coronal", "axial")] == list(values.shape)
    proxy = local.get_slice_resource("coronal", 3)
    assert np.array_equal(proxy.fetch_slice_data(), values[:, 3, :].T)
    assert proxy.slice_axis_idx == 1
