"""A process that does nothing but jobs, on any node that reaches the database and the store."""

from __future__ import annotations

import signal
import threading

from fiducial_server.dialects.services import Services


def run_worker(services: Services) -> None:
    """Carry jobs to their end until the process is told to stop (SIGINT, SIGTERM)."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    services.start()
    try:
        stop.wait()
    finally:
        services.close()
