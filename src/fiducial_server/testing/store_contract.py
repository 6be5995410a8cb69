"""What every store of bytes must do. A backend's test subclasses :class:`BlobStoreTests` and gives the three hooks."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest

from fiducial.errors import Invalid, NotFound
from fiducial_server.storage.base import BlobStore
from fiducial_server.storage.objects import PIECE

ABSENT = "0" * 64


class BlobStoreTests:
    """``raw_get`` and ``raw_set`` go past the store, so that it is not used to check itself."""

    @pytest.fixture
    def store(self) -> Any:
        """An empty store."""
        raise NotImplementedError("the backend's own test class gives the store that is tested")

    def raw_get(self, store: Any, key: str) -> bytes | None:
        raise NotImplementedError("only the backend's own test class knows a way past its store")

    def raw_set(self, store: Any, key: str, content: bytes) -> None:
        raise NotImplementedError("only the backend's own test class knows a way past its store")

    def test_kept_bytes_are_there_under_their_hash(self, store: BlobStore) -> None:
        content = os.urandom(5000)
        spool = store.spool()
        for start in range(0, len(content), 700):
            spool.write(content[start : start + 700])
        assert (spool.size, spool.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert store.keep(spool) is True
        assert self.raw_get(store, spool.sha256) == content

    def test_bytes_put_by_others_are_read(self, store: BlobStore) -> None:
        key = self._set(store, b"from elsewhere")
        with store.open(key) as file:
            assert file.read() == b"from elsewhere"
        assert b"".join(store.read(key)) == b"from elsewhere"
        assert store.size(key) == 14

    def test_no_bytes_at_all(self, store: BlobStore) -> None:
        spool = store.spool()
        store.keep(spool)
        assert list(store.read(spool.sha256)) == []
        assert store.size(spool.sha256) == 0
        with store.open(spool.sha256) as file:
            assert file.read() == b""

    def test_the_same_bytes_are_kept_once(self, store: BlobStore) -> None:
        first, second = self._spool(store, b"twice"), self._spool(store, b"twice")
        assert store.keep(first) is True
        assert store.keep(second) is False
        assert sorted(key for key, _, _ in list(store.keys())) == [first.sha256]
        assert b"".join(store.read(first.sha256)) == b"twice"

    def test_a_large_file_is_whole(self, store: BlobStore) -> None:
        piece = os.urandom(PIECE)
        spool = store.spool()
        for _ in range(17):
            spool.write(piece)
        assert store.keep(spool) is True
        assert store.size(spool.sha256) == 17 * PIECE
        sizes, digest = [], hashlib.sha256()
        for read in store.read(spool.sha256):
            sizes.append(len(read))
            digest.update(read)
        assert digest.hexdigest() == spool.sha256
        assert max(sizes) <= 2 * PIECE
        again = store.spool()
        for _ in range(17):
            again.write(piece)
        assert store.keep(again) is False

    def test_a_finished_spool_can_be_read(self, store: BlobStore) -> None:
        with store.spool() as spool:
            spool.write(b"header and rest")
            spool.finish()
            with spool.open() as file:
                assert file.read(6) == b"header"
                file.seek(11)
                assert file.read() == b"rest"
            assert spool.path.read_bytes() == b"header and rest"
            spool.finish()

    def test_a_discarded_spool_leaves_nothing(self, store: BlobStore) -> None:
        spool = self._spool(store, b"never mind")
        path = spool.path
        spool.discard()
        spool.discard()
        assert not path.exists()
        assert list(store.keys()) == []

    def test_leaving_the_block_discards_what_was_not_kept(self, store: BlobStore) -> None:
        spool = store.spool()
        with contextlib.suppress(ZeroDivisionError), spool:
            spool.write(b"half")
            raise ZeroDivisionError
        assert not spool.path.exists()
        with store.spool() as kept:
            kept.write(b"whole")
            store.keep(kept)
        assert not kept.path.exists()
        assert self.raw_get(store, kept.sha256) == b"whole"

    def test_nothing_is_visible_before_it_is_kept(self, store: BlobStore) -> None:
        with store.spool() as spool:
            spool.write(b"not yet")
            spool.finish()
            assert list(store.keys()) == []
            assert store.size(spool.sha256) is None

    @pytest.mark.parametrize(
        ("start", "length"),
        [(0, None), (3, None), (0, 1), (PIECE - 1, 2), (PIECE, PIECE), (2 * PIECE + 4, None), (5, 0), (0, 10 * PIECE)],
    )
    def test_ranges(self, store: BlobStore, start: int, length: int | None) -> None:
        content = os.urandom(2 * PIECE + 5)
        key = self._set(store, content)
        assert b"".join(store.read(key, start, length)) == content[start : None if length is None else start + length]

    def test_a_range_beyond_the_end_is_empty(self, store: BlobStore) -> None:
        key = self._set(store, b"short")
        assert b"".join(store.read(key, 99)) == b""
        assert b"".join(store.read(key, 99, 5)) == b""

    def test_open_is_seekable(self, store: BlobStore) -> None:
        content = os.urandom(3 * PIECE + 11)
        key = self._set(store, content)
        with store.open(key) as file:
            assert file.seekable()
            assert file.read(10) == content[:10]
            assert file.seek(-20, io.SEEK_END) == len(content) - 20
            assert file.read() == content[-20:]
            assert file.seek(PIECE) == PIECE
            file.seek(5, io.SEEK_CUR)
            assert file.read(PIECE) == content[PIECE + 5 : 2 * PIECE + 5]
            assert file.tell() == 2 * PIECE + 5
            target = bytearray(100)
            file.seek(7)
            assert file.readinto(target) == 100  # type: ignore[attr-defined]
            assert target == content[7:107]
            file.seek(0)
            assert file.read() == content

    def test_what_is_not_there(self, store: BlobStore) -> None:
        assert store.size(ABSENT) is None
        with pytest.raises(NotFound):
            store.open(ABSENT)
        with pytest.raises(NotFound):
            store.read(ABSENT)
        store.delete(ABSENT)

    @pytest.mark.parametrize("key", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
    def test_a_key_that_is_no_hash_is_refused(self, store: BlobStore, key: str) -> None:
        for use in (store.open, store.read, store.size, store.delete, lambda key: store.forget(key, 1)):
            with pytest.raises(Invalid):
                use(key)

    def test_delete(self, store: BlobStore) -> None:
        key = self._set(store, b"gone soon")
        store.delete(key)
        store.delete(key)
        assert self.raw_get(store, key) is None
        assert store.size(key) is None
        spool = self._spool(store, b"gone soon")
        assert store.keep(spool) is True

    def test_forget_spares_what_was_kept_lately(self, store: BlobStore) -> None:
        hour = 3_600_000_000
        spool = self._spool(store, b"young")
        store.keep(spool)
        ((_, _, at),) = store.keys()
        assert store.forget(spool.sha256, at - hour) is False
        assert self.raw_get(store, spool.sha256) == b"young"
        assert store.forget(spool.sha256, at + hour) is True
        assert self.raw_get(store, spool.sha256) is None
        assert store.forget(spool.sha256, at + hour) is False
        assert store.keep(self._spool(store, b"young")) is True

    def test_keys(self, store: BlobStore) -> None:
        expected = {self._set(store, bytes([number]) * number): number for number in range(1, 6)}
        found = list(store.keys())
        assert {key: size for key, size, _ in found} == expected
        assert all(at > 1_500_000_000_000_000 for _, _, at in found)

    def test_many_at_once(self, store: BlobStore) -> None:
        contents = [bytes([number % 10]) * 20_000 for number in range(40)]
        with ThreadPoolExecutor(8) as pool:
            new = list(pool.map(lambda content: store.keep(self._spool(store, content)), contents))
        assert sum(new) == 10
        for content in contents[:10]:
            assert self.raw_get(store, hashlib.sha256(content).hexdigest()) == content

    def test_spools_have_paths_of_their_own(self, store: BlobStore) -> None:
        spools = [store.spool() for _ in range(5)]
        assert all(first.path != second.path for first, second in pairwise(spools))
        for spool in spools:
            spool.discard()

    def test_clean_leaves_what_is_being_received(self, store: BlobStore) -> None:
        with store.spool() as spool:
            spool.write(b"in the middle")
            assert store.clean() == 0
            assert store.keep(spool) is True
        assert self.raw_get(store, spool.sha256) == b"in the middle"

    @staticmethod
    def _spool(store: BlobStore, content: bytes) -> Any:
        spool = store.spool()
        spool.write(content)
        return spool

    def _set(self, store: BlobStore, content: bytes) -> str:
        key = hashlib.sha256(content).hexdigest()
        self.raw_set(store, key, content)
        return key
