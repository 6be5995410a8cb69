"""What serves a model, and what it logs."""

from __future__ import annotations

from pydantic import Field

from fiducial.entities.base_entity import BaseEntityModel


class PodSummary(BaseEntityModel):
    """One thing that serves a model."""

    pod_id: str
    name: str
    status: str
    is_running: bool
    host_port: int | None = None
    need_gpu: bool = False


class ModelPodLogs(BaseEntityModel):
    """Recent log lines of what serves a model."""

    model_name: str
    image_tag: str
    pod_id: str
    pod_name: str
    status: str
    host_port: int | None = None
    logs: list[str] = Field(default_factory=list)
