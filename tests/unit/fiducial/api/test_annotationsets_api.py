"""Worklists: making them, their segments, their labels as files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from fiducial.entities import AnnotationSpec, AnnotationWorklist
from tests.unit.fiducial.fake_server import Heard, api_with, resource_row

P, R, W = (f"00000000-0000-4000-8000-00000000000{n}" for n in range(1, 4))
MAIL = "ann+x@example.org"
WORKLIST = {"id": W, "name": "First", "annotators": [{"email": MAIL, "status": "active"}]}


def test_a_worklist_is_made() -> None:
    heard = Heard(WORKLIST)
    spec = AnnotationSpec(type="line", scope="frame", required=False, identifier="l", hint="unknown here")
    api = api_with(heard)
    made = api.worklist.create("First", [R], "why", annotations=[spec], annotators=[{"email": MAIL}], project=P)
    assert isinstance(made, AnnotationWorklist)
    assert made == api.annotationworklists.get_by_id(W)
    sent = json.loads(heard.requests[0].content)
    assert sent == {
        "name": "First",
        "resource_ids": [R],
        "description": "why",
        "annotations": [
            {"type": "line", "scope": "frame", "required": False, "identifier": "l", "hint": "unknown here"}
        ],
        "annotators": [{"email": MAIL}],
        "project_id": P,
    }
    assert api.annotationsets.create("First", [], project=P, return_entity=False) == W


def test_three_names_for_one_group_of_calls() -> None:
    api = api_with(Heard())
    assert api.annotationsets is api.worklist is api.annotationworklists


def test_what_lists_leave_out_of_a_worklist_is_fetched() -> None:
    whole = WORKLIST | {"resource_ids": [R], "created_at": "t", "created_by": MAIL}
    specs = [{"type": "category", "scope": "image", "required": True, "identifier": "c", "values": ["a"]}]

    def handle(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == f"/annotationsets/{W}":
            return httpx.Response(200, json=whole | {"annotations": specs})
        return httpx.Response(200, json=resource_row(id=R) if path.startswith("/resources") else {"data": [WORKLIST]})

    (worklist,) = api_with(handle).annotationsets.get_list()
    assert worklist.is_attr_missing("annotations")
    assert worklist.annotations[0].values == ["a"]  # type: ignore[attr-defined]
    assert worklist.resource_ids == [R]
    assert [resource.id for resource in worklist.fetch_resources()] == [R]
    assert worklist.fetch_resources() is worklist.fetch_resources()


def test_segments_beside_those_that_are_there() -> None:
    told = {
        "annotations": [{"type": "line", "identifier": "l"}],
        "segmentation_group": {"a": {"color": [9, 8, 7, 255], "index": 2}},
    }
    heard = Heard(told)
    api = api_with(heard)
    api.annotationsets.add_segments(W, ["a", "b", "b"])
    specs, data = heard.json["annotations"], heard.json["segmentation_data"]
    assert [spec["identifier"] for spec in specs] == ["l", "a", "b"]
    assert data["definitions"][0] == {"identifier": "a", "color": [9, 8, 7], "index": 2}
    assert (data["definitions"][1]["identifier"], data["definitions"][1]["index"]) == ("b", 3)
    assert data["segmentationValueType"] == "single_label"
    heard.answer = {"annotations": specs, "segmentation_group": {d["identifier"]: d for d in data["definitions"]}}
    api.annotationsets.add_segments(W, ["b"])
    assert heard.line == f"GET /annotationsets/{W}"  # there is nothing to write


def test_new_segments_differ_in_colour() -> None:
    data = api_with(Heard()).annotationsets.segment_schema([f"s{n}" for n in range(30)])["segmentation_data"]
    assert len({tuple(one["color"]) for one in data["definitions"]}) == 30
    assert all(0 <= part <= 255 for one in data["definitions"] for part in one["color"])


@pytest.mark.parametrize(
    ("editable", "sent"),
    [
        (True, {"viewable_ai_segmentations": ["a", "b"], "editable_ai_segmentations": ["b"]}),
        (False, {"viewable_ai_segmentations": ["a", "b"]}),
    ],
)
def test_segmentations_of_models_are_shown(editable: bool, sent: dict[str, Any]) -> None:
    heard = Heard({"viewable_ai_segs": ["a"], "editable_ai_segs": None})
    api_with(heard).annotationsets.add_ai_segmentations(W, ["b"], editable)
    assert (heard.line, heard.json) == (f"PATCH /annotationsets/{W}", sent)


def test_a_segmentation_group_s_file(tmp_path: Path) -> None:
    (tmp_path / "g.csv").write_text("identifier,index\na,1\n")
    heard = Heard({"groups": {}})
    api = api_with(heard)
    assert api.annotationsets.upload_segmentation_group(W, tmp_path / "g.csv", replace_existing=False) == {"groups": {}}
    assert heard.line == f"POST /annotationsets/{W}/segmentation-group/upload"
    body = heard.requests[-1].content
    assert b'name="replace_existing"\r\n\r\nfalse' in body
    assert b'filename="g.csv"' in body
    with (tmp_path / "g.csv").open("rb") as file:
        api.annotationsets.upload_segmentation_group(W, file)
        assert not file.closed
    assert b"\r\n\r\ntrue" in heard.requests[-1].content


def test_masks_of_a_worklist_keep_their_order(tmp_path: Path) -> None:
    pictures = [tmp_path / f"{name}.png" for name in "ab"]
    for picture in pictures:
        picture.write_bytes(picture.stem.encode() * 3)
    payload = [{"identifier": name, "frame_index": 0, "width": 1, "height": 1} for name in "ab"]
    heard = Heard({"ok": True})
    api = api_with(heard)
    assert api.annotationsets.upload_annotations(W, R, payload, pictures) == {"ok": True}
    body = heard.requests[-1].content
    assert json.dumps(payload).encode() in body
    assert re.findall(rb'name="images"; filename="(\w).png"', body) == [b"a", b"b"]
    api.annotationsets.upload_annotations(W, R, "[]")
    assert heard.requests[-1].content == b"payload=%5B%5D"


@pytest.mark.parametrize(("given", "sent"), [("csv", "csv"), ("xlsx", "excel")])
def test_a_worklist_s_table(given: str, sent: str) -> None:
    heard = Heard(httpx.Response(200, content=b"table"))
    assert api_with(heard).annotationsets.download_annotations(W, annotators=["a@b.c"], format=given) == b"table"
    assert heard.params == {"format": sent, "annotators[]": ["a@b.c"]}
