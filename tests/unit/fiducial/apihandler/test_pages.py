"""Lists come page by page, and only as far as they are read."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fiducial.api.pages import PAGE_LIMIT
from fiducial.apihandler.api_handler import APIHandler
from fiducial.apihandler.base_api_handler import DatamintException, ResourceNotFoundError
from fiducial.exceptions import AuthenticationError, NetworkError
from tests.unit.fiducial.fake_server import URL, refusal, resource_row

ROWS = PAGE_LIMIT + 3


def handler_with(answer: Any) -> APIHandler:
    client = httpx.Client(base_url=URL, transport=httpx.MockTransport(answer))
    return APIHandler(URL + "/", "key", check_connection=False, client=client, max_retries=0)


class Pages:
    """Answers any list in the wire's shapes and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        offset = int(request.url.params["offset"])
        rows = [{"id": str(n), "name": str(n)} for n in range(offset, min(offset + PAGE_LIMIT, ROWS))]
        if request.url.path == "/resources":
            return httpx.Response(200, json={"data": [{"resources": rows}], "totalCount": ROWS})
        if request.url.path == "/users":
            return httpx.Response(200, json=rows)
        return httpx.Response(200, json={"data": rows, "totalCount": ROWS})


@pytest.mark.parametrize(
    "call", ["get_resources", "get_annotations", "get_channels", "get_annotation_worklist", "get_projects", "get_users",
             "get_datasets"]
)  # fmt: skip
def test_every_page_is_fetched(call: str) -> None:
    pages = Pages()
    rows = list(getattr(handler_with(pages), call)())
    assert [row["id"] for row in rows] == [str(n) for n in range(ROWS)]
    assert [(r.url.params["offset"], r.url.params["limit"]) for r in pages.asked] == [("0", "5000"), ("5000", "5000")]


def test_generators_ask_only_when_read() -> None:
    pages = Pages()
    rows = handler_with(pages).get_resources(return_ids_only=True)
    assert pages.asked == []
    assert next(rows) == "0"
    assert len(pages.asked) == 1


def test_filters_of_resources_as_they_are_sent() -> None:
    from datetime import date

    pages = Pages()
    rows = handler_with(pages).get_resources(
        "inbox", date(2024, 1, 2), date(2024, 2, 3), None, ["a", "b"], "CT", "application/dicom", False, "filename", False,
        "c", "i", "n", "f",
    )  # fmt: skip
    next(rows)
    sent = dict(pages.asked[0].url.params)
    assert sent == {
        "status": "inbox", "from": "2024-01-02", "to": "2024-02-03", "modality": "CT", "mimetype": "application/dicom",
        "tags": '{"items": ["a", "b"], "filterType": "union"}', "order_field": "filename", "order_by_asc": "false",
        "channel_name": "c", "project_id": "i", "project": '{"items": ["n"], "filterType": "intersection"}', "filename": "f",
        "offset": "0", "limit": "5000",
    }  # fmt: skip


def test_filters_of_annotations_as_they_are_sent() -> None:
    from datetime import date

    pages = Pages()
    resource_id = resource_row()["id"]
    next(
        handler_with(pages).get_annotations(
            resource_id, "line", "a@b.example", date(2024, 1, 2), date(2024, 2, 3), "d", "w", "new", True
        )
    )
    assert dict(pages.asked[0].url.params) == {
        "resource_id": resource_id, "annotation_type": "line", "annotatorEmail": "a@b.example", "from": "2024-01-02",
        "to": "2024-02-03", "dataset_id": "d", "annotation_worklist_id": "w", "status": "new",
        "load_ai_segmentations": "true", "offset": "0", "limit": "5000",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "sent"), [("new", {"status": "inbox"}), ("archived", {"status": "", "deleted": "only"})]
)
def test_older_words_for_statuses(status: Any, sent: dict[str, str]) -> None:
    pages = Pages()
    next(handler_with(pages).get_resources(status))
    assert {name: pages.asked[0].url.params[name] for name in sent} == sent


def test_a_refusal_keeps_the_servers_words() -> None:
    handler = handler_with(lambda _: refusal(404, "Resource X not found"))
    with pytest.raises(ResourceNotFoundError, match="Resource X not found") as told:
        handler.get_resources_by_ids(resource_row()["id"])
    assert told.value.response.status_code == told.value.status_code == 404
    assert told.value.resource_type == "resource"
    with pytest.raises(ResourceNotFoundError):
        handler.get_resources_by_ids("no-uuid")


def test_connection_is_checked_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FIDUCIAL_API_KEY", raising=False)
    monkeypatch.delenv("DATAMINT_API_KEY", raising=False)
    monkeypatch.setenv("FIDUCIAL_CONFIG", "/nowhere/fiducial.yaml")
    with pytest.raises(DatamintException, match="no API key"):
        APIHandler(URL)
    client = httpx.Client(base_url=URL, transport=httpx.MockTransport(lambda _: refusal(401, "unknown key")))
    with pytest.raises(AuthenticationError):
        APIHandler(URL, "key", client=client)
    client = httpx.Client(base_url=URL, transport=httpx.MockTransport(lambda _: httpx.Response(200, text="hello")))
    with pytest.raises(NetworkError):
        APIHandler(URL, "key", client=client)
    with pytest.raises(TypeError):
        APIHandler(URL, "key", check_connection=False, unknown=1)


def test_address_and_key_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATAMINT_API_URL", "http://older.test:1/prefix/")
    monkeypatch.delenv("FIDUCIAL_API_URL", raising=False)
    monkeypatch.setenv("FIDUCIAL_API_KEY", "from the environment")
    handler = APIHandler(check_connection=False)
    assert (handler.root_url, handler.api_key) == ("http://older.test:1/prefix", "from the environment")
    assert repr(handler) == "APIHandler('http://older.test:1/prefix')"
