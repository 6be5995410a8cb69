"""A job that runs a model over resources."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fiducial.entities.server_job import FINISHED, ServerJob

if TYPE_CHECKING:
    from fiducial.entities.annotations import Annotation

__all__ = ["FINISHED", "InferenceJob"]


class InferenceJob(ServerJob):
    """An inference job; :meth:`wait` follows it on the server."""

    resource_id: str | None = None
    frame_idx: int | None = None
    created_at: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    progress_percentage: int = 0
    current_step: str | None = None
    error_message: str | None = None
    save_results: bool = True
    result_data: dict[str, Any] | None = None
    annotation_ids: list[Any] | None = None
    recent_logs: list[str] | None = None

    @property
    def predictions(self) -> list[list[Annotation]] | None:
        """Per input resource the annotations that the model made; None when the job does not hold them."""
        from fiducial.entities.annotations import annotation_from_dict

        found = (self.result_data or {}).get("predictions")
        return None if found is None else [[annotation_from_dict(row) for row in rows] for rows in found]

    def wait(
        self,
        *,
        on_status: Callable[[InferenceJob], None] | None = None,
        poll_interval: float = 2.0,
        timeout: float | None = None,
    ) -> InferenceJob:
        """Follow the server's stream of events until the job is finished; where there is none, or it breaks, ask every
        ``poll_interval`` seconds. This object changes with the job.

        ``on_status`` is called with this object at every change. After ``timeout`` seconds
        :class:`~fiducial.exceptions.JobTimeoutError` (a :class:`TimeoutError`) is raised; the job goes on.
        """
        return super().wait(on_status=on_status, poll_interval=poll_interval, timeout=timeout)
