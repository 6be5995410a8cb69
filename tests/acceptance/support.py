"""What the acceptance tests share: the files, the way in, what the shared data's README says, and waiting for a state."""

from __future__ import annotations

import hashlib
import io
import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from fiducial import Api
from tests.demo_data import DEMO_DATA
from tests.running import Running
from tests.shared_data import SHARED_DATA

READY_LIMIT_S = 60
CT_SERIES = SHARED_DATA / "ct-series" / "philips-ingenuity-head-phantom-1mm"
MR_SERIES = SHARED_DATA / "mr-series" / "studyforrest-7T-t1w"


def sha256_of(data: bytes | Path) -> str:
    return hashlib.sha256(data.read_bytes() if isinstance(data, Path) else data).hexdigest()


# -- files ------------------------------------------------------------------------------------------------------------


def shared_files() -> list[Path]:
    """Every real file beside the project, the broken ones and the README aside."""
    found = sorted(path for path in SHARED_DATA.rglob("*") if path.is_file())
    return [p for p in found if p != SHARED_DATA / "README.md" and SHARED_DATA / "broken" not in p.parents]


def demo_files() -> list[Path]:
    """The project's own images."""
    return sorted(p for p in DEMO_DATA.rglob("*") if p.is_file() and p.suffix not in {".md", ".py", ".pyc"})


def short(path: Path) -> str:
    """A path as a test's name."""
    root = SHARED_DATA if SHARED_DATA in path.parents else DEMO_DATA
    return path.relative_to(root).as_posix()


def as_dicom_bytes(dataset: Any) -> bytes:
    """A pydicom dataset as a file."""
    out = io.BytesIO()
    dataset.save_as(out)
    return out.getvalue()


def new_dicom(source: Path, **changes: Any) -> bytes:
    """The file with an instance UID of its own and other attributes; None takes one out."""
    import pydicom
    from pydicom.uid import generate_uid

    dataset = pydicom.dcmread(source)
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    for name, value in changes.items():
        if value is None:
            del dataset[name]
        else:
            setattr(dataset, name, value)
    return as_dicom_bytes(dataset)


def new_video(frames: int = 12, width: int = 96, height: int = 64) -> bytes:
    """A small MP4 whose frames differ."""
    import av
    import numpy as np

    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(frames):
            picture = np.full((height, width, 3), 20 * number % 256, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return out.getvalue()


# -- the way in -------------------------------------------------------------------------------------------------------


class Gate(httpx.BaseTransport):
    """The network, watched: what was asked, and a ``rule`` that may cut the connection before a request goes out."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport()
        self.asked: list[tuple[str, str]] = []
        self.rule: Callable[[str, str], bool] = lambda method, path: True

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not self.rule(request.method, request.url.path):
            raise httpx.ReadError("cut by the test", request=request)
        self.asked.append((request.method, request.url.path))
        return self._inner.handle_request(request)

    def count(self, method: str, pattern: str) -> int:
        """Requests of that method whose whole path matches."""
        return sum(m == method and re.fullmatch(pattern, path) is not None for m, path in self.asked)

    def close(self) -> None:
        self._inner.close()


def api_of(system: Running, key: str | None = None, gate: Gate | None = None) -> Api:
    """Our own client; through ``gate`` when given."""
    if gate is None:
        return Api(system.url, key or system.key)
    headers = {"apikey": key or system.key}
    client = httpx.Client(base_url=system.url, headers=headers, transport=gate, timeout=120)
    return Api(system.url, key or system.key, client=client, check_connection=False)


def send(client: httpx.Client, name: str, body: bytes, **fields: str) -> str:
    """A plain multipart upload; the new item's id."""
    answer = client.post("/resources", files={"resource": (name, body)}, data=fields)
    assert answer.status_code == 200, f"{name}: {answer.status_code} {answer.text}"
    return str(answer.json()["id"])


def got(client: httpx.Client, path: str, **params: Any) -> Any:
    """The JSON of a GET that must succeed."""
    answer = client.get(path, params=params)
    assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text[:500]}"
    return answer.json()


def when_ready(client: httpx.Client, item_id: str) -> dict[str, Any]:
    """The resource when its follow-up work has ended."""
    end = time.monotonic() + READY_LIMIT_S
    while time.monotonic() < end:
        found: dict[str, Any] = got(client, f"/resources/{item_id}")
        if found["state"] not in {"pending", "open"}:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{found['filename']} is still {found['state']} after {READY_LIMIT_S} s")


def own_findings(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """By code; without those that only say that another test has sent this UID with other bytes."""
    return {entry["code"]: entry for entry in found if entry["code"] != "instance-uid-conflict"}


# -- what the system keeps ------------------------------------------------------------------------------------------


def option(system: Running, name: str) -> str | None:
    """What the system's processes were started with."""
    arguments = [str(a) for a in system.processes[0].args]  # type: ignore[union-attr]
    return arguments[arguments.index(name) + 1] if name in arguments else None


def database_of(system: Running) -> str:
    """The database's URL: the server's own word, else the file in its folder."""
    from fiducial_server.app.settings import read_settings

    given = {"data_dir": str(system.data_dir), "database_url": option(system, "--database-url")}
    return str(read_settings(given).database)


def stored_objects(system: Running) -> Iterator[str]:
    """Keys of everything in the store."""
    url = option(system, "--storage-url")
    if url is None:
        yield from (path.name for path in (system.data_dir / "files" / "objects").rglob("*") if path.is_file())
        return
    import boto3  # type: ignore[import-untyped]

    settings = system.environment
    s3 = boto3.client(
        "s3",
        endpoint_url=next(value for name, value in settings.items() if "ENDPOINT" in name),
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
    )
    with closing(s3):
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=urlsplit(url).netloc):
            yield from (entry["Key"].rpartition("/")[2] for entry in page.get("Contents", ()))


# -- the README of the shared data ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One row of the README about one file: its own words, and its hash."""

    path: Path
    facts: str
    sha256: str


def readme_rows() -> list[Row]:
    """Rows about single files that are whole."""
    readme = SHARED_DATA / "README.md"
    if not readme.is_file():
        return []
    cells = [line.strip("|").split("|") for line in readme.read_text().splitlines() if line.startswith("|")]
    rows = [Row(SHARED_DATA / c[0], c[4], c[5]) for c in cells if len(c) == 6 and re.fullmatch("[0-9a-f]{64}", c[5])]
    return [row for row in rows if not row.path.is_relative_to(SHARED_DATA / "broken")]


def fact(row: Row, pattern: str) -> tuple[str, ...] | None:
    """What the README says in such words; None when it does not."""
    found = re.search(pattern, row.facts)
    return found.groups() if found else None
