"""A job that builds an image which serves a model."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator

from fiducial.entities.base_entity import BaseEntityModel
from fiducial.entities.server_job import ServerJob


class DeployJob(ServerJob):
    """A deployment job; :meth:`wait` follows it on the server."""

    build_logs: str = ""
    model_version: int | None = None
    model_alias: str | None = None
    image_name: str | None = None
    image_tag: str | None = None
    error_message: str | None = None
    progress_percentage: int = 0
    current_step: str | None = None
    with_gpu: bool = False
    recent_logs: list[str] | None = None
    started_at: str | None = None
    completed_at: str | None = None

    @field_validator("build_logs", mode="before")
    @classmethod
    def _text(cls, value: Any) -> Any:
        return "" if value is None else value


class BuildLogs(BaseEntityModel):
    """What a build has logged."""

    job_id: str
    model_name: str
    job_status: str
    image_name: str | None = None
    image_tag: str | None = None
    total_lines: int = 0
    returned_lines: int = 0
    log_source: str = "memory"
    """``memory`` while the job runs, ``db`` afterwards."""
    logs: list[str] = Field(default_factory=list)
