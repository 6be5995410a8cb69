"""Registered models and their versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field, PrivateAttr, field_validator

from fiducial.entities.base_entity import BaseEntityModel

if TYPE_CHECKING:
    from fiducial.api.endpoints.models_api import ModelsApi
    from fiducial.entities.project import Project


def _as_mapping(tags: Any) -> Any:
    """MLflow sends tags as a list of keys and values."""
    if isinstance(tags, list):
        return {row["key"]: row.get("value", "") for row in tags if isinstance(row, Mapping)}
    return tags


class ModelVersion(BaseEntityModel):
    """One version of a registered model. Times are in milliseconds since 1970."""

    name: str
    version: str
    description: str | None = None
    run_id: str | None = None
    source: str | None = None
    status: str | None = None
    aliases: list[str] = Field(default_factory=list)
    tags: dict[str, str] = Field(default_factory=dict)
    creation_timestamp: int | None = None
    last_updated_timestamp: int | None = None

    _spread = field_validator("tags", mode="before")(_as_mapping)

    @field_validator("version", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        return str(value)


class Model(BaseEntityModel):
    """A registered model: a named family of versions. Times are in milliseconds since 1970."""

    name: str
    description: str | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    creation_timestamp: int | None = None
    last_updated_timestamp: int | None = None

    _models: ModelsApi | None = PrivateAttr(default=None)
    _project_id: str | None = PrivateAttr(default=None)
    _spread = field_validator("tags", mode="before")(_as_mapping)

    @property
    def _endpoint(self) -> ModelsApi:
        if self._models is None:
            raise RuntimeError("this Model was not fetched through fiducial.Api, so it knows no server")
        return self._models

    def get_versions(self) -> list[ModelVersion]:
        """All versions, the newest first."""
        return self._endpoint._versions(self.name, self._project_id)

    def get_latest_version(self, alias: str | None = None) -> ModelVersion | None:
        """The version that was made last, or the one that ``alias`` stands for; None when there is none."""
        if alias is not None:
            return self._endpoint._version_at(self.name, alias, self._project_id)
        return max(self.get_versions(), key=lambda version: int(version.version), default=None)

    def is_deployed(self, tag: str = "latest") -> bool:
        """Whether it can be run on the server."""
        return self._endpoint.root.deploy.image_exists(self.name, tag=tag)

    def get_projects(self) -> list[Project]:
        """The projects that have a model of this name."""
        return self._endpoint.get_projects(self.name)
