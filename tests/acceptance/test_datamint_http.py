"""The Datamint dialect through its public door: a real server on a port, files and labels in and out, and every bad input
answered with its status and reason and nothing left behind.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import nibabel as nib
import numpy as np
import pytest
import sqlalchemy as sa
from PIL import Image

from fiducial_server.app.build import build
from fiducial_server.app.server import listen, make_server
from fiducial_server.app.settings import Settings
from fiducial_server.db import tables
from fiducial_server.db.engine import Database
from fiducial_server.dialects.services import Services
from fiducial_server.jobs.inline import InlineRunner
from tests.demo_data import DEMO_DATA
from tests.shared_data import SHARED_DATA, needs_shared

LIMIT = 4 << 20
KEY, OTHER_KEY = "fid_the-first-administrators-key-000", "fid_another-organizations-key-00000"
UNKNOWN = "00000000-0000-7000-8000-000000000000"
COUNTED = (
    tables.item,
    tables.item_file,
    tables.file,
    tables.item_tag,
    tables.channel,
    tables.finding,
    tables.annotation,
    tables.mark,
    tables.mask,
    tables.revision,
    tables.job,
    tables.event,
)


@dataclass(frozen=True)
class Place:
    """A running server and what is behind it."""

    url: str
    folder: Path
    services: Services
    database: Database

    def left(self) -> dict[str, Any]:
        """All that a refused request could have left: rows, objects, spools."""
        with self.database.system() as connection:
            rows = {t.name: connection.scalar(sa.select(sa.func.count()).select_from(t)) for t in COUNTED}
        files = self.folder / "files"
        objects = sorted(p.name for p in (files / "objects").rglob("*") if p.is_file())
        spools = sorted(p.name for p in (files / "spool").rglob("*") if p.is_file() and p.name not in {"lock", "gate"})
        return {**rows, "objects": objects, "spools": spools}

    def drain(self) -> None:
        """Do all follow-up work now."""
        InlineRunner(self.services.jobs).drain()


@contextmanager
def serving(folder: Path, **more: Any) -> Iterator[Place]:
    """A server in a thread of this process, so that a test can look behind it; it does no jobs unless told to."""
    settings = Settings(data_dir=folder, worker=False, max_upload_bytes=LIMIT, admin_email="admin@example.org", **more)
    services = build(settings)
    services.access.bootstrap("admin@example.org", KEY, None)
    services.access.create_organization("Others", "other@example.org", api_key=OTHER_KEY)
    bound = listen("127.0.0.1", 0)
    server = make_server(services)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    database = Database(settings.database)
    try:
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        with httpx.Client(transport=httpx.HTTPTransport(retries=20)) as waiting:
            assert waiting.get(f"{url}/healthz").status_code == 200
        yield Place(url, folder, services, database)
    finally:
        server.should_exit = True
        thread.join(30)
        database.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with serving(tmp_path_factory.mktemp("server")) as place:
        yield place


@pytest.fixture
def client(place: Place) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=place.url, headers={"apikey": KEY}, timeout=60) as client:
        yield client


@pytest.fixture
def stranger(place: Place) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=place.url, headers={"apikey": OTHER_KEY}, timeout=60) as client:
        yield client


def png(width: int = 64, height: int = 48, seed: int = 0) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width), np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def mask_png(mask: np.ndarray[Any, Any]) -> bytes:
    out = io.BytesIO()
    Image.fromarray((mask * 255).astype(np.uint8)).save(out, "PNG")
    return out.getvalue()


def nifti(volume: np.ndarray[Any, Any], affine: np.ndarray[Any, Any]) -> bytes:
    return bytes(nib.Nifti1Image(volume, affine).to_bytes())


def upload(client: httpx.Client, name: str, content: bytes, **fields: str) -> str:
    response = client.post("/resources", files={"resource": (name, content)}, data={"source": "api", **fields})
    assert response.status_code == 200, response.text
    assert response.json().keys() == {"id"}
    return str(response.json()["id"])


def picture(client: httpx.Client, seed: int = 0) -> str:
    return upload(client, "a.png", png(seed=seed))


def refused(response: httpx.Response, status: int, *words: str) -> dict[str, Any]:
    """The body of a refusal, after checking its shape and that its message says what is wanted."""
    assert response.status_code == status, response.text
    body: dict[str, Any] = response.json()
    assert body["statusCode"] == status
    assert isinstance(body["error"], str)
    for word in words:
        assert word in body["message"]
    return body


def resources(client: httpx.Client, **filters: str) -> list[dict[str, Any]]:
    body = client.get("/resources", params={"status": "", **filters}).json()
    assert len(body["data"]) == 1
    found: list[dict[str, Any]] = body["data"][0]["resources"]
    return found


# -- keys -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"apikey": KEY},
        {"Authorization": f"Bearer {KEY}"},
        {"Authorization": f"bearer {KEY}"},
        {"Authorization": "Basic " + base64.b64encode(f"me:{KEY}".encode()).decode()},
    ],
)
def test_either_header_alone_lets_in(place: Place, headers: dict[str, str]) -> None:
    assert httpx.get(f"{place.url}/projects", headers=headers).status_code == 200
    sent = httpx.post(f"{place.url}/resources", headers=headers, files={"resource": ("a.png", png(seed=99))})
    assert sent.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"apikey": ""},
        {"apikey": "fid_unknown"},
        {"Authorization": "Bearer fid_unknown"},
        {"Authorization": "Basic ???"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/projects"), ("POST", "/resources"), ("GET", "/nowhere"), ("GET", "/docs"), ("GET", "/metrics")],
)
def test_everything_but_healthz_needs_a_key(place: Place, headers: dict[str, str], method: str, path: str) -> None:
    files = {"resource": ("a.png", png())} if method == "POST" else None
    before = place.left()
    refused(httpx.request(method, f"{place.url}{path}", headers=headers, files=files), 401)
    assert place.left() == before
    assert httpx.get(f"{place.url}/healthz", headers=headers).json()["status"] == "ok"


def test_a_revoked_key_stops_at_once(place: Place, client: httpx.Client) -> None:
    admin = place.services.access.find_user("admin@example.org")
    credential, key = place.services.access.create_key(admin, email=admin.email, title="t")
    with httpx.Client(base_url=place.url, headers={"apikey": key}) as other:
        assert other.get("/whoami").json()["email"] == "admin@example.org"
        place.services.access.revoke_key(admin, credential.id)
        refused(other.get("/whoami"), 401, "revoked")
        refused(other.post("/resources", files={"resource": ("a.png", png())}), 401, "revoked")


def test_a_viewer_may_only_look(place: Place, client: httpx.Client) -> None:
    assert client.post("/users", json={"email": "v@example.org", "roles": ["viewer"]}).status_code == 200
    viewer = place.services.access.find_user("v@example.org")
    _, key = place.services.access.create_key(viewer, email=viewer.email, title="t")
    before = place.left()
    with httpx.Client(base_url=place.url, headers={"apikey": key}) as other:
        assert other.get("/resources").status_code == 200
        refused(other.post("/resources", files={"resource": ("a.png", png(seed=5))}), 403)
        refused(other.post("/projects", json={"name": "mine"}), 403)
    assert place.left() == before


# -- the frame around everything --------------------------------------------------------------------------------------------


def test_an_unknown_address_and_a_wrong_verb_say_so(client: httpx.Client) -> None:
    refused(client.get("/nowhere"), 404, " not found")
    refused(client.put("/projects"), 405)
    assert client.get("/projects/").status_code == 200  # no redirect, which the published client would not follow
    refused(client.get("/resources/not-a-uuid"), 400, "resource id", "UUID")
    refused(client.get(f"/resources/{UNKNOWN}"), 404, " not found")
    refused(client.get(f"/projects/{UNKNOWN}"), 404, " not found")
    refused(client.get(f"/annotations/{UNKNOWN}"), 404, " not found")


@pytest.mark.parametrize("query", ["limit=0", "limit=5001", "offset=-1", "limit=x"])
def test_a_wrong_page_is_refused_by_name(client: httpx.Client, query: str) -> None:
    refused(client.get(f"/resources?{query}"), 400, query.split("=", maxsplit=1)[0])


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff"])
def test_a_body_that_is_no_object_is_refused(client: httpx.Client, body: bytes) -> None:
    refused(client.post("/projects", content=body), 400, "JSON")


def test_docs_and_metrics_are_there(client: httpx.Client) -> None:
    page = client.get("/docs").text
    assert "/resources/{rid}/frames/{index}" in page
    assert "http://" not in page.replace("http://www", "")
    assert "/annotations/search" in client.get("/docs/datamint/openapi.json").json()["paths"]
    assert "fiducial_requests_total" in client.get("/metrics").text


def test_the_page_of_a_large_list_stays_whole(client: httpx.Client) -> None:
    for seed in range(3):
        picture(client, 200 + seed)
    first, second = resources(client, limit="2"), resources(client, offset="2", limit="2")
    everything = [row["id"] for row in resources(client)]
    assert [row["id"] for row in first + second] == everything[:4]
    begun = client.get("/resources", params={"status": "", "limit": "1"}).json()
    assert (begun["totalCount"], begun["totalCountIsExact"]) == (2, False), "at least the page and one more"
    whole = client.get("/resources", params={"status": "", "limit": "5000"}).json()
    assert (whole["totalCount"], whole["totalCountIsExact"]) == (len(everything), True)


# -- resources --------------------------------------------------------------------------------------------------------------


def test_a_file_comes_back_byte_for_byte_with_its_facts(client: httpx.Client) -> None:
    content = (DEMO_DATA / "ct_small.dcm").read_bytes()
    rid = upload(
        client, "ct.dcm", content, source_filepath="/home/me/ct.dcm", mimetype="application/dicom", channel="c1",
        tags="a, b,a", bypass_inbox="true", metadata=json.dumps({"hospital": "X"}),
    )  # fmt: skip
    row = client.get(f"/resources/{rid}").json()
    assert (row["storage"], row["mimetype"], row["filename"]) == ("DicomResource", "application/dicom", "ct.dcm")
    assert (row["status"], row["published"], row["upload_channel"]) == ("published", True, "c1")
    assert row["source_filepath"] == "/home/me/ct.dcm"
    assert sorted(row["tags"]) == ["a", "b"]
    assert (row["modality"], row["patient_id"], row["size"]) == ("CT", "1CT1", len(content))
    assert row["metadata"]["hospital"] == "X"
    assert row["metadata"]["frame_count"] == 1
    assert row == next(entry for entry in resources(client) if entry["id"] == rid)
    response = client.get(f"/resources/{rid}/file", headers={"accept": "application/octet-stream"})
    assert response.content == content
    assert response.headers["etag"] == f'"{hashlib.sha256(content).hexdigest()}"'
    assert client.get(f"/resources/{rid}/files/0").content == content
    part = client.get(f"/resources/{rid}/file", headers={"range": "bytes=128-131"})
    assert (part.status_code, part.content) == (206, b"DICM")
    assert client.get(f"/resources/{rid}/file", headers={"if-none-match": response.headers["etag"]}).status_code == 304


def test_the_file_part_may_come_last(client: httpx.Client) -> None:
    body = (
        b'--B\r\nContent-Disposition: form-data; name="tags"\r\n\r\nlast\r\n'
        b'--B\r\nContent-Disposition: form-data; name="resource"; filename="z.png"\r\n\r\n' + png(seed=7) + b"\r\n--B--"
    )
    sent = client.post("/resources", content=body, headers={"content-type": "multipart/form-data; boundary=B"})
    assert client.get(f"/resources/{sent.json()['id']}").json()["tags"] == ["last"]


def test_the_same_bytes_twice_are_two_resources_and_one_object(place: Place, client: httpx.Client) -> None:
    content = png(seed=8)
    first = upload(client, "a.png", content)
    objects = place.left()["objects"]
    second = upload(client, "b.png", content)
    assert first != second
    assert place.left()["objects"] == objects
    digest = hashlib.sha256(content).hexdigest()
    known = client.post("/resources/known", json={"sha256": [digest, "0" * 64]}).json()["known"]
    assert set(known[digest]) == {first, second}
    assert not known.get("0" * 64)


def test_a_large_file_passes_in_pieces(client: httpx.Client) -> None:
    volume = np.random.default_rng(1).integers(0, 255, (120, 130, 100), np.uint8)
    content = nifti(volume, np.eye(4))
    rid = upload(client, "large.nii", content)
    assert client.get(f"/resources/{rid}/file").content == content
    row = client.get(f"/resources/{rid}").json()
    assert row["metadata"]["frame_count"] == 100
    assert row["metadata"]["dims"][:4] == [3, 120, 130, 100]


def test_frames_slices_and_thumbnails_are_pictures(place: Place, client: httpx.Client) -> None:
    rid = upload(client, "t1.nii.gz", (DEMO_DATA / "mni152_t1.nii.gz").read_bytes())
    place.drain()
    assert client.get(f"/resources/{rid}").json()["state"] == "ready"
    for path in ("frames/90", "slices/sagittal/60", "thumbnail"):
        response = client.get(f"/resources/{rid}/{path}", headers={"accept": "image/*"})
        assert response.status_code == 200, response.text
        assert Image.open(io.BytesIO(response.content)).width > 10
    refused(client.get(f"/resources/{rid}/frames/189"), 400, "189")
    refused(client.get(f"/resources/{rid}/slices/slanted/1"), 400, "axis")
    assert client.get(f"/resources/{rid}/findings").status_code == 200


def test_every_filter_narrows(client: httpx.Client) -> None:
    one = upload(client, "filter-one.png", png(seed=21), channel="fc", tags="x,y", modality="XX")
    two = upload(client, "filter-two.png", png(seed=22), channel="fc", tags="y")
    upload(client, "other.png", png(seed=23))
    project = client.post("/projects", json={"name": "filtered", "resource_ids": [one, two]}).json()
    client.post(f"/resources/{one}/publish")
    row = client.get(f"/resources/{one}").json()

    def found(**filters: str) -> set[str]:
        return {entry["id"] for entry in resources(client, **filters)}

    def chosen(words: list[str], kind: str) -> str:
        return json.dumps({"items": words, "filterType": kind})

    assert found(channel_name="fc") == {one, two}
    assert found(channel_name="fc", status="published") == {one}
    assert found(channel_name="fc", status="inbox") == {two}
    assert found(filename="filter-one.png") == {one}
    assert found(modality="XX") == {one}
    assert found(channel_name="fc", mimetype="image/png") == {one, two}
    assert found(channel_name="fc", tags=chosen(["x", "y"], "union")) == {one, two}
    assert found(channel_name="fc", tags=chosen(["x", "y"], "intersection")) == {one}
    assert found(project=chosen(["filtered"], "intersection")) == {one, two}
    assert found(project_id=project["id"]) == {one, two}
    assert found(channel_name="fc", **{"from": row["created_at"]}) == {one, two}
    assert found(channel_name="fc", to=row["created_at"]) == set()
    names = [
        entry["filename"]
        for entry in resources(client, channel_name="fc", order_field="filename", order_by_asc="false")
    ]
    assert names == ["filter-two.png", "filter-one.png"]
    client.delete(f"/resources/{two}")
    assert found(channel_name="fc") == {one}
    assert found(channel_name="fc", deleted="only") == {two}
    assert found(channel_name="fc", deleted="include") == {one, two}
    refused(client.get("/resources?order_field=colour"), 400, "order_field")
    refused(client.get("/resources?status=lost"), 400, "status")
    refused(client.get("/resources?from=yesterday"), 400, "from")
    refused(client.get('/resources?tags={"items":5}'), 400, "tags.items")


def test_tags_publish_patch_delete_and_restore(client: httpx.Client) -> None:
    one, two = picture(client, 31), picture(client, 32)
    assert client.put(f"/resources/{one}/tags", json={"tags": ["b", "a"]}).json() == {}
    assert client.put("/resources/tags", json={"resource_ids": [one, two], "tags": ["c"]}).json() == {}
    assert client.get(f"/resources/{one}").json()["tags"] == ["c"]
    assert client.post("/resources/bulk-publish", json={"resource_ids": [one, two]}).json() == {}
    assert client.post(f"/resources/{one}/publish").status_code == 200  # again: harmless
    changed = client.patch(f"/resources/{one}", json={"metadata": {"k": 1}, "filename": "n.png", "tags": ["z"]}).json()
    assert (changed["metadata"]["k"], changed["filename"], changed["tags"]) == (1, "n.png", ["z"])
    assert client.delete("/resources", params={"resource_ids": f"{one},{two}"}).json() == {}
    gone = client.get(f"/resources/{one}").json()
    assert (gone["deleted"], gone["status"]) == (True, "deleted")
    outcome = client.post("/resources/restore", json={"ids": [one, UNKNOWN]}).json()
    assert outcome == {"restored": [one], "skipped": [{"id": UNKNOWN, "reason": "not_found"}]}
    assert client.post(f"/resources/{two}/restore").json()["deleted"] is False
    refused(client.delete("/resources", params={"resource_ids": ""}), 400, "resource_ids")
    refused(client.delete(f"/resources/{UNKNOWN}"), 404, " not found")


def test_channels_and_unlabelled_resources_are_listed(client: httpx.Client) -> None:
    rid = upload(client, "chan.png", png(seed=41), channel="my channel")
    body = client.get("/resources/channels").json()
    view = next(row for row in body["data"] if row["channel_name"] == "my channel")
    assert view["resource_data"][0]["resource_id"] == rid
    assert rid in {row["id"] for row in client.get("/resources/not-annotated").json()["data"][0]["resources"]}


def test_a_series_of_shuffled_files_is_one_resource_in_geometric_order(place: Place, client: httpx.Client) -> None:
    files = [slice_of_a_series(k) for k in (2, 0, 3, 1)]
    facts = {"name": "series", "token": "t-1", "channel": "g", "tags": ["s"]}
    gid = client.post("/resources/groups", json=facts).json()["id"]
    assert client.post("/resources/groups", json=facts).json()["id"] == gid
    for number, content in enumerate(files):
        sent = client.post(f"/resources/groups/{gid}/files", files={"resource": (f"{number}.dcm", content)})
        assert sent.json()["sha256"] == hashlib.sha256(content).hexdigest()
    assert len(client.get(f"/resources/groups/{gid}/files").json()) == 4
    assert client.post(f"/resources/groups/{gid}/close").status_code == 200
    assert client.post(f"/resources/groups/{gid}/close").status_code == 200
    place.drain()
    row = client.get(f"/resources/{gid}").json()
    assert (row["kind"], row["file_count"], row["metadata"]["frame_count"]) == ("dicom_series", 4, 4)
    assert (row["state"], row["is_volume"]) == ("ready", True)
    names = [entry["filename"] for entry in client.get(f"/resources/{gid}/files").json()]
    assert names in (["1.dcm", "3.dcm", "0.dcm", "2.dcm"], ["2.dcm", "0.dcm", "3.dcm", "1.dcm"])
    assert client.get(f"/resources/{gid}/files/0").content == files[int(names[0][0])]
    whole = client.get(f"/resources/{gid}/file")
    assert whole.content == client.get(f"/resources/{gid}/file").content
    assert whole.content[128:132] == b"DICM"


def slice_of_a_series(number: int) -> bytes:
    """The demo's CT slice moved along its normal, under an instance UID of its own."""
    import pydicom

    dataset = pydicom.dcmread(DEMO_DATA / "ct_small.dcm")
    dataset.SOPInstanceUID = f"1.2.826.0.1.3680043.8.498.77.{number + 1}"
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    x, y, z = dataset.ImagePositionPatient
    dataset.ImagePositionPatient = [x, y, float(z) + 5 * number]
    out = io.BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    return out.getvalue()


