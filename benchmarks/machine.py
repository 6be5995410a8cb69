"""What ran where, and what else the machine was doing."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path


def busy_s() -> float:
    """CPU seconds that all processes of the machine have used since it started."""
    fields = [int(v) for v in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:8]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def other_load(seconds: float = 2.0) -> float:
    """Cores' worth of work that others do while we wait: 0 is a quiet machine."""
    before, start = busy_s(), time.monotonic()
    time.sleep(seconds)
    return (busy_s() - before) / (time.monotonic() - start)


def describe(load: float) -> str:
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().split("\n") if "model name" in line),
        "?",
    )
    state = "quiet" if load < 0.2 else f"contended, {load:.1f} cores busy with other work at the start"
    return f"{os.cpu_count()} x {model}, Python {platform.python_version()}, {state}; client and server share the cores"


def peak_rss_mib(pid: int) -> float:
    """The most resident memory a living process ever had, MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().split("\n"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no VmHWM for process {pid}")


def reset_peak(pid: int) -> None:
    """Make :func:`peak_rss_mib` count from now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
