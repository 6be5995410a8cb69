"""The older interface: one object, :class:`APIHandler`, with a method per call; rows are dictionaries as the server sends them.

New code is better served by :class:`fiducial.Api`, on which this stands.
"""

from __future__ import annotations

from fiducial.apihandler.api_handler import APIHandler
from fiducial.apihandler.base_api_handler import (
    DatamintException,
    ResourceFields,
    ResourceNotFoundError,
    ResourceStatus,
)

__all__ = ["APIHandler", "DatamintException", "ResourceFields", "ResourceNotFoundError", "ResourceStatus"]
