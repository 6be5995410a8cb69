"""The client's doors: settings, names, pickle."""

from __future__ import annotations

import multiprocessing
import pickle
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

import fiducial
from fiducial.api import settings
from fiducial.api.base_api import ApiConfig, BaseApi
from fiducial.api.client import Api
from fiducial.errors import Invalid
from fiducial.exceptions import AuthenticationError
from tests.unit.fiducial.fake_server import URL, api_with, project_row, resource_row

SECRET = "a-very-secret-key"
VARIABLES = [name for setting in settings.SETTINGS for name in setting.environment]


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FIDUCIAL_CONFIG", str(tmp_path / "config.yaml"))


def test_settings_first_hit_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.value_and_origin("api_url") == (settings.DEFAULT_URL, "default")
    settings.write_config("api_url", "http://file:1")
    assert settings.value_and_origin("api_url") == ("http://file:1", "file")
    monkeypatch.setenv("DATAMINT_API_URL", "http://other:2")
    assert settings.value_and_origin("api_url") == ("http://other:2", "DATAMINT_API_URL")
    monkeypatch.setenv("FIDUCIAL_API_URL", "http://own:3")
    assert settings.value_of("api_url") == "http://own:3"
    assert Api(api_key="k", check_connection=False).config.server_url == "http://own:3"
    assert Api("http://given:4/", "k", check_connection=False).config.server_url == "http://given:4"
    settings.write_config("api_url", None)
    assert settings.read_config() == {}


def test_the_file_is_its_owners_only(tmp_path: Path) -> None:
    path = settings.write_config("api_key", SECRET)
    assert path.stat().st_mode & 0o077 == 0
    assert Api(check_connection=False).config.api_key == SECRET
    path.write_text("- a list")
    with pytest.raises(Invalid, match=r"config\.yaml"):
        settings.value_of("api_key")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["config.yaml"]


def test_no_key_and_no_address_are_told() -> None:
    with pytest.raises(AuthenticationError, match="FIDUCIAL_API_KEY"):
        Api()
    with pytest.raises(Invalid, match="server_url"):
        Api("server:8000", "k")


def test_both_headers_are_sent() -> None:
    client = Api(URL, SECRET, check_connection=False).connection.client
    assert client.headers["apikey"] == SECRET
    assert client.headers["authorization"] == f"Bearer {SECRET}"


DOCUMENTED_GROUPS = (
    "projects", "resources", "annotations", "channels", "users", "datasets", "models", "annotationsets", "inference", "deploy",
    "validation_studies",
)  # fmt: skip


def test_every_documented_group_of_calls_is_there() -> None:
    api = api_with(lambda _: httpx.Response(200, json=[]))
    assert all(isinstance(getattr(api, name), BaseApi) for name in DOCUMENTED_GROUPS)
    assert set(DOCUMENTED_GROUPS) <= set(dir(api))
    assert api.projects is api.projects
    assert api.projects.root is api
    with pytest.raises(AttributeError, match="projects, resources"):
        api.nonsense  # noqa: B018


def test_keys_are_not_shown_and_not_pickled() -> None:
    api = Api(URL, SECRET, check_connection=False)
    assert SECRET not in repr(api.config)
    assert SECRET.encode() not in pickle.dumps(api)
    assert pickle.loads(pickle.dumps(api)).config == api.config  # this process knows the key
    copy = pickle.loads(pickle.dumps(ApiConfig("http://elsewhere", "k")))
    assert copy.api_key is None


def _child(entity: object, queue: object) -> None:
    queue.put((entity._root.config.api_key, entity))  # type: ignore[attr-defined]


def test_entities_find_their_server_again_in_other_processes() -> None:
    api = Api(URL, SECRET, check_connection=False)
    project = api.projects._parse_one(httpx.Response(200, json=project_row(name="here")).content)
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=_child, args=(project, queue))
    process.start()
    key, back = queue.get(timeout=60)
    process.join(60)
    assert key == SECRET
    assert back == project
    assert back._root.config == api.config


def test_an_entity_made_by_hand_says_what_it_lacks() -> None:
    from fiducial.entities import Resource

    with pytest.raises(RuntimeError, match=r"fiducial\.Api"):
        Resource(**resource_row()).fetch_annotations()


def test_projects_by_name_id_and_themselves() -> None:
    rows = [project_row(name="A", archived=True), project_row(name="A"), project_row(name="B")]
    api = api_with(lambda _: httpx.Response(200, json={"data": rows}))
    assert api.projects._id_of("A") == rows[1]["id"]
    assert api.projects._id_of(rows[2]["id"]) == rows[2]["id"]
    assert api.projects.get_by_name("C") is None
    with pytest.raises(LookupError, match="'C'"):
        api.projects.get_project_resources("C")


def test_import_is_light() -> None:
    code = (
        "import sys, fiducial; heavy = {'httpx', 'pydantic', 'numpy', 'pydicom', 'nibabel', 'PIL', 'av', 'torch', 'rich'};"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
    code = (
        "import sys, fiducial.entities, fiducial.api.client; heavy = {'pydicom', 'nibabel', 'PIL', 'av', 'torch'};"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_package_names_its_parts() -> None:
    assert fiducial.Api is Api
    assert fiducial.entities.Resource.__name__ == "Resource"
    with pytest.raises(AttributeError):
        fiducial.nothing  # type: ignore[attr-defined]  # noqa: B018
