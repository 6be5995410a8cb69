"""Every error of the family has a place in MLflow's shape, and nothing of ours is told of one that has not."""

from __future__ import annotations

import json

import pytest

from fiducial import errors
from fiducial_server.dialects.models.errors import TABLE, NoEndpoint, answer

FAMILY = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.FiducialError) and kind is not errors.FiducialError
]


@pytest.mark.parametrize("kind", [*FAMILY, NoEndpoint])
def test_every_error_has_a_status_and_a_code(kind: type[errors.FiducialError]) -> None:
    response = answer(kind("what happened"))
    assert response.status_code == TABLE[kind][0]
    assert json.loads(bytes(response.body)) == {"error_code": TABLE[kind][1], "message": "what happened"}


def test_a_defect_is_told_without_its_inside() -> None:
    response = answer(RuntimeError("password=hunter2"))
    assert response.status_code == 500
    assert b"hunter2" not in bytes(response.body)
