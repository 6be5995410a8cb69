"""The cache answers with what was stored, or not at all: whatever happens to its files, and whoever else uses it."""

from __future__ import annotations

import io
import json
import multiprocessing
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fiducial.entities import CacheManager
from fiducial.entities.cache_manager import default_cache_root

V1, V2 = {"size": 1}, {"size": 2}


@pytest.fixture
def cache(tmp_path: Path) -> CacheManager[Any]:
    return CacheManager("resources", tmp_path)


@pytest.mark.parametrize("data", [b"", b"\x00\x01", "text", {"a": [1, None]}, 3.5, (1, 2)])
def test_what_goes_in_comes_out(cache: CacheManager[Any], data: Any) -> None:
    cache.set("id", "key", data, V1)
    assert cache.get("id", "key", V1) == data
    assert CacheManager[Any]("resources", cache.cache_root).get("id", "key") == data


def test_arrays_come_out_as_they_were(cache: CacheManager[Any]) -> None:
    array = np.arange(24, dtype=np.float32).reshape(2, 3, 4)[:, ::-1]
    cache.set("id", "key", array, V1)
    found = cache.get("id", "key", V1)
    assert np.array_equal(found, array)
    assert found.dtype == array.dtype


def test_versions(cache: CacheManager[Any]) -> None:
    cache.set("id", "key", b"one", V1)
    assert cache.get("id", "key", V2) is None
    assert cache.get_path("id", "key", V2) is None
    assert cache.get("id", "key") == b"one"
    assert cache.get("id", "other", V1) is None
    assert cache.get("other", "key", V1) is None
    cache.set("id", "key", b"two", V2)
    assert cache.get("id", "key", V1) is None
    assert cache.get("id", "key", V2) == b"two"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(place=st.integers(0, 10_000), change=st.sampled_from(["flip", "cut", "grow", "empty", "gone"]))
def test_damage_is_a_miss_never_an_answer(tmp_path: Path, place: int, change: str) -> None:
    cache = CacheManager[bytes]("resources", tmp_path)
    content = bytes(range(256)) * 10
    cache.set("id", "key", content, V1)
    assert cache.get_path("id", "key", V1) is not None
    path = cache.get_expected_path("id", "key")
    raw = bytearray(path.read_bytes())
    raw[place % len(raw)] ^= 0xFF
    changed = {"flip": bytes(raw), "cut": raw[: place % len(raw)], "grow": raw + b"x", "empty": b"", "gone": b""}[
        change
    ]
    if change == "gone":
        path.unlink()
    else:
        path.write_bytes(changed)
    assert cache.get("id", "key", V1) is None
    assert CacheManager[bytes]("resources", tmp_path).get_path("id", "key", V1) is None
    cache.set("id", "key", content, V1)
    assert cache.get("id", "key", V1) == content


@pytest.mark.parametrize("text", ["", "{", "[]", '{"items": 3}', '{"items": {"key": {"nothing": 1}}}'])
def test_damaged_metadata_is_a_miss_and_heals(cache: CacheManager[Any], text: str) -> None:
    cache.set("id", "key", b"x", V1)
    (cache.cache_root / "resources" / "id" / "metadata.json").write_text(text)
    assert cache.get("id", "key", V1) is None
    assert cache.get_cache_info("id") == {}
    cache.set("id", "key", b"y", V1)
    assert cache.get("id", "key", V1) == b"y"


