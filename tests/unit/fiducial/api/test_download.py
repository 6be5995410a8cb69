"""Downloads are whole or they are not there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import httpx
import pytest

from fiducial.api.download import fetch_bytes, fetch_to
from fiducial.errors import Damaged
from fiducial.exceptions import ItemNotFoundError, NetworkError
from tests.unit.fiducial.fake_server import api_with, refusal

CONTENT = bytes(range(256)) * 3000
HASH = hashlib.sha256(CONTENT).hexdigest()


def _api(content: bytes = CONTENT, headers: dict[str, str] | None = None):  # type: ignore[no-untyped-def]
    return api_with(lambda _: httpx.Response(200, content=content, headers=headers), max_retries=0).resources


def test_bytes_and_file(tmp_path: Path) -> None:
    moved: list[int] = []
    assert fetch_bytes(_api(), "/x") == CONTENT
    place = tmp_path / "deep" / "x"
    assert fetch_to(_api(headers={"etag": f'"{HASH}"'}), "/x", place, moved.append) == HASH
    assert place.read_bytes() == CONTENT
    assert sum(moved) == len(CONTENT)


def test_wrong_content_is_not_kept(tmp_path: Path) -> None:
    place = tmp_path / "x"
    place.write_bytes(b"what was there")
    with pytest.raises(Damaged, match=HASH):
        fetch_to(_api(CONTENT[:-1] + b"!", {"etag": f'"{HASH}"'}), "/x", place)
    assert place.read_bytes() == b"what was there"
    assert list(tmp_path.iterdir()) == [place]


def test_cut_off_content_is_not_kept(tmp_path: Path) -> None:
    def body():  # type: ignore[no-untyped-def]
        yield CONTENT[:1000]
        raise httpx.ReadError("reset")

    api = api_with(lambda _: httpx.Response(200, content=body()), max_retries=0).resources
    with pytest.raises(NetworkError, match="broke off after 1000 bytes"):
        fetch_to(api, "/x", tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_refusals_are_told(tmp_path: Path) -> None:
    api = api_with(lambda _: refusal(404, "Resource not found")).resources
    with pytest.raises(ItemNotFoundError, match="Resource not found"):
        fetch_to(api, "/x", tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_a_weak_tag_or_a_part_proves_nothing() -> None:
    assert fetch_bytes(_api(headers={"etag": f'W/"{"0" * 64}"'}), "/x") == CONTENT
    assert fetch_bytes(_api(headers={"etag": '"not-a-hash"'}), "/x") == CONTENT
