"""How long `import fiducial` takes in a fresh interpreter, beside an interpreter that imports nothing."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.load import timed
from benchmarks.table import Measure


def measure(repeats: int) -> Measure:
    empty = timed(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True), repeats)
    full = timed(lambda: subprocess.run([sys.executable, "-c", "import fiducial; fiducial.Api"], check=True), repeats)
    base = sorted(empty)[len(empty) // 2]
    bare = timed(lambda: subprocess.run([sys.executable, "-c", "import fiducial"], check=True), repeats)
    note = f"with fiducial.Api: {sorted(full)[len(full) // 2] - base:.2f} s"
    return Measure("import fiducial", "s", [value - base for value in bare], goal="< 0.3 s", note=note)
