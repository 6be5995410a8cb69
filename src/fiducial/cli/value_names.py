"""What the values of masks are called: a JSON object, or a CSV of value and name."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

from fiducial.errors import Invalid

Key = int | tuple[int, ...] | str


def read_names(path: Path) -> dict[Any, str]:
    """Names by grey value (an int) or colour (three ints); ``"default"`` is what all others are called.

    JSON: ``{"1": "liver", "255,0,0": "tumour", "default": "other"}``. CSV: a row for each value, ``1,liver``; a first row
    ``value,name`` is a header. Invalid names the file, the row and the reason.
    """
    text = path.read_text(encoding="utf-8-sig")
    rows = _json_rows(path, text) if path.suffix.lower() == ".json" else _csv_rows(path, text)
    found: dict[Any, str] = {}
    for where, value, name in rows:
        key = _key(path, where, value)
        if not isinstance(name, str) or not name.strip():
            raise Invalid(f"{path}, {where}: the name is missing", field="names")
        if key in found:
            raise Invalid(f"{path}, {where}: {value!r} has a name already", field="names")
        found[key] = name.strip()
    if not found:
        raise Invalid(f"{path} names no value", field="names")
    return found


def _json_rows(path: Path, text: str) -> list[tuple[str, str, Any]]:
    try:
        content = json.loads(text)
    except ValueError as error:
        raise Invalid(f"{path} is not JSON: {error}", field="names") from None
    if not isinstance(content, dict):
        raise Invalid(f"{path} must be an object of values and names", field="names")
    return [(repr(value), value, name) for value, name in content.items()]


def _csv_rows(path: Path, text: str) -> list[tuple[str, str, Any]]:
    rows: list[tuple[str, str, Any]] = []
    for number, cells in enumerate(csv.reader(text.splitlines()), 1):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != 2:
            raise Invalid(f"{path}, row {number}: {len(cells)} cells, and not a value and a name", field="names")
        if not rows and [cell.strip().lower() for cell in cells] == ["value", "name"]:
            continue
        rows.append((f"row {number}", cells[0], cells[1]))
    return rows


def _key(path: Path, where: str, value: str) -> Key:
    parts = re.split(r"[\s,;_]+", value.strip().strip("()[]"))
    if value.strip().lower() == "default":
        return "default"
    if len(parts) not in {1, 3} or not all(part.isascii() and part.isdigit() for part in parts):
        raise Invalid(f"{path}, {where}: {value!r} is no whole number and no colour (three numbers)", field="names")
    numbers = tuple(int(part) for part in parts)
    return numbers[0] if len(numbers) == 1 else numbers
