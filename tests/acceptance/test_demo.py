"""``fiducial demo``: a server with a sample project in it, and its models host."""

from __future__ import annotations

import importlib.util
import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from fiducial_server.app import server
from fiducial_server.app.cli.models_port import listen_for_models, models_at
from fiducial_server.app.mlflow_process import NOT_INSTALLED
from fiducial_server.app.settings import Settings
from tests.running import ADMIN_EMAIL, ADMIN_KEY, fiducial, start_process, stop, wait_until_ready
from tests.servers import free_port

SEARCH = "/api/2.0/mlflow/registered-models/search"
HERE = {"FIDUCIAL_ADMIN_EMAIL": ADMIN_EMAIL, "FIDUCIAL_ADMIN_API_KEY": ADMIN_KEY}


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another program listens at."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield int(other.getsockname()[1])


def test_the_models_host_answers_too(tmp_path: Path) -> None:
    port, models_port = free_port(), free_port()
    where = ("--data-dir", str(tmp_path), "--port", str(port), "--models-port", str(models_port))
    process = start_process(("demo", *where), HERE, tmp_path)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", process, tmp_path)
        assert httpx.get(f"http://127.0.0.1:{port}/healthz").json()["models_port"] == models_port
        models = f"http://127.0.0.1:{models_port}"
        assert httpx.get(f"{models}{SEARCH}").status_code == 401
        answer = httpx.get(f"{models}{SEARCH}", headers={"Authorization": f"Bearer {ADMIN_KEY}"}, timeout=120)
        if importlib.util.find_spec("mlflow") is None:
            assert NOT_INSTALLED in answer.text
        else:
            assert (answer.status_code, answer.json().get("registered_models", [])) == (200, [])
    finally:
        stop(process)


def test_a_taken_port_only_warns(tmp_path: Path, taken: int) -> None:
    where = ("--data-dir", str(tmp_path), "--port", str(free_port()), "--models-port", str(taken))
    done = subprocess.run(
        fiducial("demo", *where, "--once"), capture_output=True, text=True, timeout=240, check=False, env=None
    )
    assert done.returncode == 0, done.stderr
    assert f"models:   not available: cannot listen at 127.0.0.1:{taken}" in done.stdout
    assert "the models host is not available" in done.stderr
    assert json.loads((tmp_path / "admin.json").read_text())["api_key"] in done.stdout


def test_where_the_models_host_listens(tmp_path: Path, taken: int) -> None:
    main = server.listen("127.0.0.1", 0)
    sockets = [main]
    assert "turned off" in (listen_for_models(Settings(tmp_path, models_port=0), sockets) or "")
    assert "cannot listen" in (listen_for_models(Settings(tmp_path, models_port=taken), sockets) or "")
    assert (sockets, models_at(Settings(tmp_path), sockets)) == ([main], None)
    port = free_port()
    assert listen_for_models(Settings(tmp_path, models_port=port), sockets) is None
    found = models_at(Settings(tmp_path, models_port=port), sockets)
    for one in sockets:
        one.close()
    assert found is not None
    assert found.port == port
