"""Runs inside a published client's own environment: imports it once, then runs scenarios by name.

Started with the name of the folder of scenarios. Reads one JSON request a line ({"module", "name", "context"}), answers one
JSON line ({"ok", "text", "told"}); ``told`` is what the scenario gives back, for a check outside. Nothing of Fiducial is
importable here, so a scenario can only use what the published package offers.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from pathlib import Path
from types import SimpleNamespace


def main() -> None:
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever the client prints must not mix with the answers
    sys.path.insert(0, str(Path(__file__).parent))
    for line in sys.stdin:
        request = json.loads(line)
        try:
            module = importlib.import_module(f"{sys.argv[1]}.{request['module']}")
            told = getattr(module, request["name"])(SimpleNamespace(**request["context"]))
            answer = {"ok": True, "text": "", "told": told}
        except BaseException:
            answer = {"ok": False, "text": traceback.format_exc(), "told": None}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
