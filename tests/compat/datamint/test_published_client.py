"""The published datamint 2.45.0, not changed in any way, against a real server: every ``scenario_*`` beside this file."""

from __future__ import annotations

import ast
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.demo_data import DEMO_DATA
from tests.running import Running
from tests.shared_data import SHARED_DATA

HERE = Path(__file__).parent
PYTHON = Path(__file__).resolve().parents[3] / ".venvs" / "datamint-2.45.0" / "bin" / "python"

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="the published client is not installed (scripts/client-datamint)"
)


def scenarios() -> list[tuple[str, str]]:
    found = []
    for path in sorted((HERE / "scenarios").glob("*.py")):
        tree = ast.parse(path.read_text())
        found += [
            (path.stem, n.name) for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.startswith("scenario_")
        ]
    return found


class Client:
    """The process of the published client."""

    def __init__(self, home: Path) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("FIDUCIAL_", "DATAMINT_", "PYTHON"))}
        environment |= {"HOME": str(home), "PYTHONUNBUFFERED": "1", "NO_ALBUMENTATIONS_UPDATE": "1"}
        self.log = (home / "client.log").open("wb")
        self.process = subprocess.Popen(
            [str(PYTHON), str(HERE / "runner.py")],
            cwd=home,  # it writes a log where it is started
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )

    def run(self, module: str, name: str, context: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"module": module, "name": name, "context": context}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the client's process ended: {self.process.poll()}"
        answer = json.loads(line)
        if not answer["ok"]:
            pytest.fail(f"{module}.{name} in the published client:\n{answer['text']}", pytrace=False)

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)
        self.log.close()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    started = Client(tmp_path_factory.mktemp("home"))
    yield started
    started.close()


@pytest.mark.parametrize(("module", "name"), scenarios(), ids=lambda value: str(value).removeprefix("scenario_"))
def test_scenario(module: str, name: str, client: Client, running: Running, tmp_path: Path) -> None:
    needs_shared_data = "shared" in name
    if needs_shared_data and not SHARED_DATA.is_dir():
        pytest.skip(f"the shared real test data is not at {SHARED_DATA}")
    context = {
        "url": running.url,
        "key": running.key,
        "email": running.email,
        "demo": str(DEMO_DATA),
        "shared": str(SHARED_DATA),
        "tmp": str(tmp_path),
        "tag": f"{name}-{tmp_path.name}-{os.getpid()}",
    }
    client.run(module, name, context)