def test_a_group_that_is_given_up_leaves_nothing(place: Place, client: httpx.Client) -> None:
    before = place.left()
    gid = client.post("/resources/groups", json={"name": "empty"}).json()["id"]
    client.post(f"/resources/groups/{gid}/files", files={"resource": ("0.dcm", slice_of_a_series(9))})
    refused(client.post(f"/resources/groups/{gid}/files", files={"resource": ("x.dcm", b"no")}), 422, "x.dcm")
    assert client.delete(f"/resources/groups/{gid}").json() == {}
    refused(client.get(f"/resources/groups/{gid}/files"), 404, " not found")
    after = place.left()
    for name in ("item", "item_file", "spools"):
        assert after[name] == before[name]
    refused(client.post(f"/resources/groups/{UNKNOWN}/close"), 404, " not found")


# -- bad input --------------------------------------------------------------------------------------------------------------


def form(*parts: bytes, end: bytes = b"--B--\r\n") -> bytes:
    return b"".join(parts) + end


def part(content: bytes, name: bytes = b"resource", filename: bytes = b"a.png") -> bytes:
    head = b'--B\r\nContent-Disposition: form-data; name="' + name + b'"'
    return head + (b'; filename="' + filename + b'"' if filename else b"") + b"\r\n\r\n" + content + b"\r\n"


