"""Which part of a project's split a resource belongs to."""

from __future__ import annotations

from fiducial.entities.base_entity import BaseEntityModel


class ProjectResourceSplit(BaseEntityModel):
    """``split_name`` is ``train``, ``val``, ``test`` or another name the project uses."""

    id: str
    split_name: str
    project_id: str
    resource_id: str
    created_at: str
    created_by: str
    deleted_at: str | None = None
    deleted_by: str | None = None
