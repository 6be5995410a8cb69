"""The published datamint 2.45.0 and the MLflow inside it, against the models host: every scenario in ``scenarios_models/``.

The client always asks port 5000 of the server's host name, so the server gets a loopback address of its own.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.compat.datamint.published import TODAYS, Client, context
from tests.running import Running, on_a_laptop, stop, wait_until_ready

pytest.importorskip("mlflow", reason="the extra 'models' is not installed")
pytestmark = TODAYS.needed

PORT = 5000
WITH_MODELS = replace(TODAYS, folder="scenarios_models")


def own_address() -> str:
    """A loopback address whose port 5000 nobody has; skips where there is none but 127.0.0.1."""
    for _ in range(50):
        address = f"127.0.{random.randrange(1, 255)}.{random.randrange(2, 255)}"
        try:
            with socket.create_server((address, PORT)):
                return address
        except OSError:
            continue
    pytest.skip("this system has no loopback addresses besides 127.0.0.1")


@pytest.fixture(scope="module")
def with_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with on_a_laptop(tmp_path_factory.mktemp("models"), host=own_address(), models_port=PORT) as system:
        yield system


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with WITH_MODELS.started(tmp_path_factory.mktemp("home")) as started:
        yield started


@pytest.mark.parametrize(
    ("module", "name"), WITH_MODELS.scenarios(), ids=lambda value: str(value).removeprefix("scenario_")
)
def test_scenario(module: str, name: str, client: Client, with_models: Running, tmp_path: Path) -> None:
    with with_models.models() as models:
        client.run(module, name, context(name, with_models, tmp_path, models=str(models.base_url).rstrip("/")))


def test_a_run_goes_on_while_the_server_is_away(tmp_path: Path) -> None:
    """The client keeps what it cannot send, and the server takes it later in one batch."""
    home = tmp_path / "home"
    home.mkdir()
    with (
        on_a_laptop(tmp_path / "server", host=own_address(), models_port=PORT) as system,
        WITH_MODELS.started(home) as client,
    ):
        run_id = client.run("offline", "begin", context("offline", system, tmp_path))
        stop(system.processes[0])
        client.run("offline", "without_a_server", context("offline", system, tmp_path, told=run_id))
        wait_until_ready(system.url, system.start(*system.command), system.data_dir)
        assert client.run("offline", "back", context("offline", system, tmp_path, told=run_id)) == 3
        with system.models() as models:
            run = models.get("/api/2.0/mlflow/runs/get", params={"run_id": run_id}).json()["run"]
            history = {"run_id": run_id, "metric_key": "loss"}
            losses = models.get("/api/2.0/mlflow/metrics/get-history", params=history).json()["metrics"]
    assert [(one.get("step", 0), one["value"]) for one in losses] == [(0, 1.0), (1, 0.5)]
    assert {one["key"]: one["value"] for one in run["data"]["params"]} == {"lr": "0.1"}
    assert {one["key"]: one["value"] for one in run["data"]["tags"]}["who"] == "anna"
