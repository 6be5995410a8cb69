"""Fiducial: medical images and labels in, training-ready data out.

Nothing heavy is imported here: :class:`Api` and the sub-packages arrive when they are first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fiducial import api, dataset, entities, errors, exceptions, geometry, media
    from fiducial.api.client import Api

__version__ = "0.1.0"

__all__ = ["Api", "__version__", "api", "dataset", "entities", "errors", "exceptions", "geometry", "media"]

_PACKAGES = frozenset({"api", "dataset", "entities", "errors", "exceptions", "geometry", "media"})


def __getattr__(name: str) -> Any:
    if name == "Api":
        return import_module("fiducial.api.client").Api
    if name in _PACKAGES:
        return import_module(f"fiducial.{name}")
    raise AttributeError(f"module 'fiducial' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
