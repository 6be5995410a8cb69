"""A published client as it is: its environment, its process, and the scenarios that it can run."""

from __future__ import annotations

import ast
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.demo_data import DEMO_DATA
from tests.running import Running
from tests.shared_data import SHARED_DATA

HERE = Path(__file__).parent
VENVS = Path(__file__).resolve().parents[3] / ".venvs"


@dataclass(frozen=True)
class Published:
    """One version of the client, and the folder of its scenarios."""

    version: str
    folder: str

    @property
    def python(self) -> Path:
        return VENVS / f"datamint-{self.version}" / "bin" / "python"

    @property
    def needed(self) -> pytest.MarkDecorator:
        """Skips where the client is not installed."""
        return pytest.mark.skipif(
            not self.python.exists(),
            reason=f"the published client {self.version} is not installed (scripts/client-datamint)",
        )

    def scenarios(self) -> list[tuple[str, str]]:
        """Module and name of every function ``scenario_*``."""
        found = []
        for path in sorted((HERE / self.folder).glob("*.py")):
            functions = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
            found += [(path.stem, node.name) for node in functions if node.name.startswith("scenario_")]
        return found

    @contextmanager
    def started(self, home: Path) -> Iterator[Client]:
        client = Client(self, home)
        try:
            yield client
        finally:
            client.close()


TODAYS = Published("2.45.0", "scenarios")
OLDER = Published("2.0.0", "scenarios_2_0")
"""The generation with ``APIHandler``."""


class Client:
    """The process of a published client."""

    def __init__(self, published: Published, home: Path) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("FIDUCIAL_", "DATAMINT_", "PYTHON"))}
        environment |= {"HOME": str(home), "PYTHONUNBUFFERED": "1", "NO_ALBUMENTATIONS_UPDATE": "1"}
        self.log = (home / "client.log").open("wb")
        self.process = subprocess.Popen(
            [str(published.python), str(HERE / "runner.py"), published.folder],
            cwd=home,  # it writes a log where it is started
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )

    def run(self, module: str, name: str, context: dict[str, Any]) -> Any:
        """What the scenario gives back; its failure is the test's."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"module": module, "name": name, "context": context}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the client's process ended: {self.process.poll()}"
        answer = json.loads(line)
        if not answer["ok"]:
            pytest.fail(f"{module}.{name} in the published client:\n{answer['text']}", pytrace=False)
        return answer["told"]

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)
        self.log.close()


def context(name: str, running: Running, tmp_path: Path, **more: Any) -> dict[str, Any]:
    """What a scenario may know; ``tag`` is a name that no other test uses."""
    return {
        "url": running.url,
        "key": running.key,
        "email": running.email,
        "demo": str(DEMO_DATA),
        "shared": str(SHARED_DATA),
        "tmp": str(tmp_path),
        "tag": f"{name}-{tmp_path.name}-{os.getpid()}",
        **more,
    }
