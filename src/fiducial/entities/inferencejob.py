"""A job that runs a model over resources."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import PrivateAttr

from fiducial.entities.base_entity import BaseEntity
from fiducial.exceptions import JobTimeoutError

if TYPE_CHECKING:
    from fiducial.entities.annotations import Annotation

FINISHED = frozenset({"completed", "failed", "cancelled", "error"})


class InferenceJob(BaseEntity):
    """An inference job; :meth:`wait` follows it on the server."""

    id: str
    status: str
    model_name: str
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

    _pause: Callable[[float], None] = PrivateAttr(default=time.sleep)
    _clock: Callable[[], float] = PrivateAttr(default=time.monotonic)

    @property
    def is_finished(self) -> bool:
        """Whether it is completed, failed or cancelled."""
        return self.status.lower() in FINISHED

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
        """Ask every ``poll_interval`` seconds until the job is finished; this object changes with it.

        ``on_status`` is called with this object at every change. After ``timeout`` seconds
        :class:`~fiducial.exceptions.JobTimeoutError` (a :class:`TimeoutError`) is raised; the job goes on.
        """
        started = self._clock()
        while not self.is_finished:
            if timeout is not None and self._clock() - started >= timeout:
                raise JobTimeoutError(f"job {self.id} is still {self.status} after {timeout} s", job_id=self.id)
            self._pause(poll_interval)
            if self._update() and on_status is not None:
                on_status(self)
        return self

    def _update(self) -> bool:
        """Take over what the server says now; whether anything changed."""
        fresh = self._refetch()
        changed = fresh.__dict__ != self.__dict__
        self.__dict__.update(fresh.__dict__)
        return changed
