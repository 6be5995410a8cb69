"""A small HTTP/1.1 load client, the same for us and for the peer: keep-alive, TCP_NODELAY, one thread per connection."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

Request = tuple[bytes, ...]
"""Pieces sent one after the other: head, file, tail. The file's bytes are not copied into a body."""

BOUNDARY = "fiducial-bench-0d1f"


def raw_post(path: str, host: str, file: Path) -> Request:
    body = file.read_bytes()
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/dicom\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode(), body


def upload_post(host: str, key: str, file: Path) -> Request:
    """One resource upload as the published client sends it."""
    body = file.read_bytes()
    fields = "".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("source", "api"), ("bypass_inbox", "false"))
    )
    before = (
        f'{fields}--{BOUNDARY}\r\nContent-Disposition: form-data; name="resource"; filename="{file.name}"\r\n'
        "Content-Type: application/dicom\r\n\r\n"
    ).encode()
    after = f"\r\n--{BOUNDARY}--\r\n".encode()
    head = (
        f"POST /resources HTTP/1.1\r\nHost: {host}\r\napikey: {key}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        f"Content-Length: {len(before) + len(body) + len(after)}\r\n\r\n"
    ).encode()
    return head + before, body, after


def send_all(address: tuple[str, int], requests: Sequence[Callable[[], Request]], connections: int) -> float:
    """Send every request over ``connections`` connections; seconds until the last answer. Any answer but 2xx raises."""
    turn, lock, failures = iter(requests), threading.Lock(), []

    def work() -> None:
        try:
            with connect(address) as line:
                reader = line.makefile("rb")
                while True:
                    with lock:
                        make = next(turn, None)
                    if make is None:
                        return
                    for piece in make():
                        line.sendall(piece)
                    read_answer(reader)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(connections)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return time.perf_counter() - start


def connect(address: tuple[str, int]) -> socket.socket:
    line = socket.create_connection(address, 60)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def read_answer(reader: object) -> bytes:
    status = reader.readline()  # type: ignore[attr-defined]
    length = 0
    while (line := reader.readline().strip()) != b"":  # type: ignore[attr-defined]
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    body: bytes = reader.read(length)  # type: ignore[attr-defined]
    if status.split()[1][:1] != b"2":
        raise RuntimeError(f"{status!r} {body[:300]!r}")
    return body


def timed(action: Callable[[], object], repeats: int) -> list[float]:
    """Seconds of each of ``repeats`` calls, after one that does not count."""
    action()
    times = []
    for _ in itertools.repeat(None, repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return times
