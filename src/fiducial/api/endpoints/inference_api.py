# ruff: noqa: PLR0917 - the published signatures have many parameters
"""Inference: running models over resources."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

import httpx

from fiducial.api.base_api import ApiConfig
from fiducial.api.entity_base_api import EntityBaseApi, without_none
from fiducial.api.models_host import BASE, OnModelsHost
from fiducial.entities.inferencejob import InferenceJob
from fiducial.exceptions import ItemNotFoundError, ModelNotDeployedError, ValidationError

if TYPE_CHECKING:
    from fiducial.api.client import Api

PAGE = 500
NOT_DEPLOYED = "no deployed image found"
"""What a server says of a model that it cannot run."""
Options = Mapping[str, Any] | None


class InferenceApi(OnModelsHost, EntityBaseApi[InferenceJob]):
    """Calls around inference.

    A model is named ``model``, or ``project:model`` for one of a project. Input is one resource (``resource_id``) or a file
    that the server can read (``file_path``). ``save_results`` keeps what the model finds as annotations, where
    ``save_results_options`` say: ``worklist_id``, ``annotation_source``, ``imported_from``, ``author_email``. ``prompts`` are
    for models that take them: ``text``, ``points`` (``label, x, y``) and ``boxes`` (``x_min, y_min, x_max, y_max``), in pixels.
    ``params`` are the model's own. A model that is not deployed raises
    :class:`~fiducial.exceptions.ModelNotDeployedError`.
    """

    def __init__(self, config: ApiConfig, client: httpx.Client | None = None, root: Api | None = None) -> None:
        EntityBaseApi.__init__(self, config, InferenceJob, f"{BASE}/model-inference", client, root)

    # ---- submitting

    def submit(
        self,
        model_name: str,
        *,
        model_version: int | None = None,
        model_alias: str | None = None,
        resource_id: str | None = None,
        resource_ids: Sequence[str] | None = None,
        file_path: str | None = None,
        file_paths: Sequence[str] | None = None,
        save_results: bool = False,
        save_results_options: Options = None,
        prompts: Options = None,
        params: Options = None,
    ) -> InferenceJob:
        """Run a model over one or several resources; the job that does it."""
        several = {
            "resource_ids": None if resource_ids is None else list(resource_ids),
            "file_paths": None if file_paths is None else list(file_paths),
        }
        given = _given(model_version, model_alias, resource_id, file_path, save_results_options, prompts, params)
        return self._submit("", model_name, save_results, given | several)

    predict = submit

    def predict_image(
        self,
        model_name: str,
        *,
        model_version: int | None = None,
        model_alias: str | None = None,
        resource_id: str | None = None,
        file_path: str | None = None,
        save_results: bool = False,
        save_results_options: Options = None,
        prompts: Options = None,
        params: Options = None,
    ) -> InferenceJob:
        """Run a model over an image."""
        given = _given(model_version, model_alias, resource_id, file_path, save_results_options, prompts, params)
        return self._submit("/predict-image", model_name, save_results, given)

    def predict_frame(
        self,
        model_name: str,
        frame_index: int,
        *,
        model_version: int | None = None,
        model_alias: str | None = None,
        resource_id: str | None = None,
        file_path: str | None = None,
        save_results: bool = False,
        save_results_options: Options = None,
        prompts: Options = None,
        params: Options = None,
    ) -> InferenceJob:
        """Run a model over one frame of a video; frames count from 0."""
        given = _given(model_version, model_alias, resource_id, file_path, save_results_options, prompts, params)
        return self._submit("/predict-frame", model_name, save_results, given | {"frame_index": frame_index})

    def predict_slice(
        self,
        model_name: str,
        slice_index: int,
        axis: Literal["axial", "sagittal", "coronal"],
        *,
        model_version: int | None = None,
        model_alias: str | None = None,
        resource_id: str | None = None,
        file_path: str | None = None,
        save_results: bool = False,
        save_results_options: Options = None,
        prompts: Options = None,
        params: Options = None,
    ) -> InferenceJob:
        """Run a model over one slice of a volume; slices count from 0 along ``axis``."""
        given = _given(model_version, model_alias, resource_id, file_path, save_results_options, prompts, params)
        return self._submit(
            "/predict-slice", model_name, save_results, given | {"slice_index": slice_index, "axis": axis}
        )

    def predict_volume(
        self,
        model_name: str,
        *,
        model_version: int | None = None,
        model_alias: str | None = None,
        resource_id: str | None = None,
        file_path: str | None = None,
        save_results: bool = False,
        save_results_options: Options = None,
        prompts: Options = None,
        params: Options = None,
    ) -> InferenceJob:
        """Run a model over a volume."""
        given = _given(model_version, model_alias, resource_id, file_path, save_results_options, prompts, params)
        return self._submit("/predict-volume", model_name, save_results, given)

    def _submit(self, path: str, model: str, save_results: bool, given: dict[str, Any]) -> InferenceJob:
        project_name, model_name = model_reference(model)
        body = {"model_name": model_name, **without_none(given)}
        if project_name is not None:
            project = self.root.projects.get_by_name(project_name, include_archived=True)
            if project is None:
                raise ItemNotFoundError(f"Project {project_name!r} not found", name=project_name)
            body["project_id"] = project.id
        if save_results:
            body["save_results"] = True
        try:
            told = self._json("POST", f"/{self.endpoint_base}{path}", json=body)
        except (ValidationError, ItemNotFoundError) as error:
            if NOT_DEPLOYED in error.message.lower():
                raise ModelNotDeployedError(error.message, response=error.response, model_name=model) from error
            raise
        return self.get_status(told["job_id"])

    # ---- jobs

    def get_status(self, job: str | InferenceJob) -> InferenceJob:
        """The job as it is now; ItemNotFoundError when there is none."""
        return self._parse_one(self._request("GET", self._job("status", self._entid(job))).content)

    def get_by_id(self, entity_id: str) -> InferenceJob:
        """The same as :meth:`get_status`."""
        return self.get_status(entity_id)

    def get_list(self, limit: int | None = None, **kwargs: Any) -> Sequence[InferenceJob]:
        """Jobs, ``limit`` of them at most."""
        rows: list[InferenceJob] = []
        while limit is None or len(rows) < limit:
            wanted = PAGE if limit is None else min(PAGE, limit - len(rows))
            params = {**without_none(kwargs), "offset": len(rows), "limit": wanted}
            page = self._parse_list(self._request("GET", f"/{self.endpoint_base}", params=params).content)
            rows.extend(page)
            if len(page) < wanted:
                break
        return rows

    def stream_status(self, job: str | InferenceJob) -> Iterator[dict[str, Any]]:
        """What changes in the job, as the server tells it, until the server ends the stream."""
        return (event for event in self._status_events(self._entid(job)) if event is not None)

    def wait(
        self,
        job: str | InferenceJob,
        *,
        on_status: Callable[[InferenceJob], None] | None = None,
        poll_interval: float = 2.0,
        timeout: float | None = 1800,
    ) -> None:
        """Wait until the job is finished (:meth:`~fiducial.entities.inferencejob.InferenceJob.wait`)."""
        entity = self._own(job) if isinstance(job, InferenceJob) else self.get_status(job)
        entity.wait(on_status=on_status, poll_interval=poll_interval, timeout=timeout)

    def cancel(self, job: str | InferenceJob) -> bool:
        """Ask the server to stop the job; whether it could."""
        return bool(self._json("POST", self._job("cancel", self._entid(job))).get("success", False))

    def _status_events(self, job_id: str, within_s: float | None = None) -> Iterator[dict[str, Any] | None]:
        return self._events(f"{self._job('status', job_id)}/stream", within_s=within_s)

    def _job(self, what: str, job_id: str) -> str:
        return f"/{self.endpoint_base}/{what}/{quote(job_id, safe='')}"


def model_reference(text: str) -> tuple[str | None, str]:
    """Project name and model name of ``project:model``; of ``customer/model`` the model alone, as a key has one customer."""
    _, slash, after = text.strip().partition("/")
    project, colon, model = ("", "", after) if slash else text.strip().partition(":")
    name = model if slash or colon else text.strip()
    if not name.strip() or (colon and not project.strip()):
        raise ValueError(f"{text!r} names no model: write model, project:model or customer/model")
    return (project.strip() if colon else None), name.strip()


def _given(
    model_version: int | None,
    model_alias: str | None,
    resource_id: str | None,
    file_path: str | None,
    save_results_options: Options,
    prompts: Options,
    params: Options,
) -> dict[str, Any]:
    return {
        "model_version": model_version,
        "model_alias": model_alias,
        "resource_id": resource_id,
        "file_path": file_path,
        "save_results_options": dict(save_results_options) if save_results_options else None,
        "prompts": dict(prompts) if prompts is not None else None,
        "params": dict(params) if params else None,
    }
