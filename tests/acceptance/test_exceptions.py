"""Every exception class of the clients, because of what a real server answers: the published 2.45.0's, and ours.

Two of the published client's classes need a model or a job: ``ModelNotDeployedError`` is raised in ``scenarios_models/``, and
``JobTimeoutError`` cannot happen while no job can be started (ours is tested in ``test_inference_job.py``).
"""

from __future__ import annotations

import io
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from fiducial import Api, errors, exceptions
from fiducial_server.db.engine import Database
from fiducial_server.services.access import Access
from tests.acceptance.support import database_of
from tests.compat.datamint.published import TODAYS, Client, context
from tests.demo_data import DEMO_DATA
from tests.running import ADMIN_KEY, Running, on_a_laptop
from tests.servers import free_port

REFUSED = replace(TODAYS, folder="scenarios_refused")
LIMIT_BYTES = 1_900_000
"""Between the sizes of the demo's volumes, so that one of them is too large."""
UNSENT = DEMO_DATA / "mr_small.dcm"
"""A file that is never uploaded: one that the server has needs no sending."""
EYE, TOO_LARGE = DEMO_DATA / "fundus.jpg", DEMO_DATA / "mni152_gm.nii.gz"


@dataclass(frozen=True)
class Place:
    """A server that works, a key that may only look, one whose store is broken, and an address where nobody is."""

    running: Running
    viewer_key: str
    broken_url: str
    lost_resource: str
    nobody_url: str


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("refusals")
    limit = ("--max-upload-bytes", str(LIMIT_BYTES))
    with on_a_laptop(folder / "works", *limit) as works, on_a_laptop(folder / "broken") as broken:
        with Api(broken.url, broken.key) as api:
            lost = str(api.resources.upload_resource(str(EYE)))
        break_store(broken.data_dir)
        yield Place(works, viewer_key(works), broken.url, lost, f"http://127.0.0.1:{free_port()}")


def viewer_key(system: Running) -> str:
    database = Database(database_of(system))
    access, email = Access(database), f"{uuid.uuid4().hex}@example.org"
    admin = access.authenticate(ADMIN_KEY)
    access.create_user(admin, email=email, roles=["viewer"])
    _, key = access.create_key(admin, email=email, title="looks")
    database.close()
    return key


def break_store(data_dir: Path) -> None:
    """A file where the folder of objects was, as when a disk is not mounted."""
    objects = data_dir / "files" / "objects"
    shutil.rmtree(objects)
    objects.write_text("no folder")


# ---- the published client


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with REFUSED.started(tmp_path_factory.mktemp("home")) as started:
        yield started


@REFUSED.needed
@pytest.mark.parametrize(
    ("module", "name"), REFUSED.scenarios(), ids=lambda value: str(value).removeprefix("scenario_")
)
def test_the_published_client_raises(module: str, name: str, client: Client, place: Place, tmp_path: Path) -> None:
    more = {"viewer_key": place.viewer_key, "broken_url": place.broken_url, "nobody_url": place.nobody_url}
    told = context(name, place.running, tmp_path, lost_resource=place.lost_resource, **more)
    client.run(module, name, told)


# ---- ours


@pytest.fixture(scope="module")
def api(place: Place) -> Iterator[Api]:
    with Api(place.running.url, place.running.key) as opened:
        yield opened


@pytest.fixture(scope="module")
def eye(api: Api) -> Any:
    return api.resources.get_by_id(api.resources.upload_resource(str(EYE)))


def refused(kind: type[BaseException], status: int, call: Callable[[], Any], *words: str) -> Any:
    """The exception, which is httpx's own too, and the built-in that fits; the server's words are in it."""
    with pytest.raises(kind) as caught:
        call()
    error: Any = caught.value
    assert isinstance(error, exceptions.DatamintException)
    assert isinstance(error, httpx.HTTPStatusError)
    assert error.response.status_code == status
    for word in words:
        assert word in str(error)
    return error


