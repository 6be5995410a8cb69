"""Labels as a table: how it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from fiducial.api.entity_base_api import without_none


def table_params(
    form: str,
    from_date: date | str | None,
    to_date: date | str | None,
    annotators: Sequence[str] | None,
    annotations: Sequence[str] | None,
) -> dict[str, Any]:
    """The query; ``from_date`` is in, ``to_date`` is not."""
    return without_none(
        {
            "format": form,
            "from": from_date.isoformat() if isinstance(from_date, date) else from_date,
            "to": to_date.isoformat() if isinstance(to_date, date) else to_date,
            "annotators[]": list(annotators) if annotators else None,
            "annotations[]": list(annotations) if annotations else None,
        }
    )
