"""What only a local folder does. What every store does is in ``tests/contract``."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fiducial.errors import StorageFull, Unavailable
from fiducial_server.storage.local import LocalStore
from fiducial_server.storage.objects import object_name


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LocalStore]:
    opened = LocalStore(tmp_path)
    yield opened
    opened.close()


def kept(store: LocalStore, content: bytes) -> Path:
    spool = store.spool()
    spool.write(content)
    store.keep(spool)
    return store.root / "objects" / object_name(spool.sha256)


def test_keeping_moves_the_file_without_copying_it(store: LocalStore) -> None:
    spool = store.spool()
    spool.write(b"the same file")
    number = spool.path.stat().st_ino
    store.keep(spool)
    assert (store.root / "objects" / object_name(spool.sha256)).stat().st_ino == number


def test_the_file_and_then_its_name_are_on_disk_before_keep_returns(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def note(handle: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(handle).st_mode)
        synced.append("folder" if is_folder else "file")
        if is_folder:
            assert os.listdir(handle) == [spool.sha256]
        real(handle)

    monkeypatch.setattr(os, "fsync", note)
    for _ in range(2):  # the second time the name is there, but whoever made it may not have synced it yet
        spool = store.spool()
        spool.write(b"x")
        store.keep(spool)
    assert synced == ["file", "folder"] * 2


def test_a_damaged_object_is_made_whole_by_the_same_bytes(store: LocalStore) -> None:
    path = kept(store, b"whole content")
    path.write_bytes(b"whole con")
    assert kept(store, b"whole content").read_bytes() == b"whole content"


def test_a_file_system_without_links(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    for new in (True, False):
        spool = store.spool()
        spool.write(b"moved")
        assert store.keep(spool) is new
        assert not spool.path.exists()
    assert [key for key, _, _ in list(store.keys())] == [spool.sha256]


def test_other_trouble_with_links_is_unavailable(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "link", fail)
    with pytest.raises(Unavailable, match="Input/output"):
        kept(store, b"x")


def test_foreign_files_are_not_listed(store: LocalStore) -> None:
    kept(store, b"mine")
    (store.root / "objects" / "00" / "notes.txt").write_text("not an object")
    assert len(list(store.keys())) == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=400", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("may not mount a small file system here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_said_so_and_leaves_nothing(small_disk: Path) -> None:
    store = LocalStore(small_disk)
    with pytest.raises(StorageFull, match="no space"), store.spool() as spool:
        spool.write(bytes(2 << 20))
    kept(store, b"there is room again")
    assert [entry.name for entry in (small_disk / "spool").rglob("*") if entry.is_file() and entry.stat().st_size] == []
    store.close()


def test_a_disk_without_room_for_names_is_full_too(small_disk: Path) -> None:
    store = LocalStore(small_disk)
    with pytest.raises(StorageFull):
        list(iter(store.spool, None))
    store.close()


# --- spools of processes that are gone ---

HOLDING = """
import sys
from pathlib import Path
from fiducial_server.storage.local import LocalStore
store = LocalStore(Path(sys.argv[1]))
spools = [store.spool() for _ in range(3)]
for spool in spools:
    spool.write(b"half a file")
print("ready", flush=True)
sys.stdin.read()
"""


def test_what_a_killed_process_left_is_cleaned_and_what_lives_is_not(store: LocalStore) -> None:
    command = [sys.executable, "-c", HOLDING, str(store.root)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "ready\n"
    mine = store.spool()
    mine.write(b"mine")
    assert store.clean() == 0
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()
    assert store.clean() == 3
    assert store.clean() == 0
    assert store.keep(mine) is True
    assert len(list((store.root / "spool").iterdir())) == 2  # our own folder, and the gate


def test_a_closed_store_leaves_no_spool_behind(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.spool().write(b"left open")
    store.close()
    store.close()
    assert [entry.name for entry in (tmp_path / "spool").iterdir()] == ["gate"]
