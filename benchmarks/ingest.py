"""Uploads of DICOM slices with fsync before the answer, beside Orthanc in turns."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.running import ADMIN_KEY, on_a_laptop

from benchmarks.load import Request, raw_post, send_all, upload_post
from benchmarks.machine import peak_rss_mib, reset_peak
from benchmarks.orthanc import orthanc, program
from benchmarks.table import Measure


def measure(files: list[Path], connections: int, repeats: int, goal: str) -> list[Measure]:
    """Files and megabytes a second over so many connections; a fresh database for each repeat."""
    megabytes = sum(f.stat().st_size for f in files) / 1e6
    ours: list[float] = []
    theirs: list[float] = []
    memory: list[float] = []
    for _ in range(repeats):
        seconds, rss = _fiducial(files, connections)
        ours.append(len(files) / seconds)
        memory.append(rss)
        if program() is not None:
            theirs.append(len(files) / _orthanc(files, connections))
    name = f"ingest, {connections} connection{'s' if connections > 1 else ''}, fsync before the answer"
    peer = "Orthanc" if theirs else ""
    note = f"{len(files)} CT slices, {megabytes:,.0f} MB; peak server memory {max(memory):.0f} MiB"
    rate = [value * megabytes / len(files) for value in ours]
    return [
        Measure(name, "files/s", ours, peer, theirs, goal, note),
        Measure(name, "MB/s", rate, peer, [value * megabytes / len(files) for value in theirs]),
    ]


def _fiducial(files: list[Path], connections: int) -> tuple[float, float]:
    with _folder() as folder, on_a_laptop(Path(folder)) as system:
        host, port = system.url.removeprefix("http://").split(":")
        requests: list[Callable[[], Request]] = [partial(upload_post, host, ADMIN_KEY, f) for f in files]
        seconds = send_all((host, int(port)), requests, connections)
        return seconds, peak_rss_mib(system.processes[0].pid)


def _orthanc(files: list[Path], connections: int) -> float:
    with _folder() as folder, orthanc(Path(folder)) as address:
        return send_all(address, [partial(raw_post, "/instances", address[0], f) for f in files], connections)


def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="fiducial-bench-", ignore_cleanup_errors=True)


def memory_of_a_large_upload(size: int, repeats: int) -> Measure:
    """MiB that one upload of ``size`` bytes adds to the server: a NIfTI of zeros, sent without ever being whole here."""
    from benchmarks.large import post_large_nifti

    added: list[float] = []
    for _ in range(repeats):
        folder = Path(tempfile.mkdtemp(prefix="fiducial-bench-"))
        try:
            with on_a_laptop(folder) as system:
                pid = system.processes[0].pid
                post_large_nifti(system.url, ADMIN_KEY, 1 << 20)  # everything that is imported late is there now
                reset_peak(pid)
                before = peak_rss_mib(pid)
                post_large_nifti(system.url, ADMIN_KEY, size)
                added.append(peak_rss_mib(pid) - before)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return Measure(f"memory added by a {size / 1e9:g} GB upload", "MiB", added, goal="< 60 MiB")
