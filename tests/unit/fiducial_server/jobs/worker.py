"""A worker process for tests: ``python -m ... DATABASE_URL FOLDER EXECUTOR [HOLD_AT]``.

Its ledger is files, so that it outlives the process: ``FOLDER/<job>`` holds the number of units, ``<job>.done`` a line for
each unit done, ``<job>.finished`` is there at the end. Says on standard output what happens, one word and a job per line;
goes on until standard input ends. At unit ``HOLD_AT`` it says so and stays there for ever.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from fiducial_server.jobs.base import JobRef
from fiducial_server.jobs.dbos_runner import DbosRunner, Pace

ORGANIZATION = "organization"
BATCH = 2


class FileLedger:
    def __init__(self, folder: Path, worker: str, hold_at: int | None) -> None:
        self._folder = folder
        self._worker = worker
        self._hold_at = hold_at

    def unfinished(self, limit: int) -> Sequence[JobRef]:
        jobs = [path.name for path in sorted(self._folder.iterdir()) if "." not in path.name]
        return [JobRef(ORGANIZATION, job) for job in jobs if not self._path(job, "finished").exists()][:limit]

    def run_some(self, ref: JobRef) -> bool:
        total = int((self._folder / ref.job_id).read_text())
        done = len(units_done(self._folder, ref.job_id))
        for unit in range(done, min(total, done + BATCH)):
            if unit == self._hold_at:
                say(f"holding {ref.job_id}")
                threading.Event().wait()
            with self._path(ref.job_id, "done").open("a") as file:
                file.write(f"{self._worker} {unit}\n")
        return min(total, done + BATCH) < total

    def finish(self, ref: JobRef) -> None:
        self._path(ref.job_id, "finished").touch()
        say(f"finished {ref.job_id}")

    def _path(self, job: str, what: str) -> Path:
        return self._folder / f"{job}.{what}"


def units_done(folder: Path, job: str) -> list[tuple[str, int]]:
    """(worker, unit) in the order they were done."""
    path = folder / f"{job}.done"
    lines = path.read_text().splitlines() if path.exists() else []
    return [(line.split()[0], int(line.split()[1])) for line in lines]


def say(line: str) -> None:
    print(line, flush=True)


def main(url: str, folder: str, executor: str, hold_at: str | None = None) -> None:
    ledger = FileLedger(Path(folder), executor, int(hold_at) if hold_at is not None else None)
    pace = Pace(sweep_s=0.1, quiet_s=0.01, take_over_s=0.2, retry_s=0.2)
    runner = DbosRunner(ledger, database_url=url, executor_id=executor, threads=1, pace=pace)
    runner.start()
    sys.stdin.read()
    runner.stop()
    say("stopped -")


if __name__ == "__main__":
    main(*sys.argv[1:])
