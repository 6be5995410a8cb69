"""Logs of what serves models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from fiducial.api.entity_base_api import without_none
from fiducial.api.event_stream import log_lines
from fiducial.api.models_host import BASE, OnModelsHost
from fiducial.entities.pod import ModelPodLogs, PodSummary


class PodLogsApi(OnModelsHost):
    """Calls around what serves models."""

    def get_logs(
        self, model_name: str, *, tag: str = "champion", tail: int = 200, since: str | None = None
    ) -> ModelPodLogs:
        """The last ``tail`` lines (5000 at most), from the moment ``since`` (ISO 8601) on.

        ItemNotFoundError when nothing serves the model under that tag.
        """
        params = without_none({"tag": tag, "tail": tail, "since": since})
        return ModelPodLogs.model_validate(self._json("GET", _path(model_name), params=params))

    def list_pods(self, model_name: str, *, tag: str = "champion") -> list[PodSummary]:
        """What serves the model, running or stopped."""
        rows: list[Any] = self._json("GET", _path(model_name, "pods"), params={"tag": tag})
        return [PodSummary.model_validate(row) for row in rows]

    def stream_logs(self, model_name: str, *, tag: str = "champion", interval: float = 2.0) -> Iterator[str]:
        """The lines that are logged from now on; ``interval`` (0.5 to 10 s) is how often the server looks."""
        return log_lines(self._events(_path(model_name, "stream"), {"tag": tag, "interval": interval}))


def _path(model_name: str, *rest: str) -> str:
    return "/".join((f"/{BASE}/pod-logs", quote(model_name, safe=""), *rest))
