"""Throw-away servers for tests: a PostgreSQL cluster and an S3 server, gone when the block ends.

As a program, ``python -m tests.servers COMMAND...`` runs the command with both, their addresses in its environment.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

POSTGRES_USER = "fiducial"
BUCKET = "fiducial-test"
_S3_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def postgres_folder() -> Path | None:
    """Where ``initdb`` and ``postgres`` are; None when PostgreSQL is not installed."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return versions[-1].parent if versions else None


@contextmanager
def postgres_server() -> Iterator[str]:
    """A cluster of its own, without fsync; yields the URL of its database ``postgres`` as a superuser."""
    programs = postgres_folder()
    if programs is None:
        raise RuntimeError("PostgreSQL is not installed: run scripts/postgres, or install the package 'postgresql'")
    home = Path(tempfile.mkdtemp(prefix="fiducial-pg-"))
    port = free_port()
    options = (
        f"-p {port} -k {home} -c listen_addresses=127.0.0.1 -c fsync=off -c synchronous_commit=off "
        "-c full_page_writes=off -c max_connections=300 -c shared_buffers=64MB -c log_min_messages=fatal"
    )
    control = [str(programs / "pg_ctl"), "-D", str(home / "data"), "-w", "-s"]
    try:
        if os.getuid() == 0:
            shutil.chown(home, "postgres", "postgres")
        initdb = [str(programs / "initdb"), "-D", str(home / "data"), "-U", POSTGRES_USER, "-A", "trust"]
        _as_postgres([*initdb, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"], home)
        _as_postgres([*control, "-l", str(home / "log"), "-o", options, "start"], home)
        try:
            yield f"postgresql://{POSTGRES_USER}@127.0.0.1:{port}/postgres"
        finally:
            _as_postgres([*control, "-m", "immediate", "stop"], home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _as_postgres(command: list[str], home: Path) -> None:
    """Run as a user that PostgreSQL accepts: it refuses root."""
    if os.getuid() == 0:
        user = pwd.getpwnam("postgres")
        command = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--", *command]
    done = subprocess.run(command, cwd=home, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        log = home / "log"
        raise RuntimeError(f"{command}: {done.stdout}{done.stderr}{log.read_text() if log.exists() else ''}")


@dataclass(frozen=True)
class S3Server:
    """``url`` names a bucket that exists and is empty; ``environment`` is what a process needs to reach it."""

    endpoint: str
    url: str
    environment: Mapping[str, str]


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """An S3 server in memory, in a process of its own (moto's)."""
    code = (
        "import sys, threading\n"
        "from moto.server import ThreadedMotoServer\n"
        "server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)\n"
        "server.start()\n"
        "print(server.get_host_and_port()[1], flush=True)\n"
        "sys.stdin.read()\n"  # ends when the parent closes its end, or dies
        "server.stop()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        port = process.stdout.readline().strip()
        if not port:
            raise RuntimeError("the S3 server did not start: is moto[s3,server] installed?")
        endpoint = f"http://127.0.0.1:{port}"
        make_bucket(endpoint, BUCKET)
        yield S3Server(endpoint, f"s3://{BUCKET}", {**_S3_ENVIRONMENT, "FIDUCIAL_S3_ENDPOINT": endpoint})
    finally:
        process.stdin.close()
        process.stdout.close()
        process.terminate()
        process.wait()


def make_bucket(endpoint: str, name: str) -> None:
    """Make an empty bucket on a throw-away server."""
    import httpx

    httpx.put(f"{endpoint}/{name}").raise_for_status()


def free_port() -> int:
    """A TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def main(command: list[str]) -> int:
    with postgres_server() as database, s3_server() as bucket:
        environment = {**os.environ, **bucket.environment, "FIDUCIAL_DATABASE_URL": database}
        environment["FIDUCIAL_STORAGE_URL"] = bucket.url
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
