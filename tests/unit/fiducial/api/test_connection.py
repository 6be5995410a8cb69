"""What is tried again, and what is not."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from fiducial.exceptions import NetworkError, ServerError
from tests.unit.fiducial.fake_server import Handler, api_with, project_row


def _counting(answers: list[Callable[[httpx.Request], httpx.Response]]) -> tuple[Handler, list[str]]:
    seen: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.method)
        return answers[min(len(seen), len(answers)) - 1](request)

    return handle, seen


def _broken(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("reset", request=request)


def _refused(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


def _fine(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=[])


def _busy(_: httpx.Request) -> httpx.Response:
    return httpx.Response(503, json={"message": "busy"})


def test_reading_is_tried_again() -> None:
    handler, seen = _counting([_broken, _busy, _fine])
    assert api_with(handler).projects.get_list() == []
    assert seen == ["GET", "GET", "GET"]


def test_tries_end() -> None:
    handler, seen = _counting([_busy])
    with pytest.raises(ServerError, match="busy"):
        api_with(handler, max_retries=2).projects.get_list()
    assert len(seen) == 3


def test_a_write_that_may_have_arrived_is_not_repeated() -> None:
    handler, seen = _counting([_broken, _fine])
    with pytest.raises(NetworkError, match="reset"):
        api_with(handler).resources.bulk_publish([])
    assert seen == ["POST"]


def test_a_write_that_cannot_have_arrived_is_repeated() -> None:
    handler, seen = _counting([_refused, _fine])
    api_with(handler).resources.bulk_publish([])
    assert seen == ["POST", "POST"]


def test_network_error_is_httpx_own_and_names_the_address() -> None:
    with pytest.raises(httpx.TransportError, match=r"http://server\.test"):
        api_with(_refused).check_connection()


def test_something_else_at_the_address_is_told() -> None:
    with pytest.raises(NetworkError, match="does not answer as a Fiducial server"):
        api_with(lambda _: httpx.Response(200, text="<html>hello</html>")).check_connection()


def test_check_connection_passes_with_a_project() -> None:
    api_with(lambda _: httpx.Response(200, json={"data": [project_row()], "totalCount": 1})).check_connection()
