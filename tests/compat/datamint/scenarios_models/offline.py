"""A run that goes on while the server is away; the test stops and starts the server between these steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scenarios_models.models import _project, _set_up


def begin(c: Any) -> Any:
    _set_up(c)
    import mlflow

    _project(c, "offline")
    client = mlflow.MlflowClient()
    run = client.create_run(client.create_experiment("offline"))
    client.log_metric(run.info.run_id, "loss", 1.0, step=0)
    return run.info.run_id


def without_a_server(c: Any) -> None:
    import mlflow

    client = mlflow.MlflowClient()
    client.log_metric(c.told, "loss", 0.5, step=1)
    client.log_param(c.told, "lr", "0.1")
    client.log_batch(c.told, tags=[mlflow.entities.RunTag("who", "anna")])
    (buffer,) = Path.home().rglob("entries.jsonl")
    assert len(buffer.read_text().splitlines()) == 3


def back(c: Any) -> int:
    from mlflow.tracking._tracking_service.utils import _get_store

    sent: int = _get_store().sync_offline_logs(c.told)
    assert list(Path.home().rglob("entries.jsonl")) == []
    return sent
