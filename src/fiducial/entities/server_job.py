"""Work that a server does on its own, and how to wait for it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

from pydantic import PrivateAttr, model_validator

from fiducial.entities.base_entity import BaseEntity
from fiducial.exceptions import ApiError, JobTimeoutError, NetworkError

_LOGGER = logging.getLogger(__name__)

FINISHED = frozenset({"completed", "failed", "cancelled", "error"})


class ServerJob(BaseEntity):
    """A job on the server; :meth:`wait` follows it."""

    id: str
    status: str
    model_name: str

    _pause: Callable[[float], None] = PrivateAttr(default=time.sleep)
    _clock: Callable[[], float] = PrivateAttr(default=time.monotonic)

    @model_validator(mode="before")
    @classmethod
    def _id_from_job_id(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and "job_id" in given and "id" not in given:
            return {"id": given["job_id"], **{name: value for name, value in given.items() if name != "job_id"}}
        return given

    @property
    def is_finished(self) -> bool:
        """Whether it is completed, failed or cancelled."""
        return self.status.lower() in FINISHED

    def wait(
        self,
        *,
        on_status: Callable[[Self], None] | None = None,
        poll_interval: float = 2.0,
        timeout: float | None = None,
    ) -> Self:
        """Follow the server's stream of events until the job is finished; where there is none, or it breaks, ask every
        ``poll_interval`` seconds. This object changes with the job.

        ``on_status`` is called with this object at every change. After ``timeout`` seconds
        :class:`~fiducial.exceptions.JobTimeoutError` (a :class:`TimeoutError`) is raised; the job goes on.
        """
        told = on_status or (lambda job: None)
        deadline = None if timeout is None else self._clock() + timeout
        if not self.is_finished:
            self._follow(told, deadline, timeout)
        while not self.is_finished:
            self._check(deadline, timeout)
            self._pause(poll_interval)
            if self._update():
                told(self)
        return self

    def _follow(self, told: Callable[[Self], None], deadline: float | None, timeout: float | None) -> None:
        """As far as the stream of events leads. It is a help, not a need: whatever goes wrong, asking comes after it."""
        try:
            for event in self._events(deadline):
                self._check(deadline, timeout)
                if event is None:
                    continue
                changed = self._take(event)
                if self.is_finished:
                    changed |= self._update()  # events tell a part of the job only
                if changed:
                    told(self)
                if self.is_finished:
                    return
        except (ApiError, NetworkError, ValueError) as error:
            _LOGGER.debug("the events of job %s ended: %s", self.id, error)

    def _events(self, deadline: float | None) -> Iterator[dict[str, Any] | None]:
        """Events, with None for each sign of life in between; nothing from an endpoint that has no stream."""
        stream = getattr(self._endpoint, "_status_events", None)
        left = None if deadline is None else max(deadline - self._clock(), 0.0)
        return iter(()) if stream is None else stream(self.id, left)

    def _check(self, deadline: float | None, timeout: float | None) -> None:
        if deadline is not None and self._clock() >= deadline:
            raise JobTimeoutError(f"job {self.id} is still {self.status} after {timeout} s", job_id=self.id)

    def _take(self, event: Mapping[str, Any]) -> bool:
        """Take over what an event tells; whether anything changed."""
        known = {name: value for name, value in event.items() if name not in {"id", "job_id", "event"}}
        fresh = type(self).model_validate({**self.model_dump(warnings="none"), **known})
        changed = fresh != self
        self.__dict__.update(fresh.__dict__)
        return changed

    def _update(self) -> bool:
        """Take over what the server says now; whether anything changed."""
        fresh = self._refetch()
        changed = fresh.__dict__ != self.__dict__
        self.__dict__.update(fresh.__dict__)
        return changed
