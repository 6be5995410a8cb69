"""A CSV of annotations, read whole before anything is sent, every wrong cell told with its row and column."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fiducial.entities.annotations import AnnotationType
from fiducial.entities.annotations.geometry import Geometry
from fiducial.entities.annotations.types import GEOMETRY_TYPES, NUMERIC_TYPES
from fiducial.errors import FiducialError, Invalid

COLUMNS = {
    "resource": "id, or file name in the project",
    "type": "category, label, text, integer, float, line, square, point, region, circle, angle, distance, area or spline",
    "identifier": "what is labelled",
    "value": "of categories, texts and numbers",
    "units": "of a number",
    "frame_index": "frame from 0; empty: the whole resource",
    "frame_end": "last frame, of a value on several",
    "points": "JSON [[x, y], ...] or [[x, y, z], ...]; a square may be two opposite corners",
    "coordinates": "of the points: pixel (default) or patient (mm)",
    "closed": "of a region: true or false (default true)",
    "source": "imported (default), manual, model_pipeline or model_deploy",
    "model": "what made it, if a model did",
    "confidence": "from 0 to 1",
    "author": "e-mail address to credit (administrators)",
    "imported_from": "where it comes from",
    "worklist": "id of the worklist it belongs to",
    "set_name": "free name of a set of labels",
}
REQUIRED = ("resource", "type", "identifier")
_SOURCES = ("imported", "manual", "model_pipeline", "model_deploy")
_POINTS = {
    AnnotationType.POINT: (1, 1),
    AnnotationType.LINE: (2, 2),
    AnnotationType.DISTANCE: (2, 2),
    AnnotationType.CIRCLE: (2, 2),
    AnnotationType.ANGLE: (3, 4),
    AnnotationType.SQUARE: (2, 4),
    AnnotationType.REGION: (2, None),
    AnnotationType.SPLINE: (2, None),
    AnnotationType.AREA: (3, None),
}
_CORNERS = 2


@dataclass(frozen=True)
class AnnotationRow:
    """One row. ``number`` counts as a spreadsheet does: the header is row 1."""

    number: int
    resource: str
    fields: Mapping[str, Any]
    """What is sent to create it."""


@dataclass(frozen=True)
class WrongCell:
    """Why a row cannot be sent."""

    number: int
    column: str
    reason: str

    def told(self, path: Path) -> str:
        return f"{path}, row {self.number}, column {self.column!r}: {self.reason}"


class _Wrong(Exception):  # noqa: N818 - carries a cell's column and reason
    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


def read_rows(path: Path) -> tuple[list[AnnotationRow], list[WrongCell]]:
    """The rows that are right, and what is wrong with the others. Invalid when it is no CSV with the columns wanted."""
    rows: list[AnnotationRow] = []
    wrong: list[WrongCell] = []
    for number, cells in _cells(path):
        try:
            rows.append(AnnotationRow(number, _text(cells, "resource"), _fields(cells)))
        except _Wrong as error:
            wrong.append(WrongCell(number, error.column, error.reason))
    if not rows and not wrong:
        raise Invalid(f"{path} has no row under its header", field="csv")
    return rows, wrong


def _cells(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = _header(path, next(reader, []))
            for number, cells in enumerate(reader, 2):
                if any(cell.strip() for cell in cells):
                    if len(cells) > len(header):
                        raise Invalid(f"{path}, row {number}: {len(cells)} cells under a header of {len(header)}")
                    yield number, {n: c.strip() for n, c in zip(header, cells, strict=False) if c.strip()}
    except (csv.Error, UnicodeDecodeError) as error:
        raise Invalid(f"{path} is not a CSV in UTF-8: {error}", field="csv") from None


def _header(path: Path, cells: list[str]) -> list[str]:
    header = [cell.strip().lower() for cell in cells]
    for name in header:
        if name not in COLUMNS:
            raise Invalid(f"{path}, row 1: the column {name!r} is none of {', '.join(COLUMNS)}", field="csv")
        if header.count(name) > 1:
            raise Invalid(f"{path}, row 1: the column {name!r} is there twice", field="csv")
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise Invalid(f"{path}, row 1: the column {missing[0]!r} is missing", field="csv")
    return header


# ---- one row


def _fields(cells: Mapping[str, str]) -> dict[str, Any]:
    kind = _kind(_text(cells, "type"))
    frames = _frames(cells)
    fields = {
        "type": kind.value,
        "identifier": _text(cells, "identifier"),
        "value": _value(cells, kind),
        "units": cells.get("units"),
        **frames,
        "geometry": _geometry(cells, kind, frames.get("frame_index")),
        "source": _one_of(cells, "source", _SOURCES) or "imported",
        "model_id": cells.get("model"),
        "is_model": True if "model" in cells else None,
        "confiability": _number(cells, "confidence", 0.0, 1.0),
        "import_author": cells.get("author"),
        "imported_from": cells.get("imported_from"),
        "annotation_worklist_id": cells.get("worklist"),
        "set_name": cells.get("set_name"),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _text(cells: Mapping[str, str], column: str) -> str:
    if column not in cells:
        raise _Wrong(column, "it is empty")
    return cells[column]


def _kind(text: str) -> AnnotationType:
    try:
        kind = AnnotationType(text.lower())
    except FiducialError as error:
        raise _Wrong("type", error.message) from None
    if kind is AnnotationType.SEGMENTATION:
        raise _Wrong("type", "masks are files: upload them with fiducial upload --segmentations")
    return kind


def _frames(cells: Mapping[str, str]) -> dict[str, Any]:
    first, last = _whole(cells, "frame_index"), _whole(cells, "frame_end")
    if first is None:
        if last is not None:
            raise _Wrong("frame_index", "it is empty, and frame_end is not")
        return {"scope": "image"}
    if last is None:
        return {"scope": "frame", "frame_index": first}
    if last < first:
        raise _Wrong("frame_end", f"{last} is before frame_index, {first}")
    return {"scope": "frame", "frame_range": [first, last]}


def _whole(cells: Mapping[str, str], column: str) -> int | None:
    text = cells.get(column)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise _Wrong(column, f"{text!r} is no whole number from 0")
    return int(text)


def _number(cells: Mapping[str, str], column: str, low: float = -math.inf, high: float = math.inf) -> float | None:
    text = cells.get(column)
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        raise _Wrong(column, f"{text!r} is no number") from None
    if not math.isfinite(number) or not low <= number <= high:
        wanted = "finite" if math.isinf(high) else f"from {low:g} to {high:g}"
        raise _Wrong(column, f"{text!r} is not {wanted}")
    return number


def _one_of(cells: Mapping[str, str], column: str, known: tuple[str, ...]) -> str | None:
    text = cells.get(column)
    if text is not None and text.lower() not in known:
        raise _Wrong(column, f"{text!r} is none of {', '.join(known)}")
    return None if text is None else text.lower()


def _value(cells: Mapping[str, str], kind: AnnotationType) -> Any:
    if kind in NUMERIC_TYPES:
        _text(cells, "value")
        number = _number(cells, "value")
        if kind is AnnotationType.INTEGER and number is not None:
            if not number.is_integer():
                raise _Wrong("value", f"{cells['value']!r} is no whole number")
            return int(number)
        return number
    if kind is AnnotationType.LABEL:
        if "value" in cells:
            raise _Wrong("value", "a label has no value: it is so, or it is not there")
        return None
    if kind in {AnnotationType.CATEGORY, AnnotationType.TEXT}:
        return _text(cells, "value")
    if kind in {AnnotationType.DISTANCE, AnnotationType.AREA, AnnotationType.ANGLE}:
        return _number(cells, "value")
    return cells.get("value")


# ---- points


def _geometry(cells: Mapping[str, str], kind: AnnotationType, frame: int | None) -> dict[str, Any] | None:
    if kind not in GEOMETRY_TYPES:
        if "points" in cells:
            raise _Wrong("points", f"a {kind} has no points")
        return None
    system = _one_of(cells, "coordinates", ("pixel", "patient")) or "pixel"
    points = _points(cells, kind)
    if kind is AnnotationType.SQUARE and len(points) == _CORNERS:
        points = _four_corners(points, system)
    more = {"closed": _flag(cells, "closed", True)} if kind is AnnotationType.REGION else {}
    build: Callable[..., Geometry] = Geometry.from_coordinates
    try:
        return build(points, coords_system=system, frame_index=frame, **more).to_dict()
    except FiducialError as error:
        raise _Wrong("points", error.message) from None


def _points(cells: Mapping[str, str], kind: AnnotationType) -> list[Any]:
    text = _text(cells, "points")
    try:
        points = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _Wrong("points", f"it is not JSON: {error}") from None
    if not isinstance(points, list) or not all(isinstance(point, list) for point in points):
        raise _Wrong("points", "it must be a list of points: [[x, y], ...]")
    fewest, most = _POINTS[kind]
    if len(points) < fewest or (most is not None and len(points) > most) or (kind, len(points)) == _THREE_CORNERS:
        wanted = f"{fewest} or more" if most is None else str(fewest) if fewest == most else f"{fewest} or {most}"
        raise _Wrong("points", f"a {kind} has {wanted} points, not {len(points)}")
    return points


_THREE_CORNERS = (AnnotationType.SQUARE, 3)


def _four_corners(points: list[Any], system: str) -> list[Any]:
    """Top left, top right, bottom left, bottom right."""
    if system == "patient":
        raise _Wrong("points", "a square in patient coordinates needs its four corners")
    try:
        (left, right), (top, bottom) = (sorted(float(point[axis]) for point in points) for axis in (0, 1))
    except (IndexError, TypeError, ValueError):
        raise _Wrong("points", "each corner needs an x and a y") from None
    depth = [points[0][2]] if len(points[0]) > _CORNERS else []
    return [[x, y, *depth] for y in (top, bottom) for x in (left, right)]


def _flag(cells: Mapping[str, str], column: str, otherwise: bool) -> bool:
    text = cells.get(column, "").lower()
    if text not in {"", "true", "false", "1", "0", "yes", "no"}:
        raise _Wrong(column, f"{text!r} is neither true nor false")
    return text in {"true", "1", "yes"} if text else otherwise
