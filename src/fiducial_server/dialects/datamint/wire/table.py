"""An annotation as a row of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

COLUMNS: Mapping[str, str] = {
    "id": "id",
    "resource_id": "resource_id",
    "filename": "resource_filename",
    "modality": "resource_modality",
    "identifier": "identifier",
    "type": "annotation_type",
    "scope": "scope",
    "frame_index": "frame_index",
    "text_value": "text_value",
    "numeric_value": "numeric_value",
    "units": "units",
    "geometry": "geometry",
    "values": "values",
    "file": "file",
    "set_name": "set_name",
    "project_id": "project_id",
    "annotation_worklist_id": "annotation_worklist_id",
    "annotation_worklist_name": "annotation_worklist_name",
    "source": "source",
    "is_model": "is_model",
    "model_id": "model_id",
    "confiability": "confiability",
    "imported_from": "imported_from",
    "import_author": "import_author",
    "created_by": "created_by",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "status": "status",
    "approved_by": "approved_by",
    "approved_at": "approved_at",
}
"""A column's name, and the key of the annotation it shows."""
HEADER = tuple(COLUMNS)

Cell = str | int | float | bool | None
_encode = msgspec.json.Encoder().encode


def table_row(annotation: Mapping[str, Any]) -> list[Cell]:
    """In the order of :data:`HEADER`; geometry and values as JSON, empty where there are none."""
    return [_cell(annotation[key]) for key in COLUMNS.values()]


def _cell(value: Any) -> Cell:
    if isinstance(value, list | dict):
        return _encode(value).decode() if value else None
    return value  # type: ignore[no-any-return]  # the rest are texts, numbers and truths
