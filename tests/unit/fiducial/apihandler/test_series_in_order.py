"""A series that the server is still putting in order is waited for: old scripts upload and go on at once."""

from __future__ import annotations

import io
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from fiducial.apihandler.api_handler import APIHandler
from fiducial.exceptions import ConflictError
from tests.demo_data import DEMO_DATA
from tests.unit.fiducial.apihandler.test_pages import handler_with
from tests.unit.fiducial.fake_server import UploadServer, refusal, resource_row

ROW = resource_row(file_count=2, mimetype="application/dicom", filename="series.dcm")
LABEL = "11111111-1111-4111-8111-111111111111"


class Ordering:
    """In order after it was asked three times; ``stays`` refuses labels for another reason, which does not go."""

    def __init__(self, stays: bool = False) -> None:
        self.asked = 0
        self.refused = 0
        self.stays = stays

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if request.method == "GET" and path == f"/resources/{ROW['id']}":
            self.asked += 1
            return httpx.Response(200, json={**ROW, "state": "pending" if self.asked < 3 else "ready"})
        if path.startswith("/annotations") and (self.asked < 3 or self.stays):
            self.refused += 1
            return refusal(409, "is being put in order")
        if path.endswith("/annotations"):
            return httpx.Response(200, json=[LABEL])
        if path.endswith("/segmentations/file"):
            return httpx.Response(200, json=[LABEL])
        if "/frames/" in path:
            assert self.asked >= 3
            out = io.BytesIO()
            Image.new("L", (2, 2)).save(out, "PNG")
            return httpx.Response(200, content=out.getvalue())
        return httpx.Response(200, json={})


@pytest.fixture
def handler() -> Any:
    """Waits without time passing."""

    def made(server: Ordering) -> APIHandler:
        handler = handler_with(server)
        ready = handler.api.resources.wait_until_ready
        handler.api.resources.wait_until_ready = lambda r, **_: ready(r, pause=lambda _: None)  # type: ignore[method-assign]
        return handler

    return made


def test_labels_and_masks(handler: Any) -> None:
    for call in (
        lambda h: h.add_annotations(ROW["id"], "x") == [LABEL],
        lambda h: h.add_line_annotation((1, 2), (3, 4), ROW["id"], "x") == [LABEL],
        lambda h: h.upload_segmentations(ROW["id"], np.ones((2, 2), np.uint8)) == LABEL,
    ):
        server = Ordering()
        assert call(handler(server))
        assert server.refused == 1


def test_downloads(handler: Any) -> None:
    assert handler(Ordering()).download_resource_frame(ROW["id"], 0).size == (2, 2)


def test_another_conflict_is_told(handler: Any) -> None:
    server = Ordering(stays=True)
    with pytest.raises(ConflictError):
        handler(server).add_annotations(ROW["id"], "x")
    assert server.refused == 2


class Uploads(UploadServer):
    """Takes two slices; the series then ends as ``state`` says."""

    state = "ready"

    def _row(self, item_id: str) -> dict[str, Any]:
        row = resource_row(id=item_id, filename="series.dcm", mimetype="application/dicom")
        return {**row, "state": self.state, "state_reason": "two slices at one place"}


@pytest.mark.parametrize("state", ["ready", "failed"])
def test_an_upload_ends_when_its_series_is_in_order(state: str, caplog: pytest.LogCaptureFixture) -> None:
    server = Uploads()
    server.state = state
    ids = handler_with(server).upload_resources([str(DEMO_DATA / "mr_series" / f"{n}.dcm") for n in (0, 1)])
    assert len(ids) == 2
    assert ("GET", f"/resources/{ids[0]}") in server.requests
    assert ("two slices at one place" in caplog.text) == (state == "failed")
