"""The client of a Fiducial server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fiducial.api.client import Api

__all__ = ["Api"]


def __getattr__(name: str) -> Any:
    if name == "Api":
        from fiducial.api.client import Api

        return Api
    raise AttributeError(f"module 'fiducial.api' has no attribute {name!r}")
