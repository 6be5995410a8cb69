"""Real servers under test: `fiducial serve` in processes of their own, on a laptop's set-up or on PostgreSQL and S3.

The same tests run against both. In the second there are two server processes without a worker, and a worker process;
:meth:`Running.url` takes turns between the servers, so that nothing may live in one process's memory.
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.servers import S3Server, free_port, make_bucket

ADMIN_EMAIL = "admin@example.org"
ADMIN_KEY = "fid_test-administrator-key-0123456789abcdefghij"
START_LIMIT_S = 60


@dataclass
class Running:
    """One system: its servers' addresses, its administrator's key, and where it keeps what."""

    urls: tuple[str, ...]
    data_dir: Path
    key: str = ADMIN_KEY
    email: str = ADMIN_EMAIL
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    models_port: int = 0

    def __post_init__(self) -> None:
        self._turn = itertools.cycle(self.urls)

    @property
    def url(self) -> str:
        """The next server's address."""
        return next(self._turn)

    def client(self, key: str | None = None) -> httpx.Client:
        """An HTTP client with the administrator's key, or another."""
        return httpx.Client(base_url=self.url, headers={"apikey": key or self.key}, timeout=120)

    def models(self, key: str | None = None) -> httpx.Client:
        """An HTTP client of the models host."""
        address = f"http://{httpx.URL(self.url).host}:{self.models_port}"
        return httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key or self.key}"}, timeout=120)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A further process of the same system."""
        process = start_process(arguments, self.environment, self.data_dir)
        self.processes.append(process)
        return process


def fiducial(*arguments: str) -> list[str]:
    """The command line of this very installation."""
    return [str(Path(sys.executable).with_name("fiducial")), *arguments]


def start_process(
    arguments: tuple[str, ...], environment: Mapping[str, str], data_dir: Path
) -> subprocess.Popen[bytes]:
    data_dir.mkdir(parents=True, exist_ok=True)
    log = (data_dir / f"process-{uuid.uuid4().hex[:6]}.log").open("wb")
    with log:
        return subprocess.Popen(
            fiducial(*arguments),
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def wait_until_ready(url: str, process: subprocess.Popen[bytes], data_dir: Path) -> None:
    """Return when ``/healthz`` answers 200; raise with the server's own words when it ends or takes too long."""
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"{url}/healthz", timeout=5).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    logs = "\n".join(path.read_text(errors="replace")[-4000:] for path in sorted(data_dir.glob("process-*.log")))
    raise RuntimeError(f"the server at {url} did not become ready (exit {process.poll()}):\n{logs}")


def stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def stop_all(processes: Iterable[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        stop(process)


@contextmanager
def on_a_laptop(
    data_dir: Path, *options: str, port: int | None = None, host: str = "127.0.0.1", models_port: int = 0
) -> Iterator[Running]:
    """One process: SQLite, local files, a worker inside. Most tests need no models host."""
    port = port or free_port()
    url = f"http://{host}:{port}"
    environment = {"FIDUCIAL_ADMIN_EMAIL": ADMIN_EMAIL, "FIDUCIAL_ADMIN_API_KEY": ADMIN_KEY}
    where = ("--host", host, "--port", str(port), "--models-port", str(models_port))
    command = ("serve", "--data-dir", str(data_dir), *where, *options)
    system = Running((url,), data_dir, command=command, environment=environment, models_port=models_port)
    try:
        process = system.start(*command)
        wait_until_ready(url, process, data_dir)
        yield system
    finally:
        stop_all(system.processes)


@contextmanager
def on_several_nodes(data_dir: Path, database_url: str, s3: S3Server, *options: str) -> Iterator[Running]:
    """Two servers without a worker, and a worker, on one PostgreSQL database and one bucket."""
    bucket = f"system-{uuid.uuid4().hex}"
    make_bucket(s3.endpoint, bucket)
    shared = ("--database-url", database_url, "--storage-url", f"s3://{bucket}", *options)
    environment = {"FIDUCIAL_ADMIN_EMAIL": ADMIN_EMAIL, "FIDUCIAL_ADMIN_API_KEY": ADMIN_KEY, **s3.environment}
    ports = [free_port(), free_port()]
    system = Running(tuple(f"http://127.0.0.1:{port}" for port in ports), data_dir, environment=environment)
    with ExitStack() as stack:
        stack.callback(stop_all, system.processes)
        for number, (port, url) in enumerate(zip(ports, system.urls, strict=True)):
            folder = str(data_dir / f"node{number}")
            process = system.start(
                "serve", "--data-dir", folder, "--port", str(port), "--models-port", "0", "--no-worker", *shared
            )
            wait_until_ready(url, process, data_dir)
        system.start("worker", "--data-dir", str(data_dir / "worker"), *shared)
        yield system
