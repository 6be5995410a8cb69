"""Labels as tables, over HTTP: every row there, every filter, nothing that runs, and errors before the first byte."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import openpyxl
import pytest

from tests.acceptance.support import got, send, when_ready
from tests.demo_data import DEMO_DATA
from tests.running import ADMIN_EMAIL, Running

OTHER = f"{uuid.uuid4().hex[:8]}@example.org"
SQUARE = {"points": [[1, 2, 0], [30, 2, 0], [1, 40, 0], [30, 40, 0]]}


@dataclass(frozen=True)
class Made:
    pid: str
    wid: str
    rid: str
    ids: dict[str, list[str]]
    """By identifier."""


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


@pytest.fixture(scope="module")
def made(client: httpx.Client) -> Made:
    client.post("/users", json={"email": OTHER, "roles": ["member"], "firstname": None, "lastname": None})
    rid = send(client, "=cine.dcm", (DEMO_DATA / "echo_cine.dcm").read_bytes(), modality="US")
    when_ready(client, rid)
    project = client.post("/projects", json={"name": f'My "project", {uuid.uuid4().hex}/..', "resource_ids": [rid]})
    pid = project.raise_for_status().json()["id"]
    main, *_ = got(client, f"/projects/{pid}/worklists")
    other = client.post("/annotationsets", json={"name": "second", "project_id": pid, "resource_ids": [rid]}).json()
    items: list[dict[str, Any]] = [
        {"type": "square", "identifier": "box", "scope": "frame", "frame_index": 3, "geometry": SQUARE},
        {"type": "label", "identifier": "track", "scope": "frame", "frame_range": [2, 6]},
        {"type": "text", "identifier": "note", "scope": "image", "value": '=HYPERLINK("http://x")'},
        {"type": "text", "identifier": "a, b", "scope": "image", "value": "-12"},
        {"type": "float", "identifier": "size", "scope": "image", "value": -2.5, "units": "mm"},
        {"type": "category", "identifier": "quality", "scope": "image", "value": "gut\nößer", "import_author": OTHER},
        {"type": "label", "identifier": "elsewhere", "scope": "image", "annotation_worklist_id": other["id"]},
    ]
    for item in items:
        item.setdefault("annotation_worklist_id", main["id"])
    posted = client.post(f"/annotations/{rid}/annotations", json=items)
    ids = posted.raise_for_status().json()
    gone = client.post(f"/annotations/{rid}/annotations", json=[{**items[2], "identifier": "deleted"}]).json()
    client.delete(f"/annotations/{gone[0]}").raise_for_status()
    client.patch(f"/annotations/{ids[2]}/approve").raise_for_status()
    return Made(pid, main["id"], rid, {item["identifier"]: [one] for item, one in zip(items, ids, strict=True)})


def rows_of(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8"), newline="")))


def table(client: httpx.Client, address: str, **params: Any) -> list[dict[str, str]]:
    answer = client.get(address, params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return rows_of(answer.content)


def test_every_annotation_is_a_row_as_it_is_read_elsewhere(client: httpx.Client, made: Made) -> None:
    rows = table(client, f"/projects/{made.pid}/download-annotations")
    read = {a["id"]: a for a in got(client, "/annotations", resource_id=made.rid)["data"]}
    assert [row["id"] for row in rows] == list(read)
    assert len(rows) == 11
    for row in rows:
        one = read[row["id"]]
        assert row["filename"] == "'=cine.dcm"
        for column, key in (("identifier", "identifier"), ("type", "annotation_type"), ("scope", "scope")):
            assert row[column] == one[key]
        assert row["frame_index"] == ("" if one["frame_index"] is None else str(one["frame_index"]))
        assert (row["created_by"], row["created_at"]) == (one["created_by"], one["created_at"])
        assert (row["resource_id"], row["modality"], row["source"]) == (made.rid, one["resource_modality"], "manual")
        assert (row["is_model"], row["status"]) == ("false", one["status"])
        assert (json.loads(row["geometry"]) if row["geometry"] else None) == one["geometry"]
    by_name = {row["identifier"]: row for row in rows}
    assert by_name["note"]["text_value"] == '\'=HYPERLINK("http://x")'
    assert (by_name["note"]["status"], by_name["note"]["approved_by"]) == ("published", ADMIN_EMAIL)
    assert by_name["a, b"]["text_value"] == "-12"
    assert (by_name["size"]["numeric_value"], by_name["size"]["units"]) == ("-2.5", "mm")
    assert (by_name["quality"]["text_value"], by_name["quality"]["import_author"]) == ("gut\nößer", OTHER)
    assert sorted(int(row["frame_index"]) for row in rows if row["identifier"] == "track") == [2, 3, 4, 5, 6]


def test_one_annotation_set(client: httpx.Client, made: Made) -> None:
    rows = table(client, f"/annotationsets/{made.wid}/download-annotations", format="csv")
    assert len(rows) == 10
    assert {row["annotation_worklist_id"] for row in rows} == {made.wid}


@pytest.mark.parametrize("address", ["projects", "annotationsets"])
def test_narrowed(client: httpx.Client, made: Made, address: str) -> None:
    whole = f"/{address}/{made.pid if address == 'projects' else made.wid}/download-annotations"
    names = lambda **params: sorted({row["identifier"] for row in table(client, whole, **params)})  # noqa: E731
    assert names(**{"annotations[]": ["a, b", "box"]}) == ["a, b", "box"]
    assert names(**{"annotations[]": ["nothing"]}) == []
    assert names(**{"annotators[]": [OTHER.upper()]}) == ["quality"]
    assert names(**{"annotators[]": [f"nobody@example.org, {OTHER}"]}) == ["quality"]
    assert names(**{"annotators[]": ["nobody@example.org"]}) == []
    at = got(client, f"/annotations/{made.ids['box'][0]}")["created_at"]
    after = (datetime.fromisoformat(at) + timedelta(microseconds=1)).isoformat()
    assert "box" in names(**{"from": at})  # inclusive
    assert names(**{"from": after}) == []
    assert names(to=at) == []  # exclusive
    assert "box" in names(to=after)


@pytest.mark.parametrize(("address", "form"), [("projects", "xlsx"), ("annotationsets", "excel")])
def test_as_a_workbook(client: httpx.Client, made: Made, address: str, form: str) -> None:
    whole = f"/{address}/{made.pid if address == 'projects' else made.wid}/download-annotations"
    answer = client.get(whole, params={"format": form})
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    assert int(answer.headers["content-length"]) == len(answer.content)
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    header, *rows = sheet.iter_rows(values_only=True)
    found = [dict(zip(header, row, strict=True)) for row in rows]
    as_csv = table(client, whole)
    assert [row["id"] for row in found] == [row["id"] for row in as_csv]
    by_name = {row["identifier"]: row for row in found}
    assert by_name["note"]["text_value"] == '=HYPERLINK("http://x")'
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "b", "inlineStr"}
    assert (by_name["size"]["numeric_value"], by_name["box"]["is_model"]) == (-2.5, False)
    assert json.loads(by_name["box"]["geometry"]) == json.loads(as_csv[0]["geometry"])


def test_the_file_has_a_safe_name(client: httpx.Client, made: Made) -> None:
    told = client.get(f"/projects/{made.pid}/download-annotations").headers["content-disposition"]
    assert told.startswith('attachment; filename="My _project_')
    assert told.split('"')[1].endswith("-annotations.csv")
    assert told.count('"') == 2
    assert "/" not in told.split('"')[1]


@pytest.mark.parametrize("address", ["projects", "annotationsets"])
def test_bad_requests_are_told_before_the_first_byte(client: httpx.Client, made: Made, address: str) -> None:
    whole = f"/{address}/{made.pid if address == 'projects' else made.wid}/download-annotations"
    for params, word in (
        ({"format": "pdf"}, "csv, xlsx, excel"),
        ({"format": ""}, "format"),
        ({"from": "yesterday"}, "from"),
        ({"to": "2026-13-01"}, "to"),
    ):
        answer = client.get(whole, params=params)
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/json")
        assert word in answer.json()["message"]
    unknown = client.get(f"/{address}/{uuid.uuid4()}/download-annotations")
    assert (unknown.status_code, " not found" in unknown.json()["message"]) == (404, True)


def test_an_archived_project_can_be_read(client: httpx.Client) -> None:
    pid = client.post("/projects", json={"name": uuid.uuid4().hex}).json()["id"]
    client.delete(f"/projects/{pid}").raise_for_status()
    assert table(client, f"/projects/{pid}/download-annotations") == []


def test_many_rows_come_page_by_page(client: httpx.Client) -> None:
    rid = send(client, "cine.dcm", (DEMO_DATA / "echo_cine.dcm").read_bytes())
    when_ready(client, rid)
    pid = client.post("/projects", json={"name": uuid.uuid4().hex, "resource_ids": [rid]}).json()["id"]
    item = {"type": "label", "identifier": "n", "scope": "frame", "frame_range": [0, 29]}
    client.post(f"/annotations/{rid}/annotations", json=[item] * 90).raise_for_status()
    rows = table(client, f"/projects/{pid}/download-annotations")
    assert len(rows) == len({row["id"] for row in rows}) == 2700
    assert len(list(csv.reader(io.StringIO(client.get(f"/projects/{pid}/download-annotations").text)))) == 2701