def test_an_unreadable_pickle_is_a_miss(cache: CacheManager[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    cache.set("id", "key", {"a": 1}, V1)
    monkeypatch.setattr(pickle, "loads", lambda _: (_ for _ in ()).throw(ImportError("gone")))
    assert cache.get("id", "key", V1) is None


def test_paths_and_layout(cache: CacheManager[Any]) -> None:
    expected = cache.get_expected_path("id", "image_data")
    assert expected == cache.cache_root / "resources" / "id" / "image_data.pkl"
    assert cache.get_path("id", "image_data") is None
    cache.set("id", "image_data", b"bytes as they are", V1)
    assert cache.get_path("id", "image_data", V1) == expected
    assert expected.read_bytes() == b"bytes as they are"
    info = cache.get_cache_info("id")["image_data"]
    assert (info["entity_id"], info["version_info"], info["size"]) == ("id", V1, 17)
    entry = CacheManager.ItemMetadata.model_validate(info)
    assert entry.data_path == "image_data.pkl"
    assert json.loads((expected.parent / "metadata.json").read_text())["items"].keys() == {"image_data"}


@pytest.mark.parametrize("name", ["../up", "/etc/passwd", "..", ".", "a/b", "a\\b", "a\x00b", "%2e%"])
def test_names_cannot_leave_the_folder_or_meet(cache: CacheManager[Any], name: str) -> None:
    cache.set(name, name, b"x", V1)
    inside = cache.cache_root / "resources"
    assert all(path.resolve().is_relative_to(inside.resolve()) for path in cache.cache_root.rglob("*.pkl"))
    assert [p.name for p in cache.cache_root.iterdir()] == ["resources"]
    assert cache.get(name, name, V1) == b"x"
    assert cache.get(name.replace("/", "_"), name, V1) is None or "/" not in name


def test_streams(cache: CacheManager[Any]) -> None:
    content = bytes(3_000_000)
    path = cache.set_stream("id", "key", io.BytesIO(content), V1, "application/dicom")
    assert path.read_bytes() == content
    assert cache.get("id", "key", V1) == content

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 1_500_000:
                raise OSError("reset")
            return super().read(size)

    with pytest.raises(OSError, match="reset"):
        cache.set_stream("id", "key", Broken(content), V2)
    assert cache.get("id", "key", V1) == content
    assert not list(path.parent.glob(".part-*"))


def test_files_kept_elsewhere(cache: CacheManager[Any], tmp_path: Path) -> None:
    place = tmp_path / "mine.bin"
    place.write_bytes(b"mine")
    cache.set("id", "key", b"cached", V1)
    cache.register_file_location("id", "key", place, V1, "x/y")
    assert cache.get_path("id", "key", V1) == place
    assert cache.get("id", "key", V1) == b"mine"
    assert not cache.get_expected_path("id", "key").exists()
    place.write_bytes(b"changed")
    assert cache.get("id", "key", V1) is None
    assert cache.get_path("id", "key", V1) is None
    cache.invalidate("id")
    assert place.exists()


def test_invalidate(cache: CacheManager[Any]) -> None:
    for entity in ("a", "b"):
        for key in ("x", "y"):
            cache.set(entity, key, b"data", V1)
    cache.invalidate("a", "x")
    assert cache.get("a", "x", V1) is None
    assert cache.get("a", "y", V1) == b"data"
    cache.invalidate("a")
    assert cache.get("a", "y", V1) is None
    assert cache.get("b", "x", V1) == b"data"
    cache.invalidate("never there")
    cache.clear_all()
    assert cache.get("b", "x", V1) is None
    assert not list(cache.cache_root.rglob("*.pkl"))


def test_memory_is_bounded_and_of_the_right_version(tmp_path: Path) -> None:
    cache = CacheManager[bytes]("resources", tmp_path, enable_memory_cache=True)
    for n in range(3):
        cache.set(str(n), "key", str(n).encode(), V1)
    assert [cache.get_memory(str(n), "key", V1) for n in range(3)] == [None, b"1", b"2"]
    assert cache.get_memory("2", "key", V2) is None
    assert cache.get("0", "key", V1) == b"0"  # from disk, and now in memory instead of the oldest
    assert cache.get_memory("1", "key", V1) is None
    cache.get_expected_path("0", "key").unlink()
    assert cache.get("0", "key", V1) == b"0"
    cache.invalidate_memory("0")
    assert cache.get("0", "key", V1) is None
    off = CacheManager[bytes]("resources", tmp_path)
    off.set_memory("0", "key", b"x", V1)
    assert off.get_memory("0", "key", V1) is None


def test_extra_info(cache: CacheManager[Any]) -> None:
    cache.save_extra_info("id", {"tags": ["a"]})
    assert list(cache.iter_entities_extra_info()) == []
    cache.set("id", "key", b"x", V1)
    cache.set("plain", "key", b"x", V1)
    cache.save_extra_info("id", {"tags": ["a"]})
    assert list(cache.iter_entities_extra_info()) == [("id", {"tags": ["a"]})]
    assert cache.get("id", "key", V1) == b"x"


def test_root_is_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIDUCIAL_CACHE_DIR", str(tmp_path / "c"))
    assert default_cache_root() == tmp_path / "c"
    assert CacheManager("x").cache_root == tmp_path / "c"
    assert pickle.loads(pickle.dumps(CacheManager("x"))).cache_root == tmp_path / "c"


ROUNDS, PROCESSES = 40, 4
SIZES = [10, 70_000, 1_300_000]


def _content(version: int) -> bytes:
    return bytes([version]) * SIZES[version % len(SIZES)]


def _work(root: str, seed: int, queue: Any) -> None:
    """Write, read and invalidate one entity all at once; report anything read that nobody wrote for that version."""
    cache = CacheManager[bytes]("resources", root)
    wrong, hits = [], 0
    for n in range(ROUNDS):
        version = (seed * 7 + n) % 5
        cache.set("shared", "key", _content(version), {"v": version})
        cache.set("shared", f"own{seed}", bytes([seed]), {"v": 0})
        for asked in range(5):
            found = cache.get("shared", "key", {"v": asked})
            hits += found is not None
            if found is not None and found != _content(asked):
                wrong.append((seed, n, asked, len(found)))
        if cache.get("shared", f"own{seed}", {"v": 0}) not in {bytes([seed]), None}:
            wrong.append((seed, n, -1, 0))
        if n % 10 == seed:
            cache.invalidate("shared")
    queue.put((wrong, hits))


def test_several_processes_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    processes = [context.Process(target=_work, args=(str(tmp_path), seed, queue)) for seed in range(PROCESSES)]
    for process in processes:
        process.start()
    results = [queue.get(timeout=120) for _ in processes]
    for process in processes:
        process.join(60)
    assert [wrong for wrong, _ in results] == [[]] * PROCESSES
    assert sum(hits for _, hits in results) > ROUNDS
    assert [process.exitcode for process in processes] == [0] * PROCESSES
    assert not list(tmp_path.rglob(".part-*"))
