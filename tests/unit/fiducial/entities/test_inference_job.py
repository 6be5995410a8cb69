"""Waiting for a job, without waiting."""

from __future__ import annotations

from typing import Any

import pytest

from fiducial.entities import InferenceJob
from fiducial.entities.annotations import LabelAnnotation


class Endpoint:
    def __init__(self, statuses: list[str]) -> None:
        self.statuses = iter(statuses)

    def get_by_id(self, entity_id: str) -> InferenceJob:
        return InferenceJob(id=entity_id, status=next(self.statuses), model_name="m", progress_percentage=50)


def _job(statuses: list[str]) -> tuple[InferenceJob, list[float]]:
    job, pauses = InferenceJob(id="j", status="queued", model_name="m"), [0.0]
    endpoint: Any = Endpoint(statuses)
    job._api = endpoint
    job._pause = pauses.append
    job._clock = lambda: sum(pauses)
    return job, pauses


def test_waits_until_finished_and_tells_every_change() -> None:
    job, pauses = _job(["running", "running", "Completed"])
    seen: list[str] = []
    assert job.wait(on_status=lambda j: seen.append(j.status), poll_interval=3) is job
    assert seen == ["running", "Completed"]
    assert job.is_finished
    assert pauses[1:] == [3, 3, 3]


def test_timeout() -> None:
    job, _ = _job(["running"] * 10)
    with pytest.raises(TimeoutError, match="still running after 5"):
        job.wait(poll_interval=2, timeout=5)


def test_predictions() -> None:
    assert InferenceJob(id="j", status="completed", model_name="m").predictions is None
    row = {"annotation_type": "label", "identifier": "x"}
    job = InferenceJob(id="j", status="completed", model_name="m", result_data={"predictions": [[row], []]})
    predictions = job.predictions
    assert predictions is not None
    assert [len(one) for one in predictions] == [1, 0]
    assert isinstance(predictions[0][0], LabelAnnotation)
