"""Refusals become the documented exceptions, with the server's words."""

from __future__ import annotations

import pickle

import httpx
import pytest

from fiducial import errors, exceptions
from fiducial.api.base_api import BaseApi
from fiducial.exceptions import error_from
from tests.unit.fiducial.fake_server import api_with, refusal

ID = "00000000-0000-4000-8000-000000000001"
TABLE = [
    (400, exceptions.ValidationError, errors.Invalid, ValueError),
    (401, exceptions.AuthenticationError, errors.Unauthenticated, PermissionError),
    (403, exceptions.PermissionDeniedError, errors.Forbidden, PermissionError),
    (404, exceptions.ItemNotFoundError, errors.NotFound, LookupError),
    (409, exceptions.ConflictError, errors.Conflict, RuntimeError),
    (413, exceptions.TooLargeError, errors.TooLarge, ValueError),
    (422, exceptions.ValidationError, errors.Invalid, ValueError),
    (500, exceptions.ServerError, errors.FiducialError, Exception),
    (501, exceptions.UnsupportedError, errors.Unsupported, NotImplementedError),
    (507, exceptions.StorageFullError, errors.StorageFull, OSError),
]


@pytest.mark.parametrize(("status", "kind", "family", "builtin"), TABLE)
def test_each_status_is_its_exception_and_httpx_own(
    status: int, kind: type[Exception], family: type[Exception], builtin: type[Exception]
) -> None:
    api = api_with(lambda _: refusal(status, "what is wrong, in words"))
    with pytest.raises(kind) as caught:
        api.resources.get_by_id(ID)
    assert isinstance(caught.value, (family, builtin, httpx.HTTPStatusError))
    assert isinstance(caught.value, builtin)
    assert isinstance(caught.value, httpx.HTTPStatusError)
    assert str(caught.value) == "what is wrong, in words"
    assert caught.value.status_code == status
    assert BaseApi.get_status_code(caught.value) == status


def test_existing_thing_is_named() -> None:
    api = api_with(lambda _: refusal(409, "taken", details={"existing_id": "x"}))
    with pytest.raises(exceptions.EntityAlreadyExistsError) as caught:
        api.projects.create("name")
    assert caught.value.details["existing_id"] == "x"


def test_bodies_of_other_servers_are_told_too() -> None:
    request = httpx.Request("GET", "http://x/")
    assert str(error_from(httpx.Response(502, text="bad gateway", request=request))) == "bad gateway"
    assert "503" in str(error_from(httpx.Response(503, request=request)))
    assert str(error_from(httpx.Response(400, json={"message": "m"}, request=request), "a.dcm")) == "a.dcm: m"
    assert str(error_from(httpx.Response(400, json={"message": "a.dcm: m"}, request=request), "a.dcm")) == "a.dcm: m"


def test_errors_go_through_pickle() -> None:
    error = error_from(httpx.Response(404, json={"message": "not found"}, request=httpx.Request("GET", "http://x/")))
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.status_code) == (exceptions.ItemNotFoundError, "not found", 404)


def test_names_that_scripts_import() -> None:
    assert exceptions.ResourceNotFoundError is exceptions.ItemNotFoundError
    assert issubclass(exceptions.ServerError, exceptions.DatamintException)


def test_a_refusal_made_here_looks_like_the_server_s() -> None:
    """Scripts look at ``error.response.status_code``, wherever the refusal was made."""
    api = api_with(lambda _: httpx.Response(200, json=[]))
    with pytest.raises(httpx.HTTPStatusError) as unknown:
        api.projects.get_project_resources("no such project")
    assert (unknown.value.response.status_code, BaseApi.get_status_code(unknown.value)) == (404, 404)
    assert "no such project" in unknown.value.response.json()["message"]
    for call in (api.resources.get_by_id, api.resources.delete, api.annotations.get_by_id, api.datasets.delete):
        with pytest.raises(ValueError, match="must be a UUID") as caught:
            call("not-an-id")
        assert isinstance(caught.value, httpx.HTTPStatusError)
        assert caught.value.response.status_code == 400


ALL_CALLS = [
    lambda api: api.resources.get_by_id(ID),
    lambda api: api.resources.get_list(),
    lambda api: api.resources.get_all(limit=1),
    lambda api: api.resources.delete(ID),
    lambda api: api.resources.bulk_delete([ID]),
    lambda api: api.projects.delete(ID),
    lambda api: api.projects.bulk_delete([ID, ID]),
    lambda api: api.projects.patch(ID, {"name": "x"}),
    lambda api: api.projects.partial_update(ID, {"name": "x"}),
    lambda api: api.projects.create("x"),
    lambda api: api.annotations.bulk_delete([ID]),
    lambda api: api.annotationsets.patch(ID, {"name": "x"}),
    lambda api: api.validation_studies.get_by_id(ID),
    lambda api: api.datasets.bulk_delete([ID]),
    lambda api: api.users.get_by_id("a@b.c"),
    lambda api: api.channels.get_list(),
]


@pytest.mark.parametrize("call", ALL_CALLS)
@pytest.mark.parametrize("status", [400, 403, 404, 409, 500])
def test_every_documented_call_raises_httpx_own_error(call: object, status: int) -> None:
    with pytest.raises(httpx.HTTPStatusError) as caught:
        call(api_with(lambda _: refusal(status, "it was not found, say")))  # type: ignore[operator]
    assert caught.value.response.status_code == status


def test_the_status_of_other_libraries_errors() -> None:
    class ClientResponseError(Exception):
        status = 418

    assert BaseApi.get_status_code(ClientResponseError()) == 418
    assert BaseApi.get_status_code(ValueError()) == -1
