# ruff: noqa: PLR0917 - documented signatures have many positional parameters
"""Resources: upload, search, download, publish, tag, delete and restore."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fiducial.api.entity_base_api import without_none
from fiducial.api.pages import rows_of
from fiducial.api.resources.downloads import DownloadCalls
from fiducial.api.resources.uploads import UploadCalls
from fiducial.entities.channel import Channel
from fiducial.entities.project import Project
from fiducial.entities.resource import Resource

if TYPE_CHECKING:
    from fiducial.entities.annotations import Annotation, AnnotationType

ResourceStatus = Literal["inbox", "published"]
ResourceFields = Literal["modality", "created_by", "published_by", "published_on", "filename", "created_at"]
Deleted = Literal["exclude", "include", "only"]


class ResourcesApi(UploadCalls, DownloadCalls):
    """Calls around resources."""

    def get_list(  # type: ignore[override]
        self,
        status: ResourceStatus | None = None,
        from_date: date | str | None = None,
        to_date: date | str | None = None,
        tags: Sequence[str] | None = None,
        modality: str | None = None,
        mimetype: str | None = None,
        source_filepath: str | Path | None = None,
        order_field: ResourceFields | None = None,
        order_ascending: bool | None = None,
        channel: str | None = None,
        project_name: Project | str | list[str] | None = None,
        filename: str | None = None,
        limit: int | None = None,
        deleted: Deleted | None = None,
    ) -> Sequence[Resource]:
        """Resources that fulfil all that is given. ``tags``: any of them. ``from_date`` is in, ``to_date`` is not.

        ``project_name``: a project, its name or id, or several; resources that are in all of them.
        """
        params = {
            "status": status or "",
            "from": _day(from_date),
            "to": _day(to_date),
            "modality": modality,
            "mimetype": mimetype,
            "order_field": order_field,
            "order_by_asc": None if order_ascending is None else str(order_ascending).lower(),
            "channel_name": channel,
            "filename": filename,
            "deleted": deleted,
            "tags": _items(list(tags), "union") if tags else None,
            "project": _items(_project_names(project_name), "intersection") if project_name else None,
        }
        if source_filepath is None:
            return self._pages(limit, without_none(params))
        path = str(source_filepath)
        found = [r for r in self._pages(None, without_none(params)) if r.source_filepath == path]
        return found[:limit]

    def get_deleted(self, **kwargs: Any) -> Sequence[Resource]:
        """Deleted resources; the same filters as :meth:`get_list`."""
        return self.get_list(deleted="only", **kwargs)

    def get_not_annotated(self, limit: int | None = None, **kwargs: Any) -> list[Resource]:
        """Resources without annotations."""
        return self._pages(limit, without_none(kwargs), "/resources/not-annotated")

    def list_channels(self, limit: int | None = None, **kwargs: Any) -> list[Channel]:
        """Channels with their resources."""
        return list(self.root.channels.get_list(limit=limit, **kwargs))

    def get_annotations(
        self, resource: str | Resource, annotation_type: AnnotationType | str | None = None
    ) -> Sequence[Annotation]:
        """The resource's annotations."""
        return self.root.annotations.get_list(resource, annotation_type=annotation_type)

    def findings(self, resource: str | Resource) -> list[dict[str, Any]]:
        """What is not ordinary about the resource: ``code``, ``severity``, ``message``, ``evidence`` of each."""
        return rows_of(self._request("GET", self._path(self._entid(resource), "findings")).content, "findings")

    def rank_resources(
        self,
        resources: Sequence[Resource],
        score_fn: Callable[[Resource], float | None],
        *,
        descending: bool = True,
        top_k: int | None = None,
    ) -> list[tuple[Resource, float]]:
        """Resources with their score, best first; those whose score is None are left out."""
        scored = [(resource, score) for resource in resources if (score := score_fn(resource)) is not None]
        return sorted(scored, key=lambda pair: pair[1], reverse=descending)[:top_k]


def _day(value: date | str | None) -> str | None:
    return value.isoformat() if isinstance(value, date) else value


def _items(items: Sequence[str], how: str) -> str:
    return json.dumps({"items": list(items), "filterType": how})


def _project_names(project: Project | str | list[str]) -> list[str]:
    if isinstance(project, Project):
        return [project.name]
    return [project] if isinstance(project, str) else [p.name if isinstance(p, Project) else p for p in project]
