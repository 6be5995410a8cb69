"""Fiducial: medical images and labels in, training-ready data out.

Nothing heavy is imported here: :class:`Api`, :class:`APIHandler` and the sub-packages arrive when they are first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fiducial import api, apihandler, dataset, entities, errors, exceptions, geometry, media
    from fiducial.api.client import Api
    from fiducial.apihandler.api_handler import APIHandler

__version__ = "0.1.0"

__all__ = [
    "APIHandler",
    "Api",
    "__version__",
    "api",
    "apihandler",
    "dataset",
    "entities",
    "errors",
    "exceptions",
    "geometry",
    "media",
]

_PACKAGES = frozenset({"api", "apihandler", "dataset", "entities", "errors", "exceptions", "geometry", "media"})


def __getattr__(name: str) -> Any:
    if name == "Api":
        return import_module("fiducial.api.client").Api
    if name == "APIHandler":
        return import_module("fiducial.apihandler.api_handler").APIHandler
    if name in _PACKAGES:
        return import_module(f"fiducial.{name}")
    raise AttributeError(f"module 'fiducial' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
