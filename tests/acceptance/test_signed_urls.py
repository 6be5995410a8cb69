"""Links without a key: the bytes for who has the link, for a while, and for nobody else."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from fiducial import Api
from fiducial_server.db.engine import Database
from fiducial_server.db.secrets import shared_secret
from fiducial_server.services.access import Access
from fiducial_server.storage.signing import UrlSigner
from tests.acceptance.support import api_of, database_of, got, send, sha256_of, when_ready
from tests.demo_data import DEMO_DATA
from tests.running import ADMIN_KEY, Running, on_a_laptop

BODY = (DEMO_DATA / "ct_small.dcm").read_bytes()


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


@pytest.fixture(scope="module")
def api(running: Running) -> Iterator[Api]:
    with api_of(running) as opened:
        yield opened


@pytest.fixture(scope="module")
def item_id(client: httpx.Client) -> str:
    return send(client, 'ct "1".dcm', BODY)


def fetched(url: str, **headers: str) -> httpx.Response:
    """As anybody: no key, no cookies."""
    return httpx.get(url, headers=headers, timeout=60)


def signer_of(running: Running, clock_us: int | None = None) -> UrlSigner:
    """What the server signs with, as another process of the same system would."""
    database = Database(database_of(running))
    secret = shared_secret(database, "links", 1)
    database.close()
    return UrlSigner(secret) if clock_us is None else UrlSigner(secret, lambda: clock_us)


def token_of(running: Running, item: str, clock_us: int | None = None) -> str:
    database = Database(database_of(running))
    actor = Access(database).authenticate(ADMIN_KEY)
    database.close()
    what = {"organization": actor.organization_id, "email": actor.email, "item": item, "file": None}
    return signer_of(running, clock_us).sign("file", what, 60).token


@pytest.mark.parametrize("path", ["file-url", "files/0/url"])
def test_whoever_has_the_url_has_the_bytes(client: httpx.Client, item_id: str, path: str) -> None:
    told = got(client, f"/resources/{item_id}/{path}")
    assert set(told) == {"url", "expires_at"}
    assert told["url"].startswith("http")
    left = (datetime.fromisoformat(told["expires_at"]) - datetime.now(UTC)).total_seconds()
    assert 3000 < left <= 3600
    assert fetched(told["url"]).content == BODY
    part = fetched(told["url"], Range="bytes=100-199")
    assert (part.status_code, part.content) == (206, BODY[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(BODY)}"


def test_a_series(client: httpx.Client, api: Api) -> None:
    series = api.resources.upload_series(DEMO_DATA / "mr_series", resume=False)
    when_ready(client, series)
    whole = got(client, f"/resources/{series}/file-url")["url"]
    assert fetched(whole).content == client.get(f"/resources/{series}/file").content
    for index, file in enumerate(got(client, f"/resources/{series}/files")):
        url = got(client, f"/resources/{series}/files/{index}/url")["url"]
        assert sha256_of(fetched(url).content) == file["sha256"]


def test_our_own_links_everywhere(running: Running, item_id: str) -> None:
    """Any server of the system opens what any process signed, whatever its store can sign itself."""
    token = token_of(running, item_id)
    for server in running.urls:
        answer = fetched(f"{server}/signed/{token}")
        assert (answer.status_code, answer.content) == (200, BODY)
        assert answer.headers["etag"].strip('"') == sha256_of(BODY)
        assert answer.headers["content-disposition"].startswith('attachment; filename="ct _1_.dcm"')
        assert answer.headers["x-content-type-options"] == "nosniff"
        behind = fetched(f"{server}/signed/{token}", Range=f"bytes={len(BODY)}-")
        assert behind.status_code == 416


def test_forged_and_expired_ones_are_refused_with_the_reason(
    running: Running, client: httpx.Client, item_id: str
) -> None:
    token = token_of(running, item_id)
    payload, _, signature = token.partition(".")
    other = base64.urlsafe_b64decode(payload + "==").replace(item_id.encode(), str(uuid.uuid4()).encode())
    forged = base64.urlsafe_b64encode(other).rstrip(b"=").decode()
    dataset = client.post("/projects", json={"name": uuid.uuid4().hex}).json()["dataset_id"]
    for_datasets = got(client, f"/datasets/{dataset}/download/png")
    cases: dict[str, tuple[str, str]] = {
        "over": (token_of(running, item_id, clock_us=1), "over"),
        "another item": (f"{forged}.{signature}", "not made by this server"),
        "another secret": (UrlSigner(bytes(32)).sign("file", {"item": item_id}, 60).token, "not made by this server"),
        "of another purpose": (for_datasets, "not made by this server"),
        "cut off": (token[:-1], "link"),
        "nothing": ("x", "damaged"),
    }
    for case, (given, reason) in cases.items():
        for headers in ({}, {"apikey": ADMIN_KEY}):  # a key does not open a broken link
            answer = httpx.get(f"{running.url}/signed/{given}", headers=headers)
            assert (answer.status_code, reason in answer.json()["message"]) == (401, True), case
    for path in (token, "x", "."):
        answer = httpx.get(f"{running.url}/datasets/download/{path}")
        assert answer.status_code in {401, 404}
    assert httpx.get(f"{running.url}/datasets/download/{token}").status_code == 401


def test_no_other_door_stands_open_beside_them(running: Running, item_id: str, client: httpx.Client) -> None:
    token = token_of(running, item_id)
    for path in (
        *("/signed/", "/signed", f"/signed/{token}/", f"/signed/{token}/x", "/signed/../projects", "/signed//projects"),
        *("/datasets/download/", "/datasets/download", "/datasets/download/x/y", "/datasets/download/../../projects"),
    ):
        with httpx.Client(base_url=running.url) as nobody:
            answer = nobody.send(nobody.build_request("GET", httpx.URL(running.url).copy_with(raw_path=path.encode())))
            assert answer.status_code in {401, 404} or answer.content == BODY, path
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = httpx.request(method, f"{running.url}/signed/{token}")
        assert answer.status_code == 405
    assert got(client, f"/resources/{item_id}")["deleted"] is False


def test_what_was_deleted_meanwhile_is_gone(running: Running, client: httpx.Client) -> None:
    mine = send(client, "ct.dcm", BODY)
    token = token_of(running, mine)
    assert fetched(f"{running.url}/signed/{token}").status_code == 200
    client.delete(f"/resources/{mine}").raise_for_status()
    gone = fetched(f"{running.url}/signed/{token}")
    assert (gone.status_code, " not found" in gone.json()["message"]) == (404, True)
    assert client.get(f"/resources/{mine}/file-url").status_code == 404


def test_who_lost_access_has_no_links_either(running: Running, client: httpx.Client, item_id: str) -> None:
    email = f"{uuid.uuid4().hex}@example.org"
    client.post("/users", json={"email": email, "roles": ["member"]}).raise_for_status()
    database = Database(database_of(running))
    admin = Access(database).authenticate(ADMIN_KEY)
    database.close()
    what = {"organization": admin.organization_id, "email": email, "item": item_id, "file": None}
    token = signer_of(running).sign("file", what, 60).token
    assert fetched(f"{running.url}/signed/{token}").status_code == 200
    client.delete(f"/users/{email}").raise_for_status()
    refused = fetched(f"{running.url}/signed/{token}")
    assert (refused.status_code, "no access" in refused.json()["message"]) == (401, True)


def test_bad_requests(client: httpx.Client, item_id: str) -> None:
    for path in (f"/resources/{uuid.uuid4()}/file-url", f"/resources/{item_id}/files/7/url"):
        answer = client.get(path)
        assert (answer.status_code, " not found" in answer.json()["message"]) == (404, True)
    nobody = httpx.get(str(client.base_url.join(f"/resources/{item_id}/file-url")))
    assert nobody.status_code == 401


def test_the_public_url_is_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    with on_a_laptop(tmp_path_factory.mktemp("public"), "--public-url", "https://images.example.org/fid/") as system:
        with system.client() as client:
            item = send(client, "ct.dcm", BODY)
            url: Any = got(client, f"/resources/{item}/file-url")["url"]
        assert url.startswith("https://images.example.org/fid/signed/")
        assert fetched(f"{system.url}/signed/{url.rpartition('/')[2]}").content == BODY
        payload = url.rpartition("/")[2].partition(".")[0]
        assert json.loads(base64.urlsafe_b64decode(payload + "=="))[1]["item"] == item
