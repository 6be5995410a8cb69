"""What the dialect asks of MLflow itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; ``body`` is JSON."""

    status: int
    body: bytes

    @property
    def ok(self) -> bool:
        return self.status < 300

    def json(self) -> Any:
        return msgspec.json.decode(self.body or b"{}")


class Upstream(Protocol):
    """An MLflow server; it may be started by the first call.

    Raises :class:`~fiducial.errors.Unsupported` when MLflow is not installed, :class:`~fiducial.errors.Unavailable` when it
    does not answer.
    """

    async def call(self, method: str, path: str, fields: Mapping[str, Any]) -> Reply:
        """``path`` is below ``/api/2.0/mlflow/``; ``fields`` go into the query of a GET, else into the JSON body."""
        ...

    async def close(self) -> None: ...
