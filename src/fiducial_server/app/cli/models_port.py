"""The models host's port, for the commands that serve."""

from __future__ import annotations

import logging
import socket
from collections.abc import Sequence

from fiducial.errors import Unavailable
from fiducial_server.app import server
from fiducial_server.app.mlflow_process import MlflowProcess
from fiducial_server.app.settings import Settings

log = logging.getLogger(__name__)


def listen_for_models(settings: Settings, sockets: list[socket.socket]) -> str | None:
    """Listen for the models host too, or say why it is not there: the main host does not depend on it."""
    if settings.models_port == 0:
        return "turned off (--models-port 0)"
    try:
        found = server.listen(settings.host, settings.models_port)
        server.claim(found)
    except Unavailable as error:
        log.warning("the models host is not available: %s; --models-port names another port", error.message)
        return f"not available: {error.message}"
    sockets.append(found)
    return None


def models_at(settings: Settings, sockets: Sequence[socket.socket]) -> server.ModelsAt | None:
    """What answers at the second socket, where :func:`listen_for_models` found one."""
    return server.ModelsAt(sockets[1].getsockname()[1], MlflowProcess(settings)) if len(sockets) > 1 else None
