"""The model registry. MLflow is not needed here; logging runs and models is MLflow's own work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from fiducial.api.models_host import BASE, OnModelsHost
from fiducial.entities.model import Model, ModelVersion
from fiducial.entities.project import Project
from fiducial.exceptions import ApiError, ItemNotFoundError

_REGISTRY = "/api/2.0/mlflow"
WhichProject = str | Project | None


class ModelsApi(OnModelsHost):
    """Calls around registered models. ``project`` chooses whose models; without it those of no project."""

    def get_list(
        self, only_deployed: bool = False, max_results: int | None = None, *, project: WhichProject = None
    ) -> list[Model]:
        """Registered models by name, ``max_results`` of them at most; ``only_deployed`` those that the server can run."""
        project_id = self._project_id(project)
        found: list[Model] = []
        for row in self._search("registered-models/search", "registered_models", project_id, limit=max_results):
            found.append(self._model(row, project_id))
            if len(found) == max_results:
                break
        return [model for model in found if model.is_deployed()] if only_deployed else found

    def get_all(
        self, only_deployed: bool = False, max_results: int | None = None, *, project: WhichProject = None
    ) -> list[Model]:
        """The same as :meth:`get_list`."""
        return self.get_list(only_deployed, max_results, project=project)

    def get_by_name(self, name: str, *, project: WhichProject = None) -> Model | None:
        """The model of that name; None when there is none."""
        project_id = self._project_id(project)
        try:
            told = self._call("GET", "registered-models/get", {"name": name, "project_id": project_id})
        except ItemNotFoundError as error:
            if _code(error) != "RESOURCE_DOES_NOT_EXIST" or "Project" in error.message:
                raise
            return None
        return self._model(told["registered_model"], project_id)

    def create(
        self, name: str, description: str | None = None, exists_ok: bool = True, *, project: WhichProject = None
    ) -> Model:
        """Register a model. One that is there comes back as it is, unless ``exists_ok`` is False (the refusal is raised)."""
        project_id = self._project_id(project)
        body = {"name": name, "description": description, "project_id": project_id}
        try:
            told = self._call("POST", "registered-models/create", body)
        except ApiError as error:
            known = self.get_by_name(name, project=project_id) if _code(error) == "RESOURCE_ALREADY_EXISTS" else None
            if known is None or not exists_ok:
                raise
            return known
        return self._model(told["registered_model"], project_id)

    def delete_model_version(self, name: str, version: str | int, *, project: WhichProject = None) -> None:
        """Delete one version."""
        body = {"name": name, "version": str(version), "project_id": self._project_id(project)}
        self._call("DELETE", "model-versions/delete", body)

    def delete_registered_model(self, name: str, *, project: WhichProject = None) -> None:
        """Delete a model with all its versions."""
        self._call("DELETE", "registered-models/delete", {"name": name, "project_id": self._project_id(project)})

    def get_projects(self, model_name: str, customer_id: str | None = None) -> list[Project]:
        """The projects that have a model of that name."""
        body = {"model_name": model_name} | ({} if customer_id is None else {"customer_id": customer_id})
        told = self._json("POST", f"/{BASE}/model-info/get-project", json=body)
        return [self.root.projects.get_by_id(project_id) for project_id in told.get("project_ids", ())]

    def get_deployed_model_info(self, project: str | Project, model_name: str) -> dict[str, Any]:
        """What is known of a model's deployment in a project."""
        path = f"/experiments/project/{self.root.projects._id_of(project)}/deployed-models/{quote(model_name, safe='')}/info"
        told: dict[str, Any] = self._connection.request("GET", path).json()
        return told

    # ---- for models themselves

    def _versions(self, name: str, project_id: str | None) -> list[ModelVersion]:
        quote_ = '"' if "'" in name else "'"
        condition = f"name = {quote_}{name}{quote_}"
        rows = self._search("model-versions/search", "model_versions", project_id, condition)
        return [ModelVersion.model_validate(row) for row in rows]

    def _version_at(self, name: str, alias: str, project_id: str | None) -> ModelVersion | None:
        fields = {"name": name, "alias": alias, "project_id": project_id}
        try:
            told = self._call("GET", "registered-models/alias", fields)
        except ApiError as error:
            if _code(error) in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
                return None
            raise
        return ModelVersion.model_validate(told["model_version"])

    def _model(self, row: dict[str, Any], project_id: str | None) -> Model:
        model = Model.model_validate({name: value for name, value in row.items() if name != "latest_versions"})
        model._models, model._project_id = self, project_id
        return model

    def _project_id(self, project: WhichProject) -> str | None:
        return None if project is None else self.root.projects._id_of(project)

    def _search(
        self, path: str, name: str, project_id: str | None, condition: str | None = None, limit: int | None = None
    ) -> Iterator[dict[str, Any]]:
        token: str | None = None
        while True:
            size = 1000 if limit is None else min(limit, 1000)
            fields = {"project_id": project_id, "filter": condition, "max_results": size, "page_token": token}
            told = self._call("GET", path, fields)
            yield from told.get(name, ())
            token = told.get("next_page_token")
            if not token:
                return

    def _call(self, method: str, path: str, fields: dict[str, Any]) -> dict[str, Any]:
        given = {name: value for name, value in fields.items() if value is not None}
        how = {"params": given} if method == "GET" else {"json": given}
        told: dict[str, Any] = self._json(method, f"{_REGISTRY}/{path}", **how)
        return told


def _code(error: ApiError) -> str | None:
    """MLflow's own word for what is wrong."""
    try:
        body = error.response.json()
    except ValueError:
        return None
    return body.get("error_code") if isinstance(body, dict) else None
