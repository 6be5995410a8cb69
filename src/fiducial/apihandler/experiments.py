"""Experiments: what was trained on a dataset, what it logged, what came out."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from fiducial.api.entity_base_api import without_none
from fiducial.apihandler.base_api_handler import BaseAPIHandler, not_found, require_id
from fiducial.errors import Invalid, Unsupported


class ExperimentCalls(BaseAPIHandler):
    """Calls around experiments."""

    def create_experiment(self, dataset_id: str, name: str, description: str, environment: dict[str, Any]) -> str:
        """Begin an experiment on a dataset; its id. ``environment`` is kept as it is."""
        require_id("dataset", dataset_id=dataset_id)
        body = {"dataset_id": dataset_id, "name": name, "description": description, "environment": environment}
        with not_found("dataset", dataset_id=dataset_id):
            return str(self._json("POST", "/experiments", json=body)["id"])

    def get_experiments(self) -> list[dict[str, Any]]:
        """Every experiment."""
        found: list[dict[str, Any]] = self._json("GET", "/experiments")
        return found

    def get_experiment_by_id(self, exp_id: str) -> dict[str, Any]:
        """One experiment."""
        return dict(self._of_experiment("GET", exp_id))

    def get_experiment_by_name(self, name: str, project: dict[str, Any]) -> dict[str, Any] | None:
        """The experiment of that name in the project (a row of :meth:`get_projects`); None when there is none."""
        if not isinstance(project, Mapping) or "id" not in project:
            raise Invalid("project is a project's row with its id, as get_projects gives it", field="project")
        project_id = require_id("project", project_id=str(project["id"]))
        with not_found("project", project_id=project_id):
            rows: list[dict[str, Any]] = self._json("GET", f"/projects/{project_id}/experiments")
        return next((row for row in rows if row["name"] == name), None)

    def update_experiment(
        self,
        exp_id: str,
        name: str | None = None,
        description: str | None = None,
        result_summary: dict[str, Any] | None = None,
    ) -> None:
        """Change what is given and leave the rest; nothing is asked when nothing is given."""
        changes = without_none({"name": name, "description": description, "result_summary": result_summary})
        if changes:
            self._of_experiment("PATCH", exp_id, json=changes)

    def log_summary(self, exp_id: str, result_summary: dict[str, Any]) -> None:
        """What came out of the experiment."""
        self._of_experiment("POST", exp_id, "summary", json={"result_summary": result_summary})

    def log_entry(self, exp_id: str, entry: dict[str, Any]) -> None:
        """One more entry of the experiment's log: any JSON object."""
        if not isinstance(entry, dict):
            raise Invalid(f"an entry is a dictionary, not a {type(entry).__name__}", field="entry")
        self._of_experiment("POST", exp_id, "log", json=entry)

    def get_experiment_logs(self, exp_id: str) -> list[dict[str, Any]]:
        """The entries of the experiment's log in their order."""
        return list(self._of_experiment("GET", exp_id, "log"))

    def log_model(
        self,
        exp_id: str,
        model: Any,
        hyper_params: dict[str, Any] | None = None,
        torch_save_kwargs: Mapping[str, Any] = {},
    ) -> dict[str, Any]:
        """Keep a model with the experiment: a file's path, an open binary file, or a ``torch.nn.Module``; what was kept.

        A module is written by ``torch.save(model, file, **torch_save_kwargs)``. ``hyper_params`` are kept beside it; values
        that are not texts go as JSON.
        """
        name, content = _model_file(model, torch_save_kwargs)
        with content:
            fields = {key: value if isinstance(value, str) else json.dumps(value) for key, value in
                      (hyper_params or {}).items()}  # fmt: skip
            body = {"model": (name, content, "application/octet-stream")}
            rows = self._of_experiment("POST", exp_id, "model", data=fields, files=body)
        return dict(rows[0])

    def _of_experiment(self, method: str, exp_id: str, *rest: str, **arguments: Any) -> Any:
        require_id("experiment", exp_id=exp_id)
        with not_found("experiment", exp_id=exp_id):
            return self._json(method, "/".join((f"/experiments/{exp_id}", *rest)), **arguments)


def _model_file(model: Any, options: Mapping[str, Any]) -> tuple[str, BinaryIO]:
    """A name, and the content opened at its beginning."""
    if isinstance(model, (str, Path)):
        path = Path(model).expanduser()
        return path.name, path.open("rb")
    if hasattr(model, "read"):
        return Path(str(getattr(model, "name", None) or "model")).name, model
    try:
        import torch
    except ImportError as error:
        raise Unsupported("a model is a path or an open binary file; a module needs torch", extra="torch") from error
    if not isinstance(model, torch.nn.Module):
        raise Invalid(
            f"a model is a path, an open binary file or a module, not a {type(model).__name__}", field="model"
        )
    content: Any = tempfile.SpooledTemporaryFile(16 << 20)  # noqa: SIM115 - the caller closes it
    torch.save(model, content, **options)
    content.seek(0)
    return "model.pt", content
