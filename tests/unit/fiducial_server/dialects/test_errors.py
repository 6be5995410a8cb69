"""The table of refusals is complete, and a refusal has the shape that old and new clients read."""

from __future__ import annotations

import json

import pytest

from fiducial import errors
from fiducial_server.dialects.datamint.errors import STATUS, NotYet, answer, refusal, status_of


def test_every_error_of_the_family_has_a_status() -> None:
    assert set(STATUS) == {*errors.ERROR_FAMILY, NotYet}


@pytest.mark.parametrize("kind", errors.ERROR_FAMILY, ids=lambda kind: kind.__name__)
def test_every_refusal_has_status_message_and_error(kind: type[errors.FiducialError]) -> None:
    response = answer(kind("Resource abc not found"))
    body = json.loads(bytes(response.body))
    assert response.status_code == STATUS[kind]
    assert body["statusCode"] == STATUS[kind]
    assert body["message"] == "Resource abc not found"
    assert isinstance(body["error"], str)


def test_a_subclass_answers_as_the_closest_class_does() -> None:
    assert status_of(errors.TooLarge("x")) == 413
    assert status_of(errors.StorageFull("x")) == 507


def test_a_404_always_says_not_found_in_the_words_the_client_looks_for() -> None:
    assert " not found" in json.loads(bytes(refusal(404, "Resource abc").body))["message"]


def test_a_conflict_names_the_thing_that_is_there() -> None:
    body = json.loads(bytes(answer(errors.AlreadyExists("there is one", existing_id="abc")).body))
    assert body["id"] == "abc"


def test_a_defect_is_told_without_its_inside() -> None:
    response = answer(RuntimeError("secret path"))
    assert response.status_code == 500
    assert b"secret" not in response.body
