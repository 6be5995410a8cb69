"""Follow-up work: every real file gets its thumbnail and leaves the state `pending`, and nothing else changes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.acceptance.support import api_of, demo_files, got, send, sha256_of, shared_files, short, when_ready
from tests.demo_data import DEMO_DATA
from tests.running import Running

FILES = [p for p in (*demo_files(), *shared_files()) if p.parent.parent.name not in {"ct-series", "mr-series"}]
LONGEST = 512
"""Pixels of a thumbnail's longer side, at most."""


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


@pytest.fixture(scope="module")
def items(client: httpx.Client) -> dict[Path, dict[str, Any]]:
    ids = {path: send(client, path.name, path.read_bytes()) for path in FILES}
    return {path: when_ready(client, item_id) for path, item_id in ids.items()}


@pytest.mark.parametrize("path", FILES, ids=short)
def test_a_file_is_ready_and_has_a_thumbnail(
    client: httpx.Client, items: dict[Path, dict[str, Any]], path: Path
) -> None:
    item = items[path]
    assert (item["state"], item["state_reason"]) == ("ready", None)
    answer = client.get(f"/resources/{item['id']}/thumbnail")
    metadata = item["metadata"]
    if not metadata.get("frame_count"):
        assert answer.status_code in {404, 422}
        assert answer.json()["message"]
        return
    assert answer.status_code == 200, answer.text
    picture = Image.open(io.BytesIO(answer.content))
    assert answer.headers["content-type"] == f"image/{(picture.format or '').lower()}"
    assert 0 < max(picture.size) <= LONGEST
    assert np.ptp(np.asarray(picture.convert("L"))) > 0, "nothing is to be seen"
    assert client.get(f"/resources/{item['id']}/thumbnail").content == answer.content


def test_a_thumbnail_has_the_proportions_of_its_picture(
    client: httpx.Client, items: dict[Path, dict[str, Any]]
) -> None:
    item = items[DEMO_DATA / "echo_cine.dcm"]
    picture = Image.open(io.BytesIO(client.get(f"/resources/{item['id']}/thumbnail").content))
    assert picture.width / picture.height == pytest.approx(320 / 240, rel=0.02)


def test_a_series_has_one_too(running: Running, client: httpx.Client) -> None:
    with api_of(running) as api:
        item = when_ready(client, api.resources.upload_series(DEMO_DATA / "mr_series", resume=False))
        picture = Image.open(io.BytesIO(api.resources.thumbnail(item["id"])))
    assert (item["state"], item["kind"], max(picture.size) > 0) == ("ready", "dicom_series", True)


def test_the_bytes_are_untouched_by_it(client: httpx.Client, items: dict[Path, dict[str, Any]]) -> None:
    for path, item in items.items():
        (file,) = got(client, f"/resources/{item['id']}/files")
        assert file["sha256"] == sha256_of(path), short(path)
        fresh = got(client, f"/resources/{item['id']}")
        assert {k: fresh[k] for k in ("size", "created_at", "deleted_at", "filename")} == {
            k: item[k] for k in ("size", "created_at", "deleted_at", "filename")
        }


def test_the_list_says_the_same_as_the_item(client: httpx.Client, items: dict[Path, dict[str, Any]]) -> None:
    """Clients keep a cache by `created_at`, `deleted_at` and `size` of whichever answer they have."""
    listed = {row["id"]: row for row in got(client, "/resources", status="", limit=5000)["data"][0]["resources"]}
    for path, item in items.items():
        fresh = got(client, f"/resources/{item['id']}")
        assert listed[item["id"]] == fresh, short(path)


def test_our_client_waits_for_it(running: Running) -> None:
    with api_of(running) as api:
        item_id = api.resources.upload_resource(str(DEMO_DATA / "fundus.jpg"), resume=False)
        (found,) = api.resources.wait_until_ready(item_id)
        assert (found.id, found.state) == (item_id, "ready")
