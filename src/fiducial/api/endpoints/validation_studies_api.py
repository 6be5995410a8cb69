"""Validation studies: people judge a model, or label without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import httpx

from fiducial.api.base_api import ApiConfig
from fiducial.api.endpoints.annotationsets_api import Spec, spec_as_sent
from fiducial.api.entity_base_api import UpdatableEntityApi, without_none
from fiducial.entities.project import Project
from fiducial.entities.validation_study import ValidationStudy
from fiducial.errors import Invalid

if TYPE_CHECKING:
    from fiducial.api.client import Api

Study = str | ValidationStudy
"""A study, or its id."""


class ValidationStudiesApi(UpdatableEntityApi[ValidationStudy]):
    """Calls around validation studies; ``patch`` changes ``name``, ``description`` and ``status`` (draft, active, completed)."""

    def __init__(self, config: ApiConfig, client: httpx.Client | None = None, root: Api | None = None) -> None:
        super().__init__(config, ValidationStudy, "validation-studies", client, root)

    def create(
        self,
        project: str | Project,
        name: str,
        model_name: str,
        *,
        model_version: int | None = None,
        description: str | None = None,
        evaluate_ai_output: Mapping[str, Any] | None = None,
        provide_annotations: Mapping[str, Any] | None = None,
        resource_ids: Sequence[str] | None = None,
        auto_fill_annotations: bool = True,
    ) -> ValidationStudy:
        """Make a study, as a draft.

        ``evaluate_ai_output``: readers judge what the model found; ``enabled``, ``overall`` (a rating per resource),
        ``indicate_errors`` (marking of errors) and ``annotations`` (specs of what is shown; those of the deployed model if
        none are given and ``auto_fill_annotations``). ``provide_annotations``: readers label from scratch; ``enabled``,
        ``targets`` (specs) and ``segregate_count``. One of the two must be enabled, and ``segregate_count`` needs both;
        otherwise :class:`~fiducial.errors.Invalid`.
        """
        judged, labelled = _task(evaluate_ai_output, "annotations"), _task(provide_annotations, "targets")
        if not judged["enabled"] and not labelled["enabled"]:
            raise Invalid("evaluate_ai_output or provide_annotations must be enabled", field="reader_tasks")
        if labelled.get("segregate_count") is not None and not judged["enabled"]:
            raise Invalid("segregate_count needs both tasks to be enabled", field="provide_annotations")
        project_id = self.root.projects._id_of(project)
        if judged["enabled"] and not judged.get("annotations") and auto_fill_annotations:
            judged["annotations"] = self._specs_of_model(project_id, model_name)
        payload = {
            "name": name,
            "model_name": model_name,
            "model_version": model_version,
            "description": description,
            "resource_ids": None if resource_ids is None else [self._entid(one) for one in resource_ids],
            "reader_tasks": {"evaluate_ai_output": judged, "provide_annotations": labelled},
        }
        path = f"/projects/{project_id}/validation-studies"
        return self._parse_one(self._request("POST", path, json=without_none(payload)).content)

    def _specs_of_model(self, project_id: str, model_name: str) -> list[Any]:
        told = self._json("GET", deployed_model_path(project_id, model_name))
        if not (specs := told.get("annotation_specs")):
            status = told.get("metadata_status")
            raise Invalid(
                f"the deployed model {model_name!r} does not say what it annotates (metadata: {status}); "
                "give evaluate_ai_output['annotations']",
                field="evaluate_ai_output",
            )
        return list(specs)

    def set_resources(self, study: Study, resource_ids: Sequence[str]) -> None:
        """These resources instead of those there are; only while the study is a draft."""
        body = {"resource_ids": [self._entid(one) for one in resource_ids]}
        self._request("PUT", self._path(self._entid(study), "resources"), json=body)

    def add_readers(self, study: Study, readers: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
        """Add people who judge: ``email``, and where known ``firstname`` and ``lastname``.

        Gives what became of each: ``status`` is ``member`` for a user, and ``pending`` for somebody who is invited by it;
        the ``link`` is for them, and shown this once.
        """
        body = {"readers": [dict(reader) for reader in readers]}
        told = self._json("POST", self._path(self._entid(study), "readers"), json=body)
        return list(told.get("readers") or ())


def deployed_model_path(project_id: str, model_name: str) -> str:
    """Where the server tells what a deployed model does."""
    from urllib.parse import quote

    return f"/experiments/project/{project_id}/deployed-models/{quote(model_name, safe='')}/info"


def _task(given: Mapping[str, Any] | None, specs: str) -> dict[str, Any]:
    task: dict[str, Any] = {"enabled": False, **(given or {})}
    if task.get(specs):
        listed: Sequence[Spec] = task[specs]
        task[specs] = [spec_as_sent(spec) for spec in listed]
    return task