def absurd_nifti() -> bytes:
    header = nib.Nifti1Header()
    header.set_data_shape((10000, 10000, 10000))
    header.set_data_dtype(np.uint8)
    return bytes(header.binaryblock) + bytes(4)


GOOD = png(seed=60)
BAD_UPLOADS = {
    "an empty body": (b"", 400, "cut off"),
    "a body that is no form": (b"hello", 400, "cut off"),
    "no file part": (form(part(b"x", b"tags", b"")), 400, "no file part named 'resource'"),
    "two file parts": (form(part(GOOD), part(GOOD)), 400, "two file parts"),
    "a cut form": (form(part(GOOD))[:-30], 400, "cut off"),
    "an empty file": (form(part(b"")), 400, "empty"),
    "a name with parts of a path": (form(part(GOOD, filename=b"../../etc/passwd")), 400, "file name"),
    "a name with NUL": (form(part(GOOD, filename=b"a\x00.png")), 400, "file name"),
    "a name of 10,000 characters": (form(part(GOOD, filename=b"a" * 10_000)), 400, "file name"),
    "text named .dcm": (form(part(b"this is text\n" * 40, filename=b"a.dcm")), 422, "a.dcm"),
    "a cut picture": (form(part(GOOD[:-600])), 400, "a.png"),
    "a NIfTI of 10^12 voxels": (form(part(absurd_nifti(), filename=b"a.nii")), 400, "a.nii"),
    "metadata that is no JSON": (form(part(b"{", b"metadata", b""), part(GOOD)), 400, "metadata"),
    "metadata that is no object": (form(part(b"[1]", b"metadata", b""), part(GOOD)), 400, "metadata"),
    "a flag that is no flag": (form(part(b"maybe", b"bypass_inbox", b""), part(GOOD)), 400, "bypass_inbox"),
    "a file over the limit": (form(part(bytes(LIMIT + 1))), 413, "limit"),
}


