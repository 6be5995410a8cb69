"""The documented base classes by themselves, as somebody who writes an endpoint of their own would use them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pydicom
import pytest
from PIL import Image

from fiducial.api.base_api import ApiConfig, BaseApi
from fiducial.api.entity_base_api import CreatableEntityApi, CRUDEntityApi
from fiducial.entities import Project
from fiducial.errors import Damaged
from tests.demo_data import DEMO_DATA
from tests.running import Running


@pytest.fixture
def config(running: Running) -> ApiConfig:
    return ApiConfig(running.url, running.key, timeout=60, max_retries=1)


@pytest.fixture
def projects(config: ApiConfig) -> Iterator[CRUDEntityApi[Project]]:
    api: CRUDEntityApi[Project] = CRUDEntityApi(config, Project, "projects")
    yield api
    api.close()


def test_configuration(config: ApiConfig, running: Running) -> None:
    assert (config.api_key, config.timeout, config.max_retries) == (running.key, 60, 1)
    assert config.server_url in running.urls
    assert config.web_app_url == f"{config.server_url}/app"
    bare = ApiConfig("http://server.test")
    assert (bare.api_key, bare.timeout, bare.max_retries) == (None, 30.0, 3)
    assert running.key not in repr(config)


def test_life_of_an_entity(projects: CRUDEntityApi[Project]) -> None:
    name = f"base {uuid.uuid4()}"
    made = projects.create(name=name, description="one")
    assert isinstance(made, Project)
    assert projects.get_by_id(made.id).name == name
    assert made.id in {p.id for p in projects.get_all()}
    assert len(projects.get_all(limit=1)) == len(projects.get_list(limit=1)) == 1
    assert projects.patch(made, {"description": "two"}).description == "two"
    assert projects.partial_update(made.id, {"description": "three"}).description == "three"
    assert projects.get_by_id(made.id).name == name, "what was not sent stays"
    others = [str(projects.create(name=f"{name} {n}", description="", return_entity=False)) for n in range(2)]
    projects.delete(made)
    projects.bulk_delete([projects.get_by_id(others[0]), others[1]])
    left = {p.id for p in projects.get_list(includeArchived="true") if not p.archived}
    assert not left & {made.id, *others}


def test_refusals_are_http_status_errors(projects: CRUDEntityApi[Project]) -> None:
    unknown, name = str(uuid.uuid4()), f"twice {uuid.uuid4()}"
    for call in (projects.get_by_id, projects.delete, lambda one: projects.bulk_delete([one])):
        with pytest.raises(httpx.HTTPStatusError) as refused:
            call(unknown)
        assert BaseApi.get_status_code(refused.value) == 404
    with pytest.raises(httpx.HTTPStatusError):
        projects.patch(unknown, {"description": "x"})
    projects.create(name=name, description="")
    with pytest.raises(httpx.HTTPStatusError) as refused:
        projects.create(name=name, description="")
    assert BaseApi.get_status_code(refused.value) == 409
    assert BaseApi.get_status_code(ValueError("no answer")) == -1  # type: ignore[arg-type]


def test_create_takes_names(config: ApiConfig) -> None:
    api: CreatableEntityApi[Project] = CreatableEntityApi(config, Project, "projects")
    with pytest.raises(TypeError, match="named arguments"):
        api.create("a name without its word")


def test_convert_format_goes_by_content_and_names_the_file(tmp_path: Path) -> None:
    dicom = (DEMO_DATA / "ct_small.dcm").read_bytes()
    assert isinstance(BaseApi.convert_format(dicom), pydicom.Dataset)
    assert isinstance(BaseApi.convert_format(dicom, mimetype="image/png"), pydicom.Dataset), "the content decides"
    picture = (DEMO_DATA / "fundus.jpg").read_bytes()
    assert isinstance(BaseApi.convert_format(picture, "image/jpeg", file_path=str(tmp_path / "a.jpg")), Image.Image)
    assert BaseApi.convert_format(b"just words") == b"just words"
    with pytest.raises(Damaged, match=r"cut\.jpg"):
        BaseApi.convert_format(picture[:5000], mimetype="image/jpeg", file_path="cut.jpg")
