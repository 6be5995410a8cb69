# ruff: noqa: PLR0917 - documented signatures have many positional parameters
"""How far the work of a worklist is, who does it, and its labels as a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

from fiducial.api.entity_base_api import without_none
from fiducial.api.table import table_params
from fiducial.api.worklists.base import Worklist, WorklistCalls
from fiducial.entities.resource import Resource

Status = Literal["opened", "annotated", "closed", "approved", "revision_request"]


class WorkCalls(WorklistCalls):
    """Annotators are named by e-mail address, members by user id."""

    def update_annotation_status(
        self,
        worklist_id: Worklist,
        resource: str | Resource,
        status: Status = "closed",
        annotator_email: str | None = None,
        message: str | None = None,
        path: str | None = None,
    ) -> list[dict[str, Any]]:
        """Move the work of an annotator (the caller, if none is named) on one resource; the rows as they are then.

        ``approved`` and ``revision_request`` are a reviewer's words; ``message`` is for the annotator, and ``path`` says
        where in the application it is about.
        """
        body = {"status": status, "annotator": annotator_email, "message": message, "path": path}
        address = self._on(worklist_id, resource, "status")
        rows: list[dict[str, Any]] = self._json("POST", address, json=without_none(body))
        return rows

    def reset_annotator_status(self, worklist_id: Worklist, resource: str | Resource, annotator_email: str) -> None:
        """Begin again: the annotator's status on the resource and their labels there go."""
        self._request("DELETE", self._on(worklist_id, resource, "annotator", annotator_email, "status-reset"))

    def get_annotation_statuses(
        self,
        worklist_id: Worklist,
        status: str | None = None,
        user_id: str | None = None,
        resource: str | Resource | None = None,
    ) -> list[dict[str, Any]]:
        """How far the work is, per resource and annotator; of those that fulfil all that is given."""
        resource_id = None if resource is None else self._entid(resource)
        params = without_none({"status": status, "user_id": user_id, "resource_id": resource_id})
        return self._rows(self._path(self._entid(worklist_id), "annotation-statuses"), params)

    # ---- annotators

    def set_annotator(
        self,
        worklist_id: Worklist,
        user_id: str,
        status: Literal["active", "frozen"] | None = None,
        expertise_level: Literal["learner", "trained", "expert"] | None = None,
        return_url: str | None = None,
    ) -> dict[str, Any]:
        """Let a user label in the worklist, or change how; the server's answer."""
        body = without_none({"status": status, "expertise_level": expertise_level, "return_url": return_url})
        found: dict[str, Any] = self._json(
            "POST", self._path(self._entid(worklist_id), "annotators", user_id), json=body
        )
        return found

    def remove_annotator(self, worklist_id: Worklist, user_id: str) -> None:
        """Take a user out of the worklist; their labels stay."""
        self._request("DELETE", self._path(self._entid(worklist_id), "annotators", user_id))

    def get_annotator_status(self, worklist_id: Worklist, annotator_email: str) -> Any:
        """How far one annotator is."""
        return self._json("GET", self._path(self._entid(worklist_id), "users", annotator_email))

    # ---- figures

    def get_annotators_statistics(
        self, worklist_id: Worklist, annotator_email: str | None = None
    ) -> list[dict[str, Any]]:
        """What each annotator has done."""
        params = without_none({"email": annotator_email})
        return self._rows(self._path(self._entid(worklist_id), "annotators-statistic"), params)

    def get_annotations_statistics(self, worklist_id: Worklist) -> list[dict[str, Any]]:
        """How many labels there are, by name."""
        return self._rows(self._path(self._entid(worklist_id), "annotations-statistic"))

    def download_annotations(
        self,
        worklist_id: Worklist,
        from_date: date | str | None = None,
        to_date: date | str | None = None,
        annotators: Sequence[str] | None = None,
        annotations: Sequence[str] | None = None,
        format: str = "csv",  # noqa: A002 - the documented name
    ) -> bytes:
        """The labels as a table: the file's bytes. ``format`` is ``csv`` or ``excel`` (also ``xlsx``).

        Those made from ``from_date`` on and before ``to_date``, by these ``annotators``, under these names.
        """
        wanted = "excel" if format == "xlsx" else format
        params = table_params(wanted, from_date, to_date, annotators, annotations)
        path = self._path(self._entid(worklist_id), "download-annotations")
        return self._request("GET", path, params=params).content