OF_RESOURCES_ONLY = frozenset(name for name in BAD_UPLOADS if "metadata" in name or "flag" in name)
"""The files of a group have no facts of their own, so these cannot be wrong there."""


@pytest.mark.parametrize(
    ("path", "name"),
    [("/resources", name) for name in BAD_UPLOADS]
    + [("a group", name) for name in BAD_UPLOADS if name not in OF_RESOURCES_ONLY],
)
def test_a_bad_upload_is_refused_and_leaves_nothing(place: Place, client: httpx.Client, name: str, path: str) -> None:
    body, status, word = BAD_UPLOADS[name]
    if path == "a group":
        gid = client.post("/resources/groups", json={"name": "g", "token": "bad input"}).json()["id"]
        path = f"/resources/groups/{gid}/files"
    before = place.left()
    response = client.post(path, content=body, headers={"content-type": "multipart/form-data; boundary=B"})
    refused(response, status, word)
    assert place.left() == before
    assert client.get("/whoami").status_code == 200  # the server is well


def test_absurd_lengths_in_a_dicom_file_are_refused(place: Place, client: httpx.Client) -> None:
    content = bytearray((DEMO_DATA / "ct_small.dcm").read_bytes())
    at = content.index(b"\xe0\x7f\x10\x00OW\x00\x00") + 8
    content[at : at + 4] = (0xFFFFFFF0).to_bytes(4, "little")
    before = place.left()
    refused(client.post("/resources", files={"resource": ("long.dcm", bytes(content))}), 400, "long.dcm")
    assert place.left() == before


def raw(place: Place, head: str, body: bytes, *, hang_up: bool = False) -> bytes:
    """What the server answers to bytes on a socket; empty when the connection is hung up on it."""
    host, port = place.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(f"POST /resources HTTP/1.1\r\nHost: x\r\napikey: {KEY}\r\n{head}\r\n".encode() + body)
        if hang_up:
            return b""
        return connection.recv(65536)


