"""Annotations from a CSV: what each row becomes, and every way in which one is wrong."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from fiducial.api.annotation_item import as_sent
from fiducial.cli.annotation_rows import COLUMNS, read_rows
from fiducial.errors import Invalid


def _table(path: Path, *rows: dict[str, Any]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(COLUMNS))
        writer.writeheader()
        writer.writerows(rows)
    return path


def _one(tmp_path: Path, **cells: Any) -> dict[str, Any]:
    rows, wrong = read_rows(_table(tmp_path / "a.csv", {"resource": "r", "identifier": "x", **cells}))
    assert wrong == []
    return as_sent(rows[0].fields)


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        ({"type": "category", "value": "benign"}, {"value": "benign", "scope": "image"}),
        ({"type": "LABEL", "frame_index": "3"}, {"scope": "frame", "frame_index": 3}),
        (
            {"type": "text", "value": "a, b", "frame_index": "0", "frame_end": "4"},
            {"value": "a, b", "frame_range": [0, 4]},
        ),
        ({"type": "integer", "value": "4.0"}, {"value": 4}),
        ({"type": "float", "value": "1e-3", "units": "mm"}, {"value": 0.001, "units": "mm"}),
        (
            {"type": "label", "confidence": "0.5", "model": "net"},
            {"confiability": 0.5, "model_id": "net", "is_model": True},
        ),
        ({"type": "label", "source": "Manual", "author": "a@b.c"}, {"source": "manual", "import_author": "a@b.c"}),
        ({"type": "label", "worklist": "w", "set_name": "s"}, {"annotation_worklist_id": "w", "set_name": "s"}),
        ({"type": "distance", "points": "[[0,0],[3,4]]", "value": "5", "units": "px"}, {"value": 5.0, "units": "px"}),
    ],
)
def test_what_rows_become(tmp_path: Path, cells: dict[str, Any], wanted: dict[str, Any]) -> None:
    sent = _one(tmp_path, **cells)
    assert {name: sent.get(name) for name in wanted} == wanted
    assert sent["identifier"] == "x"


@pytest.mark.parametrize(
    ("cells", "points"),
    [
        ({"type": "line", "points": "[[1, 2], [3.5, 4]]", "frame_index": "2"}, [[1, 2, 2], [3.5, 4, 2]]),
        ({"type": "square", "points": "[[9, 8], [1, 2]]"}, [[1, 2, 0], [9, 2, 0], [1, 8, 0], [9, 8, 0]]),
        ({"type": "square", "points": "[[1,2],[9,2],[1,8],[9,8]]"}, [[1, 2, 0], [9, 2, 0], [1, 8, 0], [9, 8, 0]]),
        ({"type": "line", "points": "[[1, 2, 3], [4, 5, 6]]", "coordinates": "patient"}, [[1, 2, 3], [4, 5, 6]]),
    ],
)
def test_points(tmp_path: Path, cells: dict[str, Any], points: list[list[float]]) -> None:
    geometry = _one(tmp_path, **cells)["geometry"]
    assert geometry["points"] == points
    assert geometry["coordinate_system"] == cells.get("coordinates", "pixel")


def test_regions_are_closed_unless_they_say_otherwise(tmp_path: Path) -> None:
    outline = {"type": "region", "points": "[[0,0],[4,0],[4,4]]"}
    assert _one(tmp_path, **outline)["geometry"]["closed"] is True
    assert _one(tmp_path, **outline, closed="no")["geometry"]["closed"] is False


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ({"type": "bbox"}, "type", "'bbox', which is none of"),
        ({"type": ""}, "type", "empty"),
        ({"type": "segmentation"}, "type", "--segmentations"),
        ({"type": "label", "identifier": ""}, "identifier", "empty"),
        ({"type": "label", "resource": ""}, "resource", "empty"),
        ({"type": "label", "value": "yes"}, "value", "no value"),
        ({"type": "category"}, "value", "empty"),
        ({"type": "integer", "value": "1.5"}, "value", "whole number"),
        ({"type": "float", "value": "much"}, "value", "no number"),
        ({"type": "float", "value": "nan"}, "value", "finite"),
        ({"type": "label", "frame_index": "-1"}, "frame_index", "whole number from 0"),
        ({"type": "label", "frame_end": "1"}, "frame_index", "empty"),
        ({"type": "label", "frame_index": "3", "frame_end": "2"}, "frame_end", "before"),
        ({"type": "label", "source": "guess"}, "source", "none of imported"),
        ({"type": "label", "confidence": "2"}, "confidence", "from 0 to 1"),
        ({"type": "label", "points": "[[0,0]]"}, "points", "no points"),
        ({"type": "line"}, "points", "empty"),
        ({"type": "line", "points": "[[0,0],"}, "points", "not JSON"),
        ({"type": "line", "points": "5"}, "points", "list of points"),
        ({"type": "line", "points": "[[0,0]]"}, "points", "has 2 points, not 1"),
        ({"type": "line", "points": "[[0,0],[1]]"}, "points", "1 coordinates"),
        ({"type": "line", "points": '[[0,0],["x",1]]'}, "points", "not a number"),
        ({"type": "line", "points": "[[0,0],[1,NaN]]"}, "points", "finite"),
        ({"type": "line", "points": "[[0,0],[1,1]]", "coordinates": "patient"}, "points", "three numbers"),
        ({"type": "line", "points": "[[0,0],[1,1]]", "coordinates": "mm"}, "coordinates", "none of pixel"),
        ({"type": "square", "points": "[[0,0],[1,1],[2,2]]"}, "points", "2 or 4 points, not 3"),
        ({"type": "square", "points": "[[0],[1,1]]"}, "points", "an x and a y"),
        ({"type": "square", "points": "[[0,0,0],[1,1,0]]", "coordinates": "patient"}, "points", "four corners"),
        ({"type": "region", "points": "[[0,0],[1,1]]", "closed": "maybe"}, "closed", "neither"),
        ({"type": "spline", "points": "[[0,0]]"}, "points", "2 or more"),
        ({"type": "area", "points": "[[0,0],[1,1],[2,0]]", "value": "big"}, "value", "no number"),
    ],
)
def test_what_is_wrong_is_told_by_row_and_column(
    tmp_path: Path, cells: dict[str, Any], column: str, reason: str
) -> None:
    good = {"resource": "r", "type": "label", "identifier": "x"}
    path = _table(tmp_path / "a.csv", good, {**good, **cells}, good)
    rows, (wrong,) = read_rows(path)
    assert [row.number for row in rows] == [2, 4]
    assert (wrong.number, wrong.column) == (3, column)
    assert reason in wrong.told(path)
    assert wrong.told(path).startswith(f"{path}, row 3, column {column!r}: ")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "'resource' is missing"),
        (b"resource,type\nr,label\n", "'identifier' is missing"),
        (b"resource,type,identifier,colour\n", "'colour' is none of"),
        (b"resource,type,identifier,type\n", "'type' is there twice"),
        (b"resource,type,identifier\n", "no row under its header"),
        (b"resource,type,identifier\nr,label,x,y\n", "row 2: 4 cells"),
        (b"resource,type,identifier\n\xff\n", "UTF-8"),
        (b'resource,type,identifier\n"r,label,x\n', "not a CSV"),
    ],
)
def test_tables_that_cannot_be(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(Invalid, match=reason):
        read_rows(tmp_path / "a.csv")
