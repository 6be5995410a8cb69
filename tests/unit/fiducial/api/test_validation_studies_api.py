"""Validation studies: what can be one, and what it shows."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from fiducial.entities import AnnotationSpec, ValidationStudy
from tests.unit.fiducial.fake_server import Heard, api_with

P, R, W = (f"00000000-0000-4000-8000-00000000000{n}" for n in range(1, 4))
STUDY = {"id": W, "name": "S", "model_name": "m", "status": "draft"}


def test_a_study_is_made() -> None:
    heard = Heard(STUDY)
    spec = AnnotationSpec(type="line", scope="frame", required=False, identifier="l")
    study = api_with(heard).validation_studies.create(
        P, "S", "m", model_version=2, provide_annotations={"enabled": True, "targets": [spec]}, resource_ids=[R]
    )
    assert isinstance(study, ValidationStudy)
    assert heard.line == f"POST /projects/{P}/validation-studies"
    assert heard.json["reader_tasks"] == {
        "evaluate_ai_output": {"enabled": False},
        "provide_annotations": {"enabled": True, "targets": [spec.asdict()]},
    }
    assert (heard.json["model_version"], heard.json["resource_ids"]) == (2, [R])


def test_a_study_shows_what_the_deployed_model_finds() -> None:
    asked: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode())
        if request.method == "GET":
            return httpx.Response(200, json={"annotation_specs": [{"type": "label", "identifier": "x"}]})
        return httpx.Response(200, json=STUDY | {"reader_tasks": json.loads(request.content)["reader_tasks"]})

    study = api_with(handle).validation_studies.create(P, "S", "a/m", evaluate_ai_output={"enabled": True})
    assert asked[0] == f"/experiments/project/{P}/deployed-models/a%2Fm/info"
    assert study.reader_tasks is not None
    assert study.reader_tasks["evaluate_ai_output"]["annotations"] == [{"type": "label", "identifier": "x"}]


@pytest.mark.parametrize(
    ("tasks", "match"),
    [
        ({}, "must be enabled"),
        ({"provide_annotations": {"enabled": True, "segregate_count": 2}}, "segregate_count"),
        ({"evaluate_ai_output": {"enabled": True}}, "does not say what it annotates"),
    ],
)
def test_studies_that_cannot_be(tasks: dict[str, Any], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        api_with(Heard({"metadata_status": "unknown"})).validation_studies.create(P, "S", "m", **tasks)


def test_studies_are_listed() -> None:
    heard = Heard({"data": [STUDY], "totalCount": 1})
    api = api_with(heard)
    assert [study.name for study in api.validation_studies.get_list()] == ["S"]
    assert heard.line == "GET /validation-studies"
    heard.answer = STUDY
    assert api.validation_studies.get_by_id(W).status == "draft"
