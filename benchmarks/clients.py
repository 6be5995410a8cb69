"""Our client beside the published datamint 2.45.0: the same calls, against the same server, in turns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.compat.datamint.published import TODAYS
from tests.running import ADMIN_EMAIL, ADMIN_KEY, Running, on_a_laptop

from benchmarks.load import timed
from benchmarks.seed_items import rows
from benchmarks.server import seed_system
from benchmarks.table import Measure

TASK = Path(__file__).with_name("client_task.py")
PEER = f"datamint {TODAYS.version}"


@dataclass(frozen=True)
class Client:
    """A package, the interpreter that has it, and a home of its own for its cache."""

    package: str
    python: Path
    home: Path

    def seconds(self, task: str, system: Running, count: int, files: Sequence[Path] = ()) -> float:
        """One run of a task of ``client_task.py``, in a fresh process, on so many things."""
        command = [str(self.python), str(TASK), self.package, task, system.url, ADMIN_KEY, *map(str, files)]
        done = subprocess.run(command, cwd=self.home, env=self._environment(), capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{self.package} {task}: {done.stderr.decode(errors='replace')[-2000:]}")
        seconds, found = json.loads(done.stdout)
        if found != count:
            raise RuntimeError(f"{self.package} {task} of {found} instead of {count}: what was timed is not the task")
        return float(seconds)

    def import_seconds(self, code: str, repeats: int) -> list[float]:
        """``code`` in a fresh interpreter."""
        command = [str(self.python), "-c", code]
        return timed(lambda: subprocess.run(command, cwd=self.home, env=self._environment(), check=True), repeats)

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("FIDUCIAL_", "DATAMINT_", "PYTHON"))}
        cache = str(self.home / "cache")
        return kept | {"HOME": str(self.home), "FIDUCIAL_CACHE_DIR": cache, "NO_ALBUMENTATIONS_UPDATE": "1"}


def measure(files: Sequence[Path], items: int, repeats: int) -> list[Measure]:
    """Lists, imports, cached fetches and uploads. Without the published client (scripts/client-datamint): ours alone."""
    return [
        _list(items, repeats),
        _import(repeats),
        _fetch(files, repeats),
        _upload(files, repeats),
    ]


def _list(items: int, repeats: int) -> Measure:
    with _clients() as clients, _system() as (folder, system):
        seed_system(folder, items)
        count = sum(item.deleted_at is None for item in rows(items, ADMIN_EMAIL))
        ours, theirs = _in_turns(clients, repeats, lambda client: client.seconds("list", system, count))
    return Measure(f"get_list of {count:,} resources", "s", ours, PEER, theirs, "<= 0.33x")


def _import(repeats: int) -> Measure:
    """The interpreter's own start is taken off."""

    def once(client: Client) -> float:
        (start,) = client.import_seconds("pass", 1)
        (whole,) = client.import_seconds(f"import {client.package}; {client.package}.Api", 1)
        return whole - start

    with _clients() as clients:
        ours, theirs = _in_turns(clients, repeats, once)
    return Measure("import of the package and its Api", "s", ours, PEER, theirs, "<= 0.067x")


def _fetch(files: Sequence[Path], repeats: int) -> Measure:
    with _clients() as clients, _system() as (_, system):
        clients[0].seconds("upload", system, len(files), files)
        ours, theirs = _in_turns(clients, repeats, lambda client: client.seconds("fetch", system, len(files)))
    return Measure(f"fetch of {len(files)} cached slices", "s", ours, PEER, theirs, "<= 1x")


def _upload(files: Sequence[Path], repeats: int) -> Measure:
    """Into an empty server each time."""

    def once(client: Client) -> float:
        with _system() as (_, system):
            return len(files) / client.seconds("upload", system, len(files), files)

    with _clients() as clients:
        ours, theirs = _in_turns(clients, repeats, once)
    return Measure(f"upload of {len(files)} files", "files/s", ours, PEER, theirs, ">= 1.5x")


def _in_turns(
    clients: Sequence[Client], repeats: int, once: Callable[[Client], float]
) -> tuple[list[float], list[float]]:
    """Repeats of ours and of the peer, one after the other, so that both see the same machine."""
    values: list[list[float]] = [[], []]
    for _ in range(repeats):
        for client, found in zip(clients, values, strict=False):
            found.append(once(client))
    return values[0], values[1]


@contextmanager
def _clients() -> Iterator[list[Client]]:
    """Ours first; the published one where it is installed."""
    with tempfile.TemporaryDirectory(prefix="fiducial-bench-", ignore_cleanup_errors=True) as folder:
        known = [("fiducial", Path(sys.executable)), ("datamint", TODAYS.python)]
        clients = [Client(package, python, Path(folder) / package) for package, python in known if python.exists()]
        for client in clients:
            client.home.mkdir()
        yield clients


@contextmanager
def _system() -> Iterator[tuple[Path, Running]]:
    folder = tempfile.TemporaryDirectory(prefix="fiducial-bench-", ignore_cleanup_errors=True)
    with folder as path, on_a_laptop(Path(path)) as system:
        yield Path(path), system
