"""What people wait for in the web and in scripts: a page of a long list, a frame, many labels at once."""

from __future__ import annotations

import tempfile
from pathlib import Path

import httpx
from tests.demo_data import DEMO_DATA
from tests.running import ADMIN_EMAIL, ADMIN_KEY, Running, on_a_laptop

from benchmarks.load import timed
from benchmarks.seed_items import seed
from benchmarks.table import Measure
from fiducial_server.db.engine import Database, sqlite_url
from fiducial_server.services.access import Access


def _client(system: Running) -> httpx.Client:
    return httpx.Client(base_url=system.url, headers={"apikey": ADMIN_KEY}, timeout=600)


def list_pages(items: int, repeats: int) -> list[Measure]:
    """GET /resources of 100 with a million items, several filters; the answer is read whole."""
    folder = Path(tempfile.mkdtemp(prefix="fiducial-bench-"))
    with on_a_laptop(folder) as system, _client(system) as client:
        seed_system(folder, items)
        searches = {
            "no filter": {},
            "by modality, newest first": {"modality": "CT", "order_field": "created_at", "order_by_asc": "false"},
            "by channel and status": {"channel_name": "channel-003", "status": "published"},
            "walking on from the middle": {"offset": str(items // 2), "walk": "yes"},
            "a jump to the middle": {"offset": str(items // 2)},
        }
        return [
            Measure(
                f"list page of 100 at {items:,} items, {name}",
                "ms",
                _page_times(client, params, repeats),
                goal="<= 10 ms",
            )
            for name, params in searches.items()
        ]


def seed_system(folder: Path, items: int) -> None:
    """So many item rows in the database of a running system on a laptop."""
    database = Database(sqlite_url(folder / "fiducial.sqlite"))
    seed(database, Access(database).authenticate(ADMIN_KEY).organization_id, ADMIN_EMAIL, items)
    database.close()


def _page_times(client: httpx.Client, params: dict[str, str], repeats: int) -> list[float]:
    """Milliseconds until the whole answer is here, connection kept. With ``walk`` each page follows the one before."""
    step = 100 if params.get("walk") else 0
    query = {"status": "", "offset": "0", "limit": "100", **{k: v for k, v in params.items() if k != "walk"}}

    def ask() -> httpx.Response:
        answer = client.get("/resources", params=query).raise_for_status()
        query["offset"] = str(int(query["offset"]) + step)
        return answer

    found = len(ask().json()["data"][0]["resources"])
    if found != 100:
        raise RuntimeError(f"a page of {found} rows: {params}")
    return [1000 * seconds for seconds in timed(ask, repeats)]


def _upload(client: httpx.Client, name: str) -> str:
    with (DEMO_DATA / name).open("rb") as file:
        return str(client.post("/resources", files={"resource": (name, file)}).raise_for_status().json()["id"])


def frames(repeats: int) -> list[Measure]:
    """One frame as PNG: of a JPEG cine, and of a compressed volume's middle."""
    with on_a_laptop(Path(tempfile.mkdtemp(prefix="fiducial-bench-"))) as system, _client(system) as client:
        measures = []
        for name, frame in (("echo_cine.dcm", 15), ("mni152_t1.nii.gz", 90)):
            path = f"/resources/{_upload(client, name)}/frames/{frame}"
            times = timed(lambda p=path: client.get(p).raise_for_status(), repeats)  # type: ignore[misc]
            measures.append(Measure(f"frame fetch, {name}", "ms", [1000 * t for t in times]))
        return measures


def labels(count: int, repeats: int) -> list[Measure]:
    """So many boxes in one request, on the frames of one cine."""
    with on_a_laptop(Path(tempfile.mkdtemp(prefix="fiducial-bench-"))) as system, _client(system) as client:
        item = _upload(client, "echo_cine.dcm")
        corners = [[10, 20], [60, 20], [10, 80], [60, 80]]
        body = [
            {
                "type": "category" if n % 2 else "square",
                "identifier": f"label {n % 20}",
                "scope": "frame",
                "frame_index": n % 30,
                **({"value": "yes"} if n % 2 else {}),
            }
            for n in range(count)
        ]
        for n, label in enumerate(body):
            if label["type"] == "square":
                # DICOM geometry without coordinates of the patient would need metadata; this cine has none, so pixels it is
                label["geometry"] = {"points": [[x, y, n % 30] for x, y in corners]}
        times = timed(lambda: client.post(f"/annotations/{item}/annotations", json=body).raise_for_status(), repeats)
        return [Measure(f"create {count:,} annotations in one request", "s", times, goal="< 3 s")]
