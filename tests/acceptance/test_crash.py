"""kill -9 of the server during uploads: what was acknowledged is there, whole; nothing else shows; follow-up work ends.

A file whose upload was under way at that moment may be there or not (its answer was never heard), but if it shows, it is
whole. `make crash` runs 50 rounds; `make test` a few.
"""

from __future__ import annotations

import hashlib
import io
import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pydicom
import pytest
from pydicom.uid import generate_uid

from tests.demo_data import DEMO_DATA
from tests.running import ADMIN_KEY, on_a_laptop

FILES = 200
CONNECTIONS = 8
ROUNDS = int(os.environ.get("FIDUCIAL_CRASH_ROUNDS", "2"))


@dataclass
class Sent:
    """What one round's client knows when the connection breaks."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    """Item id -> SHA-256 of what was sent."""
    unanswered: set[str] = field(default_factory=set)
    """SHA-256 of uploads that were begun and never answered."""


def bodies(seed: int) -> list[bytes]:
    """So many different slices, each under a UID of its own."""
    dataset = pydicom.dcmread(DEMO_DATA / "ct_small.dcm")
    made = []
    for number in range(FILES):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid(
            entropy_srcs=[f"{seed}/{number}"]
        )
        pixels = bytearray(dataset.PixelData)
        pixels[0:4] = number.to_bytes(2, "little") + (seed % 60000).to_bytes(2, "little")
        dataset.PixelData = bytes(pixels)
        out = io.BytesIO()
        dataset.save_as(out)
        made.append(out.getvalue())
    return made


def upload(url: str, files: list[bytes], sent: Sent) -> None:
    lock, waiting = threading.Lock(), list(enumerate(files))

    def work() -> None:
        with httpx.Client(base_url=url, headers={"apikey": ADMIN_KEY}, timeout=30) as client:
            while True:
                with lock:
                    if not waiting:
                        return
                    number, body = waiting.pop(0)
                    sha256 = hashlib.sha256(body).hexdigest()
                    sent.unanswered.add(sha256)
                try:
                    answer = client.post("/resources", files={"resource": (f"slice{number}.dcm", body)})
                except httpx.TransportError:
                    return  # the server is gone
                assert answer.status_code == 200, answer.text
                with lock:
                    sent.acknowledged[answer.json()["id"]] = sha256
                    sent.unanswered.discard(sha256)

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for done in [pool.submit(work) for _ in range(CONNECTIONS)]:
            done.result()


def listed(client: httpx.Client) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    while True:
        query = {"status": "", "offset": str(len(found)), "limit": "5000"}
        page = client.get("/resources", params=query).raise_for_status().json()["data"][0]["resources"]
        found |= {item["id"]: item for item in page}
        if len(page) < 5000:
            return found


def stored_sha256(client: httpx.Client, item_id: str) -> str:
    return hashlib.sha256(client.get(f"/resources/{item_id}/file").raise_for_status().content).hexdigest()


def wait_for_follow_up(client: httpx.Client) -> None:
    """Every item leaves the state `pending`; how long that takes is not what is tested."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        pending = [item for item in listed(client).values() if item["state"] == "pending"]
        if not pending:
            return
        time.sleep(0.2)
    pytest.fail(f"{len(pending)} items were never followed up, for example {pending[0]}")


def crash_round(folder: Path, seed: int, known: dict[str, str]) -> Sent:
    files, sent = bodies(seed), Sent()
    moment = random.Random(seed).uniform(0.02, 1.2)
    with on_a_laptop(folder) as system:
        killer = threading.Timer(moment, system.processes[0].kill)
        killer.start()
        upload(system.url, files, sent)
        killer.join()
        system.processes[0].wait()
    with on_a_laptop(folder) as system, system.client() as client:
        visible = listed(client)
        hashes = {item_id: stored_sha256(client, item_id) for item_id in visible.keys() - known.keys()}
        missing = {**known, **sent.acknowledged}.keys() - visible.keys()
        assert not missing, f"round {seed}: acknowledged and gone: {missing}"
        for item_id, sha256 in hashes.items():
            if item_id in sent.acknowledged:
                assert sha256 == sent.acknowledged[item_id], f"round {seed}: {item_id} has other bytes"
            else:
                assert sha256 in sent.unanswered, f"round {seed}: {item_id} shows, and is not what was sent"
        wait_for_follow_up(client)
        known |= hashes
    spools = [path for path in folder.rglob("*") if path.is_file() and "spool" in path.parts and path.suffix != ".lock"]
    assert not [path for path in spools if path.stat().st_size], f"round {seed}: left behind: {spools}"
    return sent


def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    known: dict[str, str] = {}
    cut = 0
    for seed in range(ROUNDS):
        sent = crash_round(tmp_path, seed, known)
        cut += len(sent.acknowledged) < FILES
        print(
            f"round {seed}: {len(sent.acknowledged)} acknowledged, {len(sent.unanswered)} unanswered, {len(known)} kept"
        )
    assert cut, "no round was cut off: the moments are too late for this machine"
