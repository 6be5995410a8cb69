"""Files under names."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from fiducial.errors import Invalid, NotFound
from fiducial_server.storage.artifacts import Artifacts, Entry, open_artifacts
from tests.servers import S3Server, make_bucket


@pytest.fixture(params=["local", "s3"])
def artifacts(request: pytest.FixtureRequest, tmp_path: Path) -> Artifacts:
    if request.param == "local":
        return open_artifacts(str(tmp_path / "store"))
    server: S3Server = request.getfixturevalue("s3")
    bucket = f"artifacts-{uuid.uuid4().hex}"
    make_bucket(server.endpoint, bucket)
    return open_artifacts(f"s3://{bucket}/inside")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(b"x" * 3_000_000)
    return path


def content(artifacts: Artifacts, path: str) -> bytes:
    return b"".join(artifacts.read(path, artifacts.size(path)))


def test_put_read_list_delete(artifacts: Artifacts, source: Path) -> None:
    artifacts.put("a/b c/größe.bin", source)
    assert content(artifacts, "a/b c/größe.bin") == source.read_bytes()
    source.write_bytes(b"")
    artifacts.put("a/empty", source)
    assert content(artifacts, "a/empty") == b""
    assert artifacts.entries("a") == [Entry("b c", None), Entry("empty", 0)]
    assert artifacts.entries("a/b c") == [Entry("größe.bin", 3_000_000)]
    assert artifacts.entries("") == [Entry("a", None)]
    assert artifacts.entries("nowhere") == []
    artifacts.delete("a/b c")
    assert artifacts.entries("a") == [Entry("empty", 0)]
    artifacts.delete("a/empty")
    artifacts.delete("a/empty")
    with pytest.raises(NotFound):
        artifacts.size("a/empty")


def test_new_bytes_replace_old(artifacts: Artifacts, source: Path) -> None:
    artifacts.put("a", source)
    source.write_bytes(b"new")
    artifacts.put("a", source)
    assert content(artifacts, "a") == b"new"


def test_a_prefix_of_a_name_is_not_a_folder(artifacts: Artifacts, source: Path) -> None:
    artifacts.put("model-2/x", source)
    assert artifacts.entries("model") == []
    artifacts.delete("model")
    assert artifacts.entries("model-2") == [Entry("x", 3_000_000)]


@pytest.mark.parametrize("path", ["..", "a/../b", "/a", "a//b", "a/", "a/.", "a\\b", "a/\x00", "a/" + "b" * 1024])
def test_paths_that_lead_elsewhere(path: str, tmp_path: Path, source: Path) -> None:
    artifacts = open_artifacts(str(tmp_path / "store"))
    for work in (lambda: artifacts.put(path, source), lambda: artifacts.size(path), lambda: artifacts.delete(path)):
        with pytest.raises(Invalid):
            work()


def test_a_file_is_no_folder(tmp_path: Path, source: Path) -> None:
    artifacts = open_artifacts(f"file://{tmp_path}/store")
    artifacts.put("a/b", source)
    with pytest.raises(Invalid, match="same name"):
        artifacts.put("a/b/c", source)
    with pytest.raises(Invalid, match="same name"):
        artifacts.put("a", source)
    assert content(artifacts, "a/b") == source.read_bytes()
