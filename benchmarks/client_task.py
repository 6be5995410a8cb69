"""One task of a client, timed: ``python client_task.py PACKAGE TASK URL KEY [FILES ...]``; prints seconds and how many things.

PACKAGE is ``fiducial`` or ``datamint``: both offer the same calls, so the code below is the same for both. It runs in the
package's own environment, and imports nothing else of this project. What a task needs first is not timed.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any


def listed(api: Any, files: Sequence[str]) -> tuple[float, int]:
    """Every resource of the server."""
    seconds, found = timed(api.resources.get_list)
    return seconds, len(found)


def uploaded(api: Any, files: Sequence[str]) -> tuple[float, int]:
    """So many files, each a resource of its own, none on the server before."""
    seconds, ids = timed(lambda: api.resources.upload_resources(list(files), assemble_dicoms=False))
    return seconds, len({one for one in ids if isinstance(one, str)})


def fetched(api: Any, files: Sequence[str]) -> tuple[float, int]:
    """Every resource of the server as an object of its library, from the local cache; filled before, if it is not."""
    resources = api.resources.get_list()
    for resource in resources:
        if not resource.is_cached():
            resource.fetch_file_data(use_cache=True)
    seconds, found = timed(lambda: [resource.fetch_file_data(use_cache=True) for resource in resources])
    return seconds, sum(one is not None for one in found)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


TASKS = {"list": listed, "upload": uploaded, "fetch": fetched}


def main() -> None:
    package, task, url, key, *files = sys.argv[1:]
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever the client prints must not mix with the answer
    api = importlib.import_module(package).Api(url, key)
    answers.write(json.dumps(TASKS[task](api, files)) + "\n")


if __name__ == "__main__":
    main()
