"""Every shape of a list, and every page."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from fiducial.api.pages import PAGE_LIMIT, rows_of
from fiducial.entities import DICOMResource, ImageResource, NiftiResource, Resource, VideoResource, VolumeResource
from fiducial.errors import Damaged
from tests.unit.fiducial.fake_server import api_with, resource_row


@pytest.mark.parametrize(
    "body",
    [
        [{"id": 1}],
        {"data": [{"id": 1}]},
        {"items": [{"id": 1}]},
        {"totalCount": 1, "data": [{"resources": [{"id": 1}]}]},
    ],
)
def test_shapes(body: Any) -> None:
    assert rows_of(json.dumps(body).encode(), "resources") == [{"id": 1}]


def test_one_row_that_has_a_key_of_that_name_is_not_a_wrapper() -> None:
    row = {"id": 1, "resources": []}
    assert rows_of(json.dumps({"data": [row], "totalCount": 1}).encode(), "resources") == [row]


def test_an_empty_wrapper_is_empty() -> None:
    assert rows_of(b'{"data":[{"resources":[]}],"totalCount":0}', "resources") == []


@pytest.mark.parametrize("body", [b"{}", b'"x"', b'{"data": 3}'])
def test_no_list_is_told(body: bytes) -> None:
    with pytest.raises(Damaged, match="resources"):
        rows_of(body, "resources")


def test_pages_until_a_short_one() -> None:
    total, asked = 2 * PAGE_LIMIT + 7, []

    def handle(request: httpx.Request) -> httpx.Response:
        offset, limit = int(request.url.params["offset"]), int(request.url.params["limit"])
        asked.append((offset, limit))
        rows = [resource_row(filename=f"{n}.png") for n in range(offset, min(offset + limit, total))]
        return httpx.Response(200, json={"data": [{"resources": rows}], "totalCount": total})

    found = api_with(handle).resources.get_list()
    assert [r.filename for r in found] == [f"{n}.png" for n in range(total)]
    assert asked == [(0, PAGE_LIMIT), (PAGE_LIMIT, PAGE_LIMIT), (2 * PAGE_LIMIT, PAGE_LIMIT)]
    assert len(api_with(handle).resources.get_list(limit=PAGE_LIMIT + 2)) == PAGE_LIMIT + 2
    assert asked[-1] == (PAGE_LIMIT, 2)


KINDS = [
    ({"storage": "DicomResource", "mimetype": "x", "filename": "x"}, DICOMResource),
    ({"storage": "dicomresourcehandler", "mimetype": "x", "filename": "x"}, DICOMResource),
    ({"storage": "", "mimetype": "video/mp4", "filename": "a.dcm"}, DICOMResource),
    ({"storage": "ImageResource", "mimetype": "application/dicom", "filename": "x"}, DICOMResource),
    ({"storage": "", "mimetype": "application/gzip", "filename": "A.NII.GZ"}, NiftiResource),
    ({"storage": "", "mimetype": "application/nifti", "filename": "x"}, NiftiResource),
    ({"storage": "VolumeResource", "mimetype": "x", "filename": "x"}, VolumeResource),
    ({"storage": "", "mimetype": "video/mpeg", "filename": "x"}, VideoResource),
    ({"storage": "", "mimetype": "image/png", "filename": "x"}, ImageResource),
    ({"storage": "", "mimetype": "application/pdf", "filename": "x.pdf"}, Resource),
]


@pytest.mark.parametrize(("facts", "kind"), KINDS)
def test_each_row_becomes_its_kind(facts: dict[str, str], kind: type[Resource]) -> None:
    api = api_with(lambda _: httpx.Response(200, json=[resource_row(**facts)]))
    (found,) = api.resources.get_list()
    assert type(found) is kind
    assert found._root is api


def test_server_extras_do_not_hide_methods() -> None:
    """The server tells ``kind`` and ``is_volume`` too; the documented property and method stay what they are."""
    row = resource_row(kind="image", is_volume=False, findings=[{"code": "x"}])
    (found,) = api_with(lambda _: httpx.Response(200, json=[row])).resources.get_list()
    assert (found.kind, found.is_volume(), found.findings) == ("image", False, [{"code": "x"}])  # type: ignore[attr-defined]
