"""``make bench``: one table. ``--quick`` takes fewer files and repeats; names after it choose measures."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from benchmarks import clients, imports, ingest, server, training
from benchmarks.corpus import corpus
from benchmarks.machine import describe, other_load
from benchmarks.table import Measure, render


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("measures", nargs="*", help="names of measures; all when none is given")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    files, repeats, items = (200, 3, 100_000) if options.quick else (1000, 3, 1_000_000)
    load = other_load()
    slices = sorted(corpus().glob("dicom/*/*.dcm"))[:files]
    measures: dict[str, Callable[[], list[Measure]]] = {
        "ingest8": lambda: ingest.measure(slices, 8, repeats, ">= 0.8x"),
        "ingest1": lambda: ingest.measure(slices[: files // 2], 1, repeats, ""),
        "memory": lambda: [ingest.memory_of_a_large_upload(200_000_000 if options.quick else 2_000_000_000, 3)],
        "list": lambda: server.list_pages(items, 20),
        "frame": lambda: server.frames(20),
        "labels": lambda: server.labels(10_000, 3),
        "dataset": lambda: training.items_per_second(3),
        "import": lambda: [imports.measure(5)],
        "clients": lambda: clients.measure(slices[: min(files, 500)], 5_000 if options.quick else 50_000, repeats),
    }
    chosen = options.measures or list(measures)
    done: list[Measure] = []
    for name in chosen:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        done += measures[name]()
    print(render(done, describe(load)))


if __name__ == "__main__":
    main()
