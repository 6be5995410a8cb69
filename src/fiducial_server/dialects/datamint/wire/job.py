"""A job and its units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fiducial_server.dialects.datamint.wire.moment import moment
from fiducial_server.model.job import Job, JobUnit


def job(value: Job, units: Sequence[JobUnit] = ()) -> dict[str, Any]:
    """``units`` are shown when asked for; a unit that failed says why under ``error_message``."""
    return {
        "id": value.id,
        "kind": value.kind,
        "status": value.state.value,
        "progress_percentage": round(100 * value.progress),
        "current_step": value.current_step,
        "error_message": value.error,
        "created_at": moment(value.created_at),
        "created_by": value.created_by,
        "started_at": moment(value.started_at),
        "completed_at": moment(value.finished_at),
        "units_pending": value.units_pending,
        "units_done": value.units_done,
        "units_failed": value.units_failed,
        "units": [
            {
                "ordinal": unit.ordinal,
                "subject_id": unit.subject_id,
                "status": unit.state.value,
                "error_message": unit.error,
                "attempts": unit.attempts,
            }
            for unit in units
        ],
    }