TYPE = "Content-Type: multipart/form-data; boundary=B\r\n"


def test_a_content_length_that_is_too_long_is_told_at_once(place: Place) -> None:
    before, body = place.left(), form(part(GOOD))
    answer = raw(place, f"{TYPE}Content-Length: {len(body) + 5000}\r\n", body)
    assert b" 400 " in answer.split(b"\r\n")[0]
    assert b"Content-Length says" in answer
    assert place.left() == before


def test_a_content_length_that_is_too_short_is_a_cut_form(place: Place) -> None:
    before, body = place.left(), form(part(GOOD))
    answer = raw(place, f"{TYPE}Content-Length: {len(body) - 100}\r\n", body)
    assert b" 400 " in answer.split(b"\r\n")[0]
    assert place.left() == before


def test_a_body_over_the_limit_is_refused_before_it_comes(place: Place) -> None:
    answer = raw(place, f"{TYPE}Content-Length: {1 << 40}\r\n", b"")
    assert b" 413 " in answer.split(b"\r\n")[0]


def test_who_hangs_up_leaves_nothing(place: Place, client: httpx.Client) -> None:
    before = place.left()
    raw(place, f"{TYPE}Content-Length: {3 << 20}\r\n", part(bytes(2 << 20))[:-2], hang_up=True)
    # The next answers come after the server has seen the end of that connection, on the same loop and threads.
    for _ in range(200):
        client.get("/healthz")
        if place.left() == before:
            break
    assert place.left() == before


