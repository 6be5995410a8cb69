"""How many files a second ``Uploads.receive`` takes, without HTTP: threads that write, check, fsync and commit.

``python benchmarks/receive.py FOLDER [--threads 8] [--runs 3] [--profile]``: FOLDER holds DICOM files of about 0.5 MB.
Prints the median of the runs, each into a fresh SQLite database and local store. Follow-up jobs are only recorded.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fiducial_server.db.engine import Database, sqlite_url
from fiducial_server.db.migrate import upgrade
from fiducial_server.jobs.base import JobRef
from fiducial_server.services.access import Access
from fiducial_server.services.uploads import UploadFacts, UploadRules, Uploads
from fiducial_server.storage.local import LocalStore

CHUNK = 1 << 20


class _NobodyWorks:
    """A runner that leaves the jobs in the ledger."""

    def start(self) -> None: ...

    def wake(self, ref: JobRef) -> None: ...

    def stop(self) -> None: ...


def run(bodies: Sequence[bytes], threads: int, folder: Path, *, profile: bool, group: bool) -> float:
    """Seconds for all files."""
    url = sqlite_url(folder / "fiducial.db")
    upgrade(url)
    database, store = Database(url), LocalStore(folder / "storage")
    access = Access(database)
    actor = access.authenticate(access.bootstrap("bench@example.org").api_key or "")
    uploads = Uploads(database, store, _NobodyWorks(), UploadRules())
    profiles: list[cProfile.Profile] = []
    local = threading.local()
    opened = uploads.open_group(actor, UploadFacts("series")) if group else None

    def send(number: int) -> None:
        if profile and not hasattr(local, "profile"):
            local.profile = cProfile.Profile()
            profiles.append(local.profile)
        spool = uploads.begin()
        body = bodies[number]
        for start in range(0, len(body), CHUNK):
            spool.write(body[start : start + CHUNK])
        receive = uploads.receive if opened is None else None
        if profile:
            local.profile.enable()
        if receive is not None:
            receive(actor, spool, UploadFacts(f"I{number:05}.dcm"))
        elif opened is not None:
            uploads.add_file(actor, opened.id, spool, f"I{number:05}.dcm")
        if profile:
            local.profile.disable()

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(send, range(min(threads, len(bodies)))))  # imports and connections are not what is measured
        begin = time.perf_counter()
        list(pool.map(send, range(min(threads, len(bodies)), len(bodies))))
        took = time.perf_counter() - begin
    database.close()
    store.close()
    if profiles:
        stats = pstats.Stats(profiles[0])
        for other in profiles[1:]:
            stats.add(other)
        stats.sort_stats("tottime").print_stats(35)
    return took * len(bodies) / max(1, len(bodies) - threads)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--limit", type=int, default=400)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--group", action="store_true", help="all files into one open group")
    asked = parser.parse_args()
    bodies = [path.read_bytes() for path in sorted(asked.folder.rglob("*.dcm"))[: asked.limit]]
    rates = []
    for _ in range(asked.runs):
        with tempfile.TemporaryDirectory() as folder:
            took = run(bodies, asked.threads, Path(folder), profile=asked.profile, group=asked.group)
        rates.append(len(bodies) / took)
    megabytes = sum(map(len, bodies)) / len(bodies) / 1e6
    median = statistics.median(rates)
    print(
        f"{len(bodies)} files of {megabytes:.2f} MB, {asked.threads} threads: {median:.0f} files/s, {median * megabytes:.0f} MB/s"
    )


if __name__ == "__main__":
    main()
