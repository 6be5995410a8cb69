"""Server-sent events (HTML standard, 9.2): names, JSON data, and signs of life in between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx

from fiducial.exceptions import NetworkError, error_from

if TYPE_CHECKING:
    from fiducial.api.connection import Connection

QUIET_S = 60.0
"""A stream that says nothing for so long is taken for broken: servers send a comment at least every 30 s."""
END, LOG = "end", "log"


def events(
    connection: Connection, url: str, params: dict[str, Any] | None = None, *, within_s: float | None = None
) -> Iterator[dict[str, Any] | None]:
    """The events at ``url``, with None for each comment, so that the caller can look at the clock.

    Refusals and broken connections are raised; a line that does not come within ``within_s`` is a broken connection.
    """
    quiet = QUIET_S if within_s is None else max(min(QUIET_S, within_s), 0.001)
    timeout = httpx.Timeout(quiet, connect=10.0)
    try:
        with connection.client.stream("GET", url, params=params, timeout=timeout) as response:
            if not response.is_success:
                response.read()
                raise error_from(response)
            yield from parsed(response.iter_lines())
    except httpx.TransportError as error:
        raise NetworkError(f"the events at {url} broke off: {error or type(error).__name__}") from error


def parsed(lines: Iterator[str]) -> Iterator[dict[str, Any] | None]:
    """One dictionary per ``data:`` line; its ``event`` is the line before, unless the data names it. ``end`` ends.

    Data that is no JSON object is a line of a log.
    """
    name: str | None = None
    for line in lines:
        field, _, value = line.partition(":")
        if field == "event":
            name = value.strip()
        elif field == "data" and value.strip():
            event = _event(value.strip(), name)
            if event["event"] == END:
                return
            yield event
        elif line.startswith(":"):
            yield None
        elif not line:
            name = None


def log_lines(told: Iterator[dict[str, Any] | None]) -> Iterator[str]:
    """The lines of a stream of logs."""
    for event in told:
        if event is not None and event["event"] == LOG:
            text = event.get("line", event.get("log"))
            if text is not None:
                yield str(text)


def _event(text: str, name: str | None) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    if not isinstance(value, dict):
        value = {"line": str(value)}
    return {"event": name or LOG, **value}
