# ruff: noqa: PLR0917 - the published signatures have many parameters
"""Deployment: building what serves a model."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx

from fiducial.api.base_api import ApiConfig
from fiducial.api.entity_base_api import EntityBaseApi, is_uuid, without_none
from fiducial.api.event_stream import log_lines
from fiducial.api.models_host import BASE, OnModelsHost
from fiducial.entities.deployjob import BuildLogs, DeployJob
from fiducial.exceptions import ApiError, NetworkError

if TYPE_CHECKING:
    from fiducial.api.client import Api


class DeployModelApi(OnModelsHost, EntityBaseApi[DeployJob]):
    """Calls around deployment."""

    def __init__(self, config: ApiConfig, client: httpx.Client | None = None, root: Api | None = None) -> None:
        EntityBaseApi.__init__(self, config, DeployJob, f"{BASE}/deploy-model", client, root)

    def start(
        self,
        model_name: str,
        model_version: int | None = None,
        model_alias: str | None = None,
        image_name: str | None = None,
        with_gpu: bool = False,
        convert_to_onnx: bool = False,
        input_shape: Sequence[int] | None = None,
    ) -> DeployJob:
        """Build an image that serves a model; the job that does it."""
        body = {
            "model_name": model_name,
            "model_version": model_version,
            "model_alias": model_alias,
            "image_name": image_name,
            "with_gpu": with_gpu,
            "convert_to_onnx": convert_to_onnx,
            "input_shape": None if input_shape is None else list(input_shape),
        }
        told = self._json("POST", f"/{self.endpoint_base}/start", json=without_none(body))
        return self.get_by_id(told["job_id"])

    def get_by_id(self, entity_id: str) -> DeployJob:
        """The job as it is now; ItemNotFoundError when there is none."""
        return self._parse_one(self._request("GET", self._job("status", entity_id)).content)

    def stream_status(self, job: str | DeployJob) -> Iterator[dict[str, Any]]:
        """What changes in the job, as the server tells it, until the server ends the stream."""
        return (event for event in self._status_events(self._entid(job)) if event is not None)

    def wait(
        self,
        job: str | DeployJob,
        *,
        on_status: Callable[[DeployJob], None] | None = None,
        on_log: Callable[[str], None] | None = None,
        poll_interval: float = 2.0,
        timeout: float | None = 1800,
    ) -> None:
        """Wait until the job is finished (:meth:`~fiducial.entities.server_job.ServerJob.wait`).

        ``on_log`` gets each line of the build's log, in a thread of its own.
        """
        entity = job if isinstance(job, DeployJob) else self.get_by_id(job)
        self._own(entity)
        if on_log is not None:
            threading.Thread(target=self._tell_logs, args=(entity.id, on_log), daemon=True).start()
        entity.wait(on_status=on_status, poll_interval=poll_interval, timeout=timeout)

    def _tell_logs(self, job_id: str, on_log: Callable[[str], None]) -> None:
        try:
            for line in self.stream_logs(job_id):
                on_log(line)
        except (ApiError, NetworkError):
            return  # a log is a help; what becomes of the job is told by its status

    def cancel(self, job: str | DeployJob) -> bool:
        """Ask the server to stop the job; whether it could."""
        return bool(self._json("POST", self._job("cancel", self._entid(job))).get("success", False))

    def list_active_jobs(self) -> dict[str, Any]:
        """How many jobs are running."""
        told: dict[str, Any] = self._json("GET", f"/{self.endpoint_base}/jobs")
        return told

    def list_images(self, model_name: str | None = None) -> list[dict[str, Any]]:
        """What was built, for all models or one."""
        params = without_none({"model_name": model_name})
        told: list[dict[str, Any]] = self._json("GET", f"/{self.endpoint_base}/images", params=params)
        return told

    def remove_image(self, model_name: str, tag: str | None = None) -> dict[str, Any]:
        """Remove what was built for a model; ItemNotFoundError when there is nothing."""
        told: dict[str, Any] = self._json("DELETE", self._image(model_name), params=without_none({"tag": tag}))
        return told

    def image_exists(self, model_name: str, tag: str = "latest") -> bool:
        """Whether the server can run the model."""
        told = self._json("GET", f"{self._image(model_name)}/exists", params={"tag": tag})
        return bool(told.get("exists", False))

    def get_logs(self, job: str | DeployJob, *, tail: int = 2000, since: str | None = None) -> BuildLogs:
        """The last ``tail`` lines (5000 at most) of a build's log, from the moment ``since`` (ISO 8601) on."""
        params = without_none({"tail": tail, "since": since})
        told = self._json("GET", self._job("logs", self._entid(job)), params=params)
        return BuildLogs.model_validate(told)

    def stream_log_events(self, job: str | DeployJob, *, interval: float = 2.0) -> Iterator[dict[str, Any]]:
        """What the build logs, as events ``start`` and ``log``; ``interval`` (0.5 to 10 s) is how often the server looks."""
        path = f"{self._job('logs', self._entid(job))}/stream"
        return (event for event in self._events(path, {"interval": interval}) if event is not None)

    def stream_logs(self, job: str | DeployJob, *, interval: float = 2.0) -> Iterator[str]:
        """The lines that the build logs from now on."""
        return log_lines(self.stream_log_events(job, interval=interval))

    def _status_events(self, job_id: str, within_s: float | None = None) -> Iterator[dict[str, Any] | None]:
        return self._events(f"{self._job('status', job_id)}/stream", within_s=within_s)

    def _job(self, what: str, job_id: str) -> str:
        if not is_uuid(job_id):
            raise ValueError(f"DeployJob id must be a UUID, not {job_id[:80]!r}")
        return f"/{self.endpoint_base}/{what}/{job_id}"

    def _image(self, model_name: str) -> str:
        return f"/{self.endpoint_base}/image/{quote(model_name, safe='')}"
