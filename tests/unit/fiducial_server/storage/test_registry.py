"""Which store a URL means, and how a remote one fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from fiducial.errors import Invalid, NotFound, Unavailable
from fiducial_server.storage.local import LocalStore
from fiducial_server.storage.registry import open_store
from fiducial_server.storage.remote import WHOLE_LIMIT, RemoteStore
from tests.servers import S3Server


def test_folders(tmp_path: Path) -> None:
    for url in ((tmp_path / "a b").as_uri(), str(tmp_path / "a b")):
        store = open_store(url, tmp_path / "spool")
        assert isinstance(store, LocalStore)
        assert store.root == tmp_path / "a b"
        store.close()


def test_an_unknown_scheme_is_refused_and_the_known_ones_are_named(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"ftp://.*file.*s3"):
        open_store("ftp://host/folder", tmp_path)


def test_the_endpoint_may_be_in_the_url(s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FIDUCIAL_S3_ENDPOINT")
    store = open_store(f"{s3.url}?endpoint={s3.endpoint}", tmp_path)
    assert isinstance(store, RemoteStore)
    assert store.size("0" * 64) is None
    store.close()


def test_a_bucket_that_is_not_there(s3: S3Server, tmp_path: Path) -> None:
    store = open_store("s3://no-such-bucket-here", tmp_path)
    with store.spool() as spool, pytest.raises((NotFound, Unavailable)):
        store.keep(spool)
    store.close()


@pytest.mark.parametrize("size", [1, WHOLE_LIMIT + 1])
def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path, size: int) -> None:
    options = {"endpoint": "http://127.0.0.1:1", "access_key_id": "x", "secret_access_key": "y", "region": "us-east-1"}
    store = RemoteStore("s3://bucket", tmp_path, options)
    spool = store.spool()
    spool.write(bytes(size))
    with pytest.raises(Unavailable, match=r"could not .*127\.0\.0\.1:1"):
        store.keep(spool)
    assert spool.path.exists()  # the caller decides
    spool.discard()
    store.close()


@pytest.mark.parametrize("url", ["gs://bucket/prefix", "az://container/prefix"])
def test_other_clouds_open_without_the_network(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "a2V5")
    store = open_store(url, tmp_path)
    assert isinstance(store, RemoteStore)
    store.close()


def test_no_signed_url_with_a_file_name_from_a_bucket(s3: S3Server, tmp_path: Path) -> None:
    store = open_store(s3.url, tmp_path)
    assert store.signed_url("0" * 64, 60) is not None
    assert store.signed_url("0" * 64, 60, filename="scan.dcm") is None
    store.close()