def test_a_full_disk_is_told(place: Place, client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from fiducial.errors import StorageFull

    def full(*_: Any) -> None:
        raise StorageFull("no space is left on the disk")

    before = place.left()
    spool = place.services.uploads.begin()
    monkeypatch.setattr(type(spool), "write", full)
    spool.discard()
    refused(client.post("/resources", files={"resource": ("a.png", png(seed=66))}), 507, "no space")
    monkeypatch.undo()
    assert place.left() == before


def test_other_bytes_under_a_known_instance_uid(place: Place, client: httpx.Client, tmp_path: Path) -> None:
    content = slice_of_a_series(50)
    other = content[:-2] + bytes([content[-2] ^ 1, content[-1]])
    one, two = upload(client, "one.dcm", content), upload(client, "two.dcm", other)
    for mine, its in ((one, two), (two, one)):
        codes = {entry["code"]: entry for entry in client.get(f"/resources/{mine}/findings").json()}
        assert its in json.dumps(codes["instance-uid-conflict"]["evidence"])
    with (
        serving(tmp_path / "strict", strict_instance_uid=True) as strict,
        httpx.Client(base_url=strict.url, headers={"apikey": KEY}) as asking,
    ):
        upload(asking, "one.dcm", content)
        before = strict.left()
        refused(asking.post("/resources", files={"resource": ("two.dcm", other)}), 409, "UID")
        assert strict.left() == before


@needs_shared
@pytest.mark.parametrize(
    "name",
    ["MR_truncated.dcm", "badVR.dcm", "ct-400-bytes.dcm", "ct-half.dcm", "cut.mp4", "cut.nii.gz", "cxr-half.png",
     "empty.dcm", "gh177-undefined-length.dcm", "rtplan_truncated.dcm", "xa-cut-at-40pct.dcm"],
)  # fmt: skip
def test_every_broken_file_is_refused_by_name(place: Place, client: httpx.Client, name: str) -> None:
    before = place.left()
    content = (SHARED_DATA / "broken" / name).read_bytes()
    refused(client.post("/resources", files={"resource": (name, content)}), 400, name)
    assert place.left() == before


# -- other organizations ----------------------------------------------------------------------------------------------------


def test_what_belongs_to_others_is_not_found(place: Place, client: httpx.Client, stranger: httpx.Client) -> None:
    rid = picture(client, 71)
    pid = client.post("/projects", json={"name": "private", "resource_ids": [rid]}).json()["id"]
    aid = client.post(f"/annotations/{rid}/annotations", json=[item("label")]).json()[0]
    wid = client.get(f"/projects/{pid}").json()["worklist_id"]
    did = client.get(f"/projects/{pid}").json()["dataset_id"]
    before = place.left()
    for path in (
        f"/resources/{rid}", f"/resources/{rid}/file", f"/resources/{rid}/frames/0", f"/resources/{rid}/files",
        f"/resources/{rid}/thumbnail", f"/projects/{pid}", f"/projects/{pid}/resources", f"/projects/{pid}/members",
        f"/projects/{pid}/worklists", f"/annotations/{aid}", f"/annotationsets/{wid}", f"/datasets/{did}",
        f"/annotations/{aid}/history", "/users/admin@example.org",
    ):  # fmt: skip
        refused(stranger.get(path), 404, " not found")
    for method, path, body in (
        ("POST", f"/annotations/{rid}/annotations", [item("label")]),
        ("POST", f"/projects/{pid}/resources", {"resource_ids_to_add": [rid]}),
        ("PATCH", f"/annotations/{aid}", {"identifier": "stolen"}),
        ("PATCH", f"/resources/{rid}", {"filename": "stolen"}),
        ("DELETE", f"/resources/{rid}", None),
        ("DELETE", f"/annotations/{aid}", None),
        ("DELETE", f"/projects/{pid}", None),
    ):
        refused(stranger.request(method, path, json=body), 404, " not found")
    assert stranger.post("/annotations/search", json={"resource_ids": [rid]}).json()["data"] == []
    assert rid not in {row["id"] for row in resources(stranger)}
    assert place.left() == before


# -- projects ---------------------------------------------------------------------------------------------------------------


def test_a_project_from_beginning_to_archive(client: httpx.Client) -> None:
    one, two = picture(client, 81), picture(client, 82)
    body = {
        "name": "whole", "description": "d", "is_active_learning": False, "resource_ids": [one],
        "segmentationData": {"segmentationValueType": "multi_label",
                             "definitions": [{"identifier": "liver", "color": [1, 2, 3], "index": 1}]},
        "annotation_set": {"resource_ids": [one], "annotations": [
            {"type": "category", "identifier": "q", "scope": "image", "required": True, "values": ["a", "b"]}]},
        "two_up_display": True, "require_review": False,
    }  # fmt: skip
    made = client.post("/projects", json=body).json()
    pid = made["id"]
    assert (made["name"], made["resource_count"], made["two_up_display"]) == ("whole", 1, True)
    assert made["annotators"][0]["email"] == "admin@example.org"
    assert refused(client.post("/projects", json=body), 409)["id"] == pid
    assert client.post(f"/projects/{pid}/resources", json={"resource_ids_to_add": [two]}).json() == {}
    assert client.post(f"/projects/{pid}/resources", json={"resource_ids_to_add": [two]}).json() == {}
    refused(client.post(f"/projects/{pid}/resources", json={"resource_ids_to_add": [UNKNOWN]}), 404, UNKNOWN)
    rows = client.get(f"/projects/{pid}/resources").json()
    assert [row["id"] for row in rows] == [one, two]
    assert rows[0] == client.get(f"/resources/{one}").json()
    assert client.post(f"/projects/{pid}/resources/{one}/status", json={"status": "annotated"}).json() == {}
    refused(client.post(f"/projects/{pid}/resources/{one}/status", json={"status": "lost"}), 400, "status")
    states = {row["resource_id"]: row["status"] for row in client.get(f"/projects/{pid}/annotation-statuses").json()}
    assert states == {one: "annotated", two: None}
    assert client.get(f"/projects/{pid}").json()["annotated_resource_count"] == 1
    changed = client.patch(f"/projects/{pid}", json={"pinned_metrics": ["dice"], "description": "e"}).json()
    assert (changed["pinned_metrics"], changed["description"]) == (["dice"], "e")
    assert client.get(f"/projects/{pid}").json()["pinned_metrics"] == ["dice"]
    assert client.delete(f"/projects/{pid}").json() == {}
    listed = {row["id"] for row in client.get("/projects").json()["data"]}
    everything = {row["id"]: row for row in client.get("/projects?includeArchived=true").json()["data"]}
    assert pid not in listed
    assert everything[pid]["archived"] is True
    refused(client.post("/projects", json={"name": "whole"}), 409)
    assert client.post(f"/projects/{pid}/restore").json()["archived"] is False


def test_worklists_segmentation_groups_and_datasets(client: httpx.Client) -> None:
    one, two = picture(client, 91), picture(client, 92)
    project = client.post("/projects", json={"name": "sets", "resource_ids": [one]}).json()
    pid, did = project["id"], project["dataset_id"]
    lists = client.get(f"/projects/{pid}/worklists").json()
    assert [entry["id"] for entry in lists] == [project["worklist_id"]]
    client.post(f"/projects/{pid}/resources", json={"resource_ids_to_add": [two]})
    made = client.post(
        "/annotationsets",
        json={
            "name": "Imported annotations", "project_id": pid, "resource_ids": [one],
            "annotations": [{"type": "label", "identifier": "l", "scope": "frame", "required": False}],
            "segmentation_data": {"segmentationValueType": "single_label",
                                  "definitions": [{"identifier": "tumor", "color": [255, 0, 0], "index": 1}]},
        },
    )  # fmt: skip
    wid = made.json()["id"]
    shown = client.get(f"/annotationsets/{wid}").json()
    assert (shown["name"], shown["resource_ids"]) == ("Imported annotations", [one])
    assert {spec["identifier"] for spec in shown["annotations"]} >= {"l"}
    assert shown["segmentation_type"] == "single_label"
    group = client.get(f"/annotationsets/{wid}/segmentation-group").json()["groups"]
    assert group["tumor"]["index"] == 1
    assert group["tumor"]["color"][:3] == [255, 0, 0]
    assert client.post(f"/annotationsets/{wid}/resources", json={"resource_ids_to_add": [two]}).status_code == 200
    assert client.get(f"/annotationsets/{wid}").json()["resource_ids"] == [one, two]
    assert client.patch(f"/annotationsets/{wid}", json={"name": "renamed"}).json()["name"] == "renamed"
    assert wid in {entry["id"] for entry in client.get("/annotationsets").json()["data"]}
    refused(client.post("/annotationsets", json={"name": "x"}), 400, "project_id")
    refused(
        client.patch(f"/annotationsets/{wid}", json={"annotations": [{"type": "bbox", "identifier": "x"}]}), 400, "bbox"
    )
    dataset = client.get(f"/datasets/{did}").json()
    assert (dataset["resource_ids"], dataset["total_resource"]) == ([one, two], 2)
    three = picture(client, 93)
    client.post(f"/datasets/{did}/resources", json={"resource_ids_to_add": [three], "all_files_selected": False})
    assert len(client.get(f"/projects/{pid}/resources").json()) == 3
    assert [row["id"] for row in client.get(f"/datasets/{did}/resources").json()] == [one, two, three]
    assert did in {entry["id"] for entry in client.get("/datasets").json()["data"]}


def test_members_come_and_go(place: Place, client: httpx.Client) -> None:
    user = client.post(
        "/users", json={"email": "m@example.org", "firstname": "M", "lastname": None, "roles": None}
    ).json()
    pid = client.post("/projects", json={"name": "people"}).json()["id"]
    client.post(f"/projects/{pid}/members/{user['user_id']}", json={"roles": ["PROJECT_ANNOTATOR"]})
    emails = {entry["email"]: entry for entry in client.get(f"/projects/{pid}/members").json()}
    assert emails["m@example.org"]["roles"] == ["PROJECT_ANNOTATOR"]
    assert client.delete(f"/projects/{pid}/members/{user['user_id']}").json() == {}
    assert len(client.get(f"/projects/{pid}/members").json()) == 1


def test_users_by_email(client: httpx.Client) -> None:
    body = {
        "email": "U@example.org",
        "password": "long enough a word",
        "firstname": "U",
        "lastname": None,
        "roles": None,
    }
    made = client.post("/users", json=body).json()
    assert (made["email"], made["firstname"], made["lastname"]) == ("u@example.org", "U", None)
    assert refused(client.post("/users", json=body), 409)["email"] == "u@example.org"
    assert isinstance(client.get("/users").json(), list)
    client.patch("/users/u@example.org", json={"lastname": "L"})
    assert client.get("/users/u@example.org").json()["lastname"] == "L"
    assert client.delete("/users/u@example.org").json() == {}
    assert client.get("/users/u@example.org").json()["disabled"] is True
    refused(client.get("/users/nobody@example.org"), 404, " not found")
    refused(client.post("/users", json={"email": "no address"}), 400, "e-mail")


# -- annotations ------------------------------------------------------------------------------------------------------------


def item(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "identifier": kind, "scope": "image", **more}


SHAPES: dict[str, list[list[float]]] = {
    "square": [[5.5, 6.5, 0], [20.5, 6.5, 0], [5.5, 30.5, 0], [20.5, 30.5, 0]],
    "line": [[1, 2, 0], [30, 40, 0]],
    "point": [[10.25, 11.75, 0]],
    "region": [[1, 1, 0], [20, 1, 0], [20, 20, 0]],
    "circle": [[20, 20, 0], [25, 20, 0]],
    "angle": [[1, 10, 0], [1, 1, 0], [10, 1, 0]],
    "distance": [[1, 10, 0], [1, 1, 0]],
    "area": [[1, 10, 0], [1, 1, 0], [10, 1, 0]],
    "spline": [[1, 10, 0], [1, 1, 0], [10, 1, 0]],
}


def test_every_annotation_type_goes_in_and_comes_out(client: httpx.Client) -> None:
    rid = picture(client, 101)
    shapes = [item(kind, scope="frame", frame_index=0, geometry={"points": points}) for kind, points in SHAPES.items()]
    shapes[3]["geometry"]["closed"] = True
    values = [
        item("category", value="left"), item("label"), item("text", value="free text"),
        item("integer", value=5, units="mm"), item("float", value=2.5), item("segmentation", scope="frame", frame_index=0),
    ]  # fmt: skip
    ids = client.post(f"/annotations/{rid}/annotations", json=shapes + values).json()
    assert all(isinstance(entry, str) for entry in ids)
    body = client.post("/annotations/search", json={"resource_ids": [rid], "offset": "0", "limit": "5000"}).json()
    found = {row["id"]: row for row in body["data"]}
    assert body["totalCount"] == len(ids) == len(found)
    for aid, sent in zip(ids, shapes + values, strict=True):
        row = found[aid]
        assert row == client.get(f"/annotations/{aid}").json()
        assert (row["annotation_type"], row["identifier"], row["scope"]) == (
            sent["type"],
            sent["identifier"],
            sent["scope"],
        )
        assert row["resource_id"] == rid
        assert (row["deleted"], row["confiability"]) == (False, 1.0)
        if "geometry" in sent:
            assert np.allclose(row["geometry"]["points"], sent["geometry"]["points"], atol=1e-9, rtol=0)
    assert found[ids[3]]["geometry"]["closed"] is True
    assert found[ids[9]]["text_value"] == "left"
    assert (found[ids[12]]["numeric_value"], found[ids[12]]["units"]) == (5, "mm")
    legacy = client.get("/annotations", params={"resource_id": rid, "annotation_type": "square"}).json()["data"]
    assert [row["id"] for row in legacy] == [ids[0]]


def test_a_line_in_mm_comes_back_to_the_digit(client: httpx.Client) -> None:
    rid = upload(client, "ct.dcm", (DEMO_DATA / "ct_small.dcm").read_bytes())
    geometry = {
        "points": [[-150.123456789, -170.5, -75.699997], [-100.0, -120.25, -75.699997]],
        "viewPlaneNormal": [0.0, 0.0, 1.0],
        "viewUp": [0.0, 1.0, 0.0],
    }
    aid = client.post(f"/annotations/{rid}/annotations", json=[item("line", geometry=geometry)]).json()[0]
    row = client.get(f"/annotations/{aid}").json()
    assert row["geometry"] == geometry
    assert (row["scope"], row["frame_index"]) == ("image", None)


def test_masks_as_files(client: httpx.Client) -> None:
    rid = picture(client, 111)
    aid = client.post(
        f"/annotations/{rid}/annotations", json=[item("segmentation", scope="frame", frame_index=0)]
    ).json()[0]
    mask = np.zeros((48, 64), bool)
    mask[3:9, 10:20] = True
    path = f"/annotations/{rid}/annotations/{aid}/file"
    first = client.post(path, files={"file": ("liver", mask_png(mask), "image/png")}).json()
    assert client.get(path).content == mask_png(mask)
    mask[0, 0] = True
    second = client.post(path, files={"file": ("liver", mask_png(mask), "image/png")}).json()
    assert first["associated_file"] != second["associated_file"]
    assert client.get(path).content == mask_png(mask)
    refused(client.post(path, files={"file": ("liver", mask_png(mask[:-1]), "image/png")}), 400, "64", "47", "48")
    refused(client.post(path, files={"file": ("liver", b"no picture", "image/png")}), 400)
    refused(client.post(path, files={"other": ("liver", mask_png(mask))}), 400, "'other'")
    assert client.get(path).content == mask_png(mask)


def test_a_label_map_is_split_into_one_volume_per_label(place: Place, client: httpx.Client) -> None:
    affine = np.diag([2.0, 2.0, 3.0, 1.0])
    rid = upload(client, "v.nii", nifti(np.arange(10 * 12 * 8, dtype=np.int16).reshape(10, 12, 8), affine))
    place.drain()
    labels = np.zeros((10, 12, 8), np.uint8)
    labels[2:4, 2:4, 2:4], labels[5:8, 5:8, 5:8] = 1, 2
    path = f"/annotations/{rid}/segmentations/file"
    sent = client.post(
        path,
        files={"file": ("s.nii", nifti(labels, affine), "application/nifti")},
        data={"segmentation_map": '{"1": "liver", "2": "tumor"}', "source": "imported"},
    )
    ids = sent.json()
    assert len(ids) == 2
    for aid, name, value in zip(ids, ("liver", "tumor"), (1, 2), strict=True):
        row = client.get(f"/annotations/{aid}").json()
        assert (row["identifier"], row["scope"], row["annotation_type"]) == (name, "image", "segmentation")
        content = client.get(f"/annotations/{rid}/annotations/{aid}/file").content
        if content[:2] == b"\x1f\x8b":
            import gzip

            content = gzip.decompress(content)
        image = nib.Nifti1Image.from_bytes(content)
        assert np.array_equal(np.asarray(image.dataobj) != 0, labels == value)
        assert np.allclose(image.affine, affine)
    before = place.left()
    small = {"file": ("s.nii", nifti(labels[:-1], affine), "application/nifti")}
    refused(client.post(path, files=small), 400, "12")
    good = {"file": ("s.nii", nifti(labels, affine), "application/nifti")}
    refused(client.post(path, files=good, data={"segmentation_map": '{"one": "liver"}'}), 400, "segmentation_map")
    assert place.left() == before


def test_frame_ranges_are_half_open_here_and_inclusive_there(client: httpx.Client) -> None:
    rid = upload(client, "echo.dcm", (DEMO_DATA / "echo_cine.dcm").read_bytes())
    frames = client.get(f"/resources/{rid}").json()["metadata"]["frame_count"]
    track = {"identifier": "phase", "type": "category",
             "values": [{"value": "systole", "frame_ranges": [{"start": 0, "end": 3}]}]}  # fmt: skip
    path = f"/annotations/{rid}/frame-ranges"
    assert len(client.put(path, json=track).json()["created"]) == 1
    assert client.get(path).json()[0]["frame_ranges"] == [{"start": 0, "end": 3}]
    rows = client.post("/annotations/search", json={"resource_id": rid}).json()["data"]
    assert [row["frame_index"] for row in rows] == [0, 1, 2]
    assert len({row["id"] for row in rows}) == 3
    client.delete(f"/annotations/{rows[1]['id']}")
    left = client.post("/annotations/search", json={"resource_id": rid}).json()["data"]
    assert [row["id"] for row in left] == [rows[0]["id"], rows[2]["id"]]
    sent = client.post(
        f"/annotations/{rid}/annotations", json=[item("label", scope="frame", frame_range=[0, frames - 1])]
    )
    assert sent.status_code == 200
    client.put(path, json={**track, "values": []})
    assert not [row for row in client.get(path).json() if row["identifier"] == "phase"]
    wrong = {**track, "values": [{"value": "x", "frame_ranges": [{"start": 3, "end": 3}]}]}
    refused(client.put(path, json=wrong), 400, "start < end")


def test_patch_approve_delete_and_history(client: httpx.Client) -> None:
    rid = picture(client, 121)
    one, two = client.post(f"/annotations/{rid}/annotations", json=[item("label"), item("text", value="v")]).json()
    assert client.patch(f"/annotations/{one}", json={"identifier": "renamed"}).json()["identifier"] == "renamed"
    assert client.patch(f"/annotations/{one}/approve").json()["approved_by"] == "admin@example.org"
    assert [entry["action"] for entry in client.get(f"/annotations/{one}/history").json()] == [
        "create",
        "update",
        "approve",
    ]
    assert client.delete(f"/annotations/{one}").json() == {}
    assert client.post("/annotations/delete-batch", json={"ids": [two]}).json() == {}
    assert client.post("/annotations/search", json={"resource_id": rid}).json()["data"] == []
    gone = client.post("/annotations/search", json={"resource_id": rid, "deleted": "only"}).json()["data"]
    assert {row["id"] for row in gone} == {one, two}
    refused(client.patch(f"/annotations/{two}", json={"geometry": {}}), 422, "not available yet")


BAD_LABELS = {
    "an unknown type": ([item("bbox")], 400, "bbox"),
    "an object instead of an array": (item("label"), 400, "array"),
    "a box outside": (
        [item("square", geometry={"points": [[0, 0, 0], [99, 0, 0], [0, 9, 0], [99, 9, 0]]})],
        400,
        "outside",
    ),
    "too few points": ([item("line", geometry={"points": [[0, 0, 0]]})], 400, "points"),
    "a frame out of range": ([item("label", scope="frame", frame_index=5)], 400, "out of range"),
    "no identifier": ([item("label", identifier="")], 400, "identifier"),
    "an unknown set": ([item("label", annotation_worklist_id=UNKNOWN)], 404, " not found"),
    "a wrong set": ([item("label", annotation_worklist_id="x")], 400, "UUID"),
    "one bad among good": ([item("label"), item("bbox")], 400, "[1]"),
}


@pytest.mark.parametrize("name", BAD_LABELS)
def test_a_bad_label_is_refused_and_nothing_of_its_request_stays(place: Place, client: httpx.Client, name: str) -> None:
    body, status, word = BAD_LABELS[name]
    rid = picture(client, 131)
    before = place.left()
    refused(client.post(f"/annotations/{rid}/annotations", json=body), status, word)
    assert place.left() == before


def test_numbers_that_are_none_are_refused(place: Place, client: httpx.Client) -> None:
    rid = picture(client, 132)
    before = place.left()
    body = b'[{"type":"point","identifier":"p","scope":"image","geometry":{"points":[[NaN,1,0]]}}]'
    refused(client.post(f"/annotations/{rid}/annotations", content=body), 400, "finite")
    assert place.left() == before


def test_only_administrators_credit_others(place: Place, client: httpx.Client) -> None:
    rid = picture(client, 133)
    client.post("/users", json={"email": "w@example.org"})
    writer = place.services.access.find_user("w@example.org")
    _, key = place.services.access.create_key(writer, email=writer.email, title="t")
    body = [item("label", import_author="admin@example.org")]
    with httpx.Client(base_url=place.url, headers={"apikey": key}) as other:
        refused(other.post(f"/annotations/{rid}/annotations", json=body), 403)
    aid = client.post(f"/annotations/{rid}/annotations", json=[item("label", import_author="w@example.org")]).json()[0]
    assert client.get(f"/annotations/{aid}").json()["import_author"] == "w@example.org"


def test_a_search_of_thousands_of_resources_and_of_none(client: httpx.Client) -> None:
    rid = picture(client, 141)
    client.post(f"/annotations/{rid}/annotations", json=[item("label")])
    many = [f"00000000-0000-7000-8000-{n:012x}" for n in range(5000)]
    found = client.post("/annotations/search", json={"resource_ids": [*many, rid]}).json()["data"]
    assert [row["resource_id"] for row in found] == [rid]
    assert client.post("/annotations/search", json={"resource_ids": []}).json()["data"] == []
    refused(client.post("/annotations/search", json={"limit": "5001"}), 400, "limit")
    refused(client.post("/annotations/search", json={"deleted": "maybe"}), 400, "deleted")
    refused(client.post("/annotations/search", json={"annotation_type": "bbox"}), 400, "bbox")