def test_authentication_error(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Api(place.running.url, "fid_unknown", check_connection=False)
    refused(exceptions.AuthenticationError, 401, wrong.projects.get_list)
    refused(exceptions.AuthenticationError, 401, lambda: wrong.resources.upload_resource(str(EYE)))
    with pytest.raises(PermissionError):
        Api(place.running.url, "fid_unknown")
    monkeypatch.setenv("FIDUCIAL_CONFIG", "/nowhere/at/all.toml")
    for name in ("FIDUCIAL_API_KEY", "DATAMINT_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(exceptions.AuthenticationError):
        Api(place.running.url)


def test_permission_denied_error(place: Place) -> None:
    with Api(place.running.url, place.viewer_key) as looker:
        refused(
            exceptions.PermissionDeniedError, 403, lambda: looker.projects.create(uuid.uuid4().hex, ""), "only look"
        )
        refused(exceptions.PermissionDeniedError, 403, lambda: looker.resources.upload_resource(str(UNSENT)))
        with pytest.raises(PermissionError):
            looker.users.create(f"{uuid.uuid4().hex}@example.org")


def test_item_not_found_error(api: Api) -> None:
    unknown = str(uuid.uuid4())
    assert exceptions.ResourceNotFoundError is exceptions.ItemNotFoundError
    for call in (
        api.projects.get_by_id,
        api.projects.delete,
        api.resources.get_by_id,
        api.resources.delete,
        api.resources.download_resource_file,
        api.annotations.get_by_id,
        api.annotations.delete,
        api.annotationsets.get_by_id,
        api.validation_studies.get_by_id,
        lambda one: api.projects.bulk_delete([one]),
        lambda one: api.annotations.add_label_annotation(one, "x"),
    ):
        error = refused(exceptions.ItemNotFoundError, 404, lambda call=call: call(unknown), "not found")  # type: ignore[misc]
        assert isinstance(error, LookupError)
    refused(exceptions.ItemNotFoundError, 404, lambda: api.users.get_by_email(f"{uuid.uuid4().hex}@example.org"))


def test_validation_error(api: Api, eye: Any) -> None:
    broken = io.BytesIO(b"this is text" * 30)
    broken.name = "broken.png"
    kind = exceptions.ValidationError
    refused(kind, 422, lambda: api.resources.upload_resource(broken), "broken.png")
    with pytest.raises(ValueError, match="frame"):
        api.annotations.add_text_annotation(eye, "finding", "x", frame_index=7)
    with pytest.raises(ValueError, match="1411"):
        api.annotations.upload_segmentations(eye, np.full((10, 20, 1), 255, np.uint8), name="disc")
    refused(kind, 400, lambda: api.resources.get_list(order_field="no such field"), "order_field")
    item = {"type": "no such type", "identifier": "x", "scope": "image"}
    path = f"/annotations/{eye.id}/annotations"
    refused(kind, 400, lambda: api.connection.request("POST", path, json=[item]), "no such type")
    assert not [a for a in eye.fetch_annotations() if a.identifier in {"finding", "x"}]


def test_entity_already_exists_error(api: Api, place: Place) -> None:
    name = uuid.uuid4().hex
    first = api.projects.create(name, "")
    error = refused(exceptions.EntityAlreadyExistsError, 409, lambda: api.projects.create(name, ""), name)
    assert error.details["existing_id"] == first.id
    api.projects.delete(first)
    refused(exceptions.EntityAlreadyExistsError, 409, lambda: api.projects.create(name, ""))
    refused(exceptions.EntityAlreadyExistsError, 409, lambda: api.users.create(place.running.email))


def test_conflict_error(api: Api, eye: Any) -> None:
    project = api.projects.create(uuid.uuid4().hex, "")
    api.projects.delete(project)
    error = refused(exceptions.ConflictError, 409, lambda: api.projects.add_resources([eye], project), "archived")
    assert isinstance(error, errors.Conflict)


def test_too_large_error(api: Api) -> None:
    error = refused(exceptions.TooLargeError, 413, lambda: api.resources.upload_resource(str(TOO_LARGE)))
    assert isinstance(error, errors.TooLarge)


def test_no_project_is_named(api: Api) -> None:
    """The published client's ``DefaultProjectNotSetError``: nothing is sent."""
    with pytest.raises(errors.Invalid, match="which project"):
        api.projects.get_members()


def test_network_error(place: Place) -> None:
    with pytest.raises(exceptions.NetworkError) as caught:
        Api(place.nobody_url, place.running.key)
    assert isinstance(caught.value, httpx.TransportError | OSError)
    assert place.nobody_url in str(caught.value)


def test_server_error(place: Place) -> None:
    api = Api(place.broken_url, place.running.key, max_retries=0)
    for call in (
        lambda: api.resources.upload_resource(str(UNSENT)),
        lambda: api.resources.download_resource_file(place.lost_resource),
    ):
        with pytest.raises(exceptions.ServerError) as caught:
            call()
        assert isinstance(caught.value, httpx.HTTPStatusError)
        assert caught.value.response.status_code >= 500
