"""Every store passes the shipped contract."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3  # type: ignore[import-untyped]
import httpx
import pytest

from fiducial_server.storage.base import BlobStore
from fiducial_server.storage.local import LocalStore
from fiducial_server.storage.objects import object_name
from fiducial_server.storage.registry import open_store
from fiducial_server.storage.remote import RemoteStore
from fiducial_server.testing.memory_store import MemoryStore
from fiducial_server.testing.store_contract import BlobStoreTests
from tests.servers import S3Server, make_bucket


class TestLocalStore(BlobStoreTests):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[LocalStore]:
        opened = LocalStore(tmp_path)
        yield opened
        opened.close()

    def raw_get(self, store: LocalStore, key: str) -> bytes | None:
        path = store.root / "objects" / object_name(key)
        return path.read_bytes() if path.exists() else None

    def raw_set(self, store: LocalStore, key: str, content: bytes) -> None:
        (store.root / "objects" / object_name(key)).write_bytes(content)

    def test_bytes_that_come_again_are_young(self, store: LocalStore) -> None:
        key = self._set(store, b"abandoned a year ago")
        path = store.root / "objects" / object_name(key)
        os.utime(path, (1, 1))
        assert store.keep(self._spool(store, b"abandoned a year ago")) is False
        ((_, _, at),) = store.keys()
        assert store.forget(key, at - 3_600_000_000) is False
        os.utime(path, (1, 1))
        assert store.forget(key, at - 3_600_000_000) is True

    def test_a_spool_that_lay_about_is_young_when_it_is_kept(self, store: LocalStore) -> None:
        spool = self._spool(store, b"slow")
        spool.finish()
        os.utime(spool.path, (1, 1))
        store.keep(spool)
        ((_, _, at),) = store.keys()
        assert at > 1_500_000_000_000_000

    def test_keeping_and_forgetting_at_once_loses_nothing(self, store: LocalStore) -> None:
        """Whatever the order: after keep() the bytes are there, as long as forget() means old ones."""
        key = self._set(store, b"contended")
        path = store.root / "objects" / object_name(key)
        for _ in range(100):
            path.write_bytes(b"contended")
            os.utime(path, (1, 1))
            with ThreadPoolExecutor(2) as pool:
                forgotten = pool.submit(store.forget, key, 1_500_000_000_000_000)
                new = pool.submit(store.keep, self._spool(store, b"contended")).result()
                assert new == forgotten.result()
            assert path.read_bytes() == b"contended"


class TestMemoryStore(BlobStoreTests):
    @pytest.fixture
    def store(self) -> Iterator[MemoryStore]:
        opened = MemoryStore()
        yield opened
        opened.close()

    def raw_get(self, store: MemoryStore, key: str) -> bytes | None:
        return store.kept[key][0] if key in store.kept else None

    def raw_set(self, store: MemoryStore, key: str, content: bytes) -> None:
        store.kept[key] = (content, 1_700_000_000_000_000)


class TestS3Store(BlobStoreTests):
    """Against moto's server; the store uses a prefix, the raw hooks another client."""

    @pytest.fixture
    def store(self, s3: S3Server, tmp_path: Path) -> Iterator[BlobStore]:
        self.bucket = f"contract-{uuid.uuid4().hex}"
        make_bucket(s3.endpoint, self.bucket)
        self.client = boto3.client("s3", endpoint_url=s3.endpoint)
        opened = open_store(f"s3://{self.bucket}/some/prefix", tmp_path)
        yield opened
        opened.close()

    def raw_get(self, store: BlobStore, key: str) -> bytes | None:
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=f"some/prefix/{object_name(key)}")
        except self.client.exceptions.NoSuchKey:
            return None
        content: bytes = answer["Body"].read()
        return content

    def raw_set(self, store: BlobStore, key: str, content: bytes) -> None:
        self.client.put_object(Bucket=self.bucket, Key=f"some/prefix/{object_name(key)}", Body=content)

    def test_bytes_that_come_again_are_written_again_unless_they_are_fresh(
        self, store: BlobStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.keep(self._spool(store, b"again"))
        written: list[str] = []
        monkeypatch.setattr(RemoteStore, "_write", lambda _self, _spool, key: written.append(key))
        assert store.keep(self._spool(store, b"again")) is False
        assert written == []
        monkeypatch.setattr("fiducial_server.storage.remote.FRESH_US", -3_600_000_000)
        spool = self._spool(store, b"again")
        assert store.keep(spool) is False
        assert written == [spool.sha256]

    def test_a_signed_url_gives_the_bytes(self, store: BlobStore) -> None:
        spool = store.spool()
        spool.write(os.urandom(1000))
        spool.finish()
        content = spool.path.read_bytes()
        store.keep(spool)
        url = store.signed_url(spool.sha256, 60)
        assert url is not None
        assert "X-Amz-Signature" in url
        assert httpx.get(url).content == content
