"""A validation study: people judge a model, or label without it, and the two are compared."""

from __future__ import annotations

from typing import Any

from fiducial.entities.base_entity import BaseEntity


class ValidationStudy(BaseEntity):
    """A study of one model. Its resources can be set while ``status`` is ``draft``."""

    id: str
    name: str
    model_name: str
    model_version: int | None = None
    description: str | None = None
    project_id: str | None = None
    resource_ids: list[str] | None = None
    reader_tasks: dict[str, Any] | None = None
    """``evaluate_ai_output`` and ``provide_annotations``, each with ``enabled``."""
    status: str | None = None
