"""Bytes: what goes in comes out, whichever way; equal bytes are kept once; nothing is ever overwritten."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.acceptance.support import (
    READY_LIMIT_S,
    api_of,
    as_dicom_bytes,
    demo_files,
    got,
    new_dicom,
    send,
    sha256_of,
    shared_files,
    short,
    stored_objects,
)
from tests.demo_data import DEMO_DATA
from tests.running import Running

FILES = [*demo_files(), *shared_files()]


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


@pytest.fixture(scope="module")
def by_our_client(running: Running) -> dict[Path, str]:
    """Every file through `upload_resources`, over several connections."""
    with api_of(running) as api:
        ids = api.resources.upload_resources(
            FILES, assemble_dicoms=False, discard_dicom_reports=False, resume=False, connections=4
        )
    return {path: str(item_id) for path, item_id in zip(FILES, ids, strict=True)}


def test_every_file_comes_back_through_our_client(
    running: Running, by_our_client: dict[Path, str], tmp_path: Path
) -> None:
    assert len(set(by_our_client.values())) == len(FILES)
    with api_of(running) as api:
        saved = api.resources.download_multiple_resources(list(by_our_client.values()), str(tmp_path))
    wrong = [short(p) for p, copy in zip(by_our_client, saved, strict=True) if sha256_of(p) != sha256_of(Path(copy))]
    assert not wrong


def test_every_file_is_told_and_hashed_as_it_is(client: httpx.Client, by_our_client: dict[Path, str]) -> None:
    for path, item_id in by_our_client.items():
        found = got(client, f"/resources/{item_id}")
        (file,) = got(client, f"/resources/{item_id}/files")
        assert (found["filename"], found["size"]) == (path.name, path.stat().st_size)
        assert (file["sha256"], file["size"]) == (sha256_of(path), path.stat().st_size), short(path)
        assert found["source_filepath"] == str(path)


@pytest.mark.parametrize(
    "path", [p for p in FILES if p.parent.parent.name not in {"ct-series", "mr-series"}], ids=short
)
def test_multipart_in_and_plain_get_out(client: httpx.Client, path: Path) -> None:
    body = path.read_bytes()
    item_id = send(client, path.name, body, source_filepath=str(path), mimetype="application/octet-stream")
    for address in (f"/resources/{item_id}/file", f"/resources/{item_id}/files/0"):
        answer = client.get(address)
        assert answer.content == body
        assert int(answer.headers["content-length"]) == len(body)
        assert answer.headers["etag"].strip('"') == sha256_of(path)


def test_parts_of_a_file(client: httpx.Client) -> None:
    body = (DEMO_DATA / "fundus.jpg").read_bytes()
    address, size = f"/resources/{send(client, 'fundus.jpg', body)}/file", len(body)
    wanted = {
        "bytes=0-0": (0, 0),
        "bytes=100-299": (100, 299),
        f"bytes={size - 7}-": (size - 7, size - 1),
        "bytes=-50": (size - 50, size - 1),
        f"bytes=10-{size + 1000}": (10, size - 1),
    }
    for asked, (first, last) in wanted.items():
        answer = client.get(address, headers={"Range": asked})
        assert (answer.status_code, answer.content) == (206, body[first : last + 1]), asked
        assert answer.headers["content-range"] == f"bytes {first}-{last}/{size}"
    behind = client.get(address, headers={"Range": f"bytes={size}-"})
    assert (behind.status_code, behind.headers["content-range"]) == (416, f"bytes */{size}")


def test_an_unchanged_file_is_not_sent_again(client: httpx.Client) -> None:
    item_id = send(client, "mr_small.dcm", (DEMO_DATA / "mr_small.dcm").read_bytes())
    tag = client.get(f"/resources/{item_id}/file").headers["etag"]
    again = client.get(f"/resources/{item_id}/file", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get(f"/resources/{item_id}/file", headers={"If-None-Match": '"something else"'})
    assert other.status_code == 200


def test_equal_bytes_are_two_items_and_one_object(running: Running, client: httpx.Client) -> None:
    body = new_dicom(DEMO_DATA / "ct_small.dcm", ImageComments="sent twice")
    first, second = send(client, "one.dcm", body), send(client, "two.dcm", body)
    assert first != second
    assert [name for name in stored_objects(running) if sha256_of(body) in name] == [sha256_of(body)]
    assert [got(client, f"/resources/{i}")["filename"] for i in (first, second)] == ["one.dcm", "two.dcm"]
    client.delete(f"/resources/{first}").raise_for_status()
    assert client.get(f"/resources/{second}/file").content == body


def test_the_same_uid_with_other_bytes_is_kept_and_told_on_both(client: httpx.Client) -> None:
    import pydicom
    from pydicom.uid import generate_uid

    dataset = pydicom.dcmread(DEMO_DATA / "ct_small.dcm")
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    bodies, ids = [], []
    for comment in ("the one", "the other"):
        dataset.ImageComments = comment
        bodies.append(as_dicom_bytes(dataset))
        ids.append(send(client, "same.dcm", bodies[-1]))
    for mine, other in ((0, 1), (1, 0)):
        assert client.get(f"/resources/{ids[mine]}/file").content == bodies[mine]
        (told,) = got(client, f"/resources/{ids[mine]}/findings")
        assert (told["code"], told["severity"]) == ("instance-uid-conflict", "warning")
        assert told["evidence"]["instance_uid"] == dataset.SOPInstanceUID
        assert told["evidence"]["sha256"] == sha256_of(bodies[mine])
        assert told["evidence"]["others"] == [{"item_id": ids[other], "sha256": sha256_of(bodies[other])}]
        assert ids[other] in told["message"]
        assert sha256_of(bodies[other]) in told["message"]


def test_no_upload_leaves_a_temporary_file(running: Running, by_our_client: dict[Path, str]) -> None:
    """A worker may be writing a thumbnail just now; what is there to stay does not go away."""
    seen, end = spooled(running), time.monotonic() + READY_LIMIT_S
    while (left := seen & spooled(running)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not left


def spooled(running: Running) -> set[Path]:
    """Files being received, by any process of the system; the locks are empty."""
    sizes = {p: _size(p) for p in running.data_dir.rglob("*") if "spool" in p.parts}
    return {path for path, size in sizes.items() if size}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except FileNotFoundError:
        return 0
