"""The models host over plain HTTP: one organization's models are nobody else's, and MLflow costs nothing until it is used."""

from __future__ import annotations

import os
import signal
import socket
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fiducial import Api
from fiducial.exceptions import (
    AuthenticationError,
    ItemNotFoundError,
    ModelNotDeployedError,
    PermissionDeniedError,
    UnsupportedError,
    ValidationError,
)
from fiducial_server.db.engine import Database
from fiducial_server.dialects.models.table import ENDPOINTS, Endpoint, Kind
from fiducial_server.services.access import Access
from tests.acceptance.support import database_of
from tests.running import Running, on_a_laptop, start_process, stop, wait_until_ready
from tests.servers import free_port

pytest.importorskip("mlflow", reason="the extra 'models' is not installed")

API = "/api/2.0/mlflow"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
OURS = "/datamint/api/v1"
SECRET = "secret-of-the-first"


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with on_a_laptop(tmp_path_factory.mktemp("models"), models_port=free_port()) as running:
        yield running


@pytest.fixture(scope="module")
def first(system: Running) -> Iterator[httpx.Client]:
    with system.models() as opened:
        yield opened


@pytest.fixture(scope="module")
def stranger_key(system: Running) -> str:
    database = Database(database_of(system))
    made = Access(database).create_organization("Another hospital", f"{uuid.uuid4().hex}@example.com")
    database.close()
    assert made.api_key
    return made.api_key


@pytest.fixture(scope="module")
def stranger(system: Running, stranger_key: str) -> Iterator[httpx.Client]:
    """The administrator of another organization."""
    with system.models(stranger_key) as opened:
        yield opened


@pytest.fixture(scope="module")
def project_id(system: Running) -> str:
    with system.client() as main:
        return str(main.post("/projects", json={"name": SECRET}).raise_for_status().json()["id"])


def post(client: httpx.Client, path: str, **body: Any) -> Any:
    return client.post(f"{API}/{path}", json=body).raise_for_status().json()


def get(client: httpx.Client, path: str, **params: Any) -> Any:
    return client.get(f"{API}/{path}", params=params).raise_for_status().json()


@pytest.fixture(scope="module")
def mine(first: httpx.Client, project_id: str) -> dict[str, str]:
    """Ids and names of everything there can be, in a project of the first organization."""
    experiment = post(first, "experiments/create", name=SECRET, project_id=project_id)["experiment_id"]
    run = post(first, "runs/create", experiment_id=experiment, start_time=1)["run"]["info"]
    post(first, "runs/log-metric", run_id=run["run_id"], key="loss", value=0.5, timestamp=1, step=0)
    model = post(first, "logged-models", experiment_id=experiment, name=SECRET, source_run_id=run["run_id"])["model"]
    post(first, "registered-models/create", name=SECRET, project_id=project_id)
    source = f"{run['artifact_uri']}/weights"
    version = {"name": SECRET, "source": source, "run_id": run["run_id"], "project_id": project_id}
    post(first, "model-versions/create", **version)
    post(first, "registered-models/alias", name=SECRET, alias="champion", version="1", project_id=project_id)
    path = run["artifact_uri"].partition(":/")[2]
    first.put(f"{ARTIFACTS}/{path}/weights/a.bin", content=b"weights").raise_for_status()
    return {
        "experiment_id": experiment,
        "run_id": run["run_id"],
        "model_id": model["info"]["model_id"],
        "source_run_id": run["run_id"],
        "project_id": project_id,
        "path": path,
        "source": source,
    }


def knock_with(endpoint: Endpoint, mine: dict[str, str]) -> dict[str, Any]:
    """A request that would be right if it came from the first organization."""
    ids = {Kind.EXPERIMENT: mine["experiment_id"], Kind.RUN: mine["run_id"], Kind.LOGGED_MODEL: mine["model_id"]}
    body: dict[str, Any] = dict.fromkeys(endpoint.names, SECRET)
    body |= {"key": "k", "value": "v", "version": "1", "alias": "champion", "metric_key": "loss", "stage": "Archived"}
    body |= {"timestamp": 1, "start_time": 1, "new_name": "taken", "archive_existing_versions": False, "max_results": 9}
    for path, kind in endpoint.owned.items():
        top, _, rest = path.partition(".*")
        body[top] = ids[kind] if top == path else [{rest[1:]: ids[kind]}] if rest else [ids[kind]]
    if endpoint.source:
        body["source"] = mine["source"]
    return body


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: f"{e.method} {e.path}")
@pytest.mark.parametrize("inside", [True, False], ids=["names their project", "names no project"])
def test_a_stranger_is_shown_nothing_and_changes_nothing(
    endpoint: Endpoint, inside: bool, stranger: httpx.Client, first: httpx.Client, mine: dict[str, str]
) -> None:
    before = all_of(first, mine)
    body = knock_with(endpoint, mine) | ({"project_id": mine["project_id"]} if inside else {})
    path = f"{API}/{endpoint.path}".replace("{model_id}", mine["model_id"]).replace("{tag_key}", "k")
    how: dict[str, Any] = {"params": body} if endpoint.method == "GET" else {"json": body}
    answer = stranger.request(endpoint.method, path, **how)
    makes = endpoint.path in {"experiments/create", "registered-models/create"} and not inside
    empty = endpoint.search is not None and not endpoint.owned and not inside
    if makes or empty:
        assert answer.status_code == 200
        assert SECRET not in answer.text or makes
    else:
        assert answer.status_code in {400, 404}, answer.text
        assert answer.json()["error_code"] in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}, answer.text
    assert mine["run_id"] not in answer.text or "not found" in answer.text
    assert all_of(first, mine) == before
    if makes:
        forget_own(stranger, endpoint, answer)


def all_of(client: httpx.Client, mine: dict[str, str]) -> list[Any]:
    project = {"project_id": mine["project_id"]}
    told = [
        get(client, "experiments/get-by-name", experiment_name=SECRET, **project),
        get(client, "runs/get", run_id=mine["run_id"]),
        get(client, f"logged-models/{mine['model_id']}"),
        get(client, "registered-models/get", name=SECRET, **project),
        get(client, "model-versions/get", name=SECRET, version="1", **project),
    ]
    assert all(SECRET in str(one) or mine["run_id"] in str(one) for one in told)
    return told


def forget_own(stranger: httpx.Client, endpoint: Endpoint, answer: httpx.Response) -> None:
    if endpoint.path == "experiments/create":
        post(stranger, "experiments/update", experiment_id=answer.json()["experiment_id"], new_name=uuid.uuid4().hex)
    else:
        stranger.request("DELETE", f"{API}/registered-models/delete", json={"name": SECRET}).raise_for_status()


def test_camel_case_is_no_way_around(stranger: httpx.Client, first: httpx.Client, mine: dict[str, str]) -> None:
    """MLflow takes ``modelId`` for ``model_id`` anywhere in a body."""
    experiment = post(stranger, "experiments/create", name=uuid.uuid4().hex)["experiment_id"]
    run = post(stranger, "runs/create", experiment_id=experiment, start_time=1)["run"]["info"]["run_id"]
    metric = {"key": "stolen", "value": 1.0, "timestamp": 1, "step": 0, "modelId": mine["model_id"]}
    post(stranger, "runs/log-batch", run_id=run, metrics=[metric])
    refused = stranger.get(f"{API}/runs/get", params={"runId": mine["run_id"]})
    assert refused.status_code == 400
    assert "stolen" not in first.get(f"{API}/logged-models/{mine['model_id']}").text


@pytest.mark.parametrize(
    "condition",
    [
        "name LIKE '%'",
        "name = 'secret-of-the-first'",
        "name LIKE '%' -- ",
        "name LIKE '%' OR name LIKE '%'",
        "name LIKE '%' /* ",
        "tags.`x` = '1') OR (name LIKE '%'",
        "name != 'x'",
        "name ILIKE '%SECRET%'",
    ],
)
@pytest.mark.parametrize("path", ["registered-models/search", "model-versions/search", "experiments/search"])
def test_no_filter_reaches_beyond_the_space(
    path: str, condition: str, stranger: httpx.Client, mine: dict[str, str]
) -> None:
    answer = stranger.get(f"{API}/{path}", params={"filter": condition})
    assert SECRET not in answer.text or "not understood" in answer.text
    assert answer.status_code in {200, 400}


def test_filters_find_inside(first: httpx.Client, mine: dict[str, str]) -> None:
    where = {"project_id": mine["project_id"]}
    for condition in (f"name = '{SECRET}'", f'name = "{SECRET}"', "name LIKE 'secret%'", "name ILIKE '%FIRST'"):
        for path, key in (
            ("registered-models/search", "registered_models"),
            ("model-versions/search", "model_versions"),
        ):
            (row,) = get(first, path, filter=condition, **where)[key]
            assert row["name"] == SECRET
        (row,) = post(first, "experiments/search", filter=condition, max_results=5, **where)["experiments"]
        assert row["name"] == SECRET
        (row,) = post(first, "experiments/search", filter=condition, max_results=5)["experiments"]
        assert row["experiment_id"] == mine["experiment_id"]
    assert get(first, "registered-models/search", filter="name = 'other'", **where).get("registered_models", []) == []
    assert get(first, "registered-models/search").get("registered_models", []) == []


def test_artifacts_of_another_organization(stranger: httpx.Client, first: httpx.Client, mine: dict[str, str]) -> None:
    address = f"{ARTIFACTS}/{mine['path']}/weights/a.bin"
    for method in ("GET", "PUT", "DELETE"):
        answer = stranger.request(method, address, content=b"other" if method == "PUT" else None)
        assert (answer.status_code, answer.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert stranger.get(ARTIFACTS, params={"path": mine["path"]}).status_code == 404
    assert stranger.get(ARTIFACTS).status_code in {400, 404}
    assert first.get(address).content == b"weights"


@pytest.mark.parametrize("path", ["{own}/%2e%2e/x", "/etc/passwd", "{own}//x", "{own}/a%5Cb", "", "{own}/%00"])
def test_paths_lead_nowhere_else(path: str, first: httpx.Client, mine: dict[str, str]) -> None:
    for method in ("GET", "PUT"):
        address = str(first.base_url).rstrip("/") + f"{ARTIFACTS}/" + path.format(own=mine["path"])
        answer = first.send(first.build_request(method, httpx.URL(address), content=b"x"))
        assert answer.status_code in {400, 404}, answer.text


def test_a_file_and_a_folder_cannot_have_one_name(first: httpx.Client, mine: dict[str, str]) -> None:
    answer = first.put(f"{ARTIFACTS}/{mine['path']}/weights/a.bin/below", content=b"x")
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_what_is_not_in_the_table_is_not_there(first: httpx.Client) -> None:
    for method, path in (
        ("GET", f"{API}/artifacts/list?run_id=x"),
        ("GET", "/get-artifact?path=x&run_id=y"),
        ("GET", "/api/2.0/mlflow-artifacts/presigned/x"),
        ("POST", "/api/3.0/mlflow/traces"),
        ("GET", "/ajax-api/2.0/mlflow/experiments/search"),
        ("GET", "/graphql"),
        ("GET", "/projects"),
        ("DELETE", f"{API}/runs/get"),
    ):
        answer = first.request(method, path)
        assert (answer.status_code, answer.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND"), path


def test_bad_requests(first: httpx.Client, project_id: str) -> None:
    def refused(path: str, code: str, **body: Any) -> str:
        answer = first.post(f"{API}/{path}", json=body)
        assert answer.json()["error_code"] == code, answer.text
        return str(answer.json()["message"])

    refused("experiments/create", "INVALID_PARAMETER_VALUE", name=" ")
    refused("experiments/create", "INVALID_PARAMETER_VALUE", name="x", artifact_location="s3://elsewhere")
    refused("experiments/create", "RESOURCE_DOES_NOT_EXIST", name="x", project_id=str(uuid.uuid4()))
    refused("experiments/create", "RESOURCE_DOES_NOT_EXIST", name="x", project_id="no id")
    refused("runs/search", "INVALID_PARAMETER_VALUE")
    refused("runs/create", "RESOURCE_DOES_NOT_EXIST", experiment_id="0")
    refused("registered-models/create", "INVALID_PARAMETER_VALUE", name="a/b")
    post(first, "registered-models/create", name="twice")
    message = refused("registered-models/create", "RESOURCE_ALREADY_EXISTS", name="twice")
    assert "SQL" not in message
    assert first.post(f"{API}/experiments/create", content=b"{").json()["error_code"] == "INVALID_PARAMETER_VALUE"
    assert first.post(f"{API}/experiments/create", content=b"[]").json()["error_code"] == "INVALID_PARAMETER_VALUE"


def test_who_may_only_look(system: Running, first: httpx.Client, mine: dict[str, str]) -> None:
    database = Database(database_of(system))
    access = Access(database)
    admin = access.authenticate(system.key)
    viewer = access.create_user(admin, email=f"{uuid.uuid4().hex}@example.org", roles=["viewer"])
    key = access.create_key(admin, email=viewer.email, title="looking")[1]
    database.close()
    with system.models(key) as looking:
        assert get(looking, "runs/get", run_id=mine["run_id"])["run"]["info"]["run_id"] == mine["run_id"]
        answer = looking.post(f"{API}/runs/set-tag", json={"run_id": mine["run_id"], "key": "k", "value": "v"})
        assert (answer.status_code, answer.json()["error_code"]) == (403, "PERMISSION_DENIED")
        assert looking.put(f"{ARTIFACTS}/{mine['path']}/x", content=b"x").status_code == 403


def test_an_archived_project_takes_nothing_new(system: Running, first: httpx.Client) -> None:
    with system.client() as main:
        pid = main.post("/projects", json={"name": "archived"}).raise_for_status().json()["id"]
        main.delete(f"/projects/{pid}").raise_for_status()
    answer = first.post(f"{API}/registered-models/create", json={"name": "m", "project_id": pid})
    assert (answer.status_code, answer.json()["error_code"]) == (409, "RESOURCE_CONFLICT")
    assert get(first, "registered-models/search", project_id=pid).get("registered_models", []) == []


def test_our_own_client(system: Running, project_id: str, mine: dict[str, str], stranger_key: str) -> None:
    with Api(system.url, system.key) as api:
        (model,) = api.models.get_list(project=project_id)
        assert model.name == SECRET
        assert [version.version for version in model.get_versions()] == ["1"]
        latest, champion = model.get_latest_version(), model.get_latest_version("champion")
        assert latest is not None
        assert champion is not None
        assert latest.run_id == champion.run_id == mine["run_id"]
        assert model.get_latest_version("nobody") is None
        assert [project.id for project in model.get_projects()] == [project_id]
        assert not model.is_deployed()
        assert api.models.get_list(only_deployed=True, project=project_id) == []
        made = api.models.create("of our client", "about it", project=project_id)
        assert api.models.create("of our client", project=project_id).description == made.description == "about it"
        with pytest.raises(ValidationError):
            api.models.create("of our client", exists_ok=False, project=project_id)
        api.models.delete_registered_model("of our client", project=project_id)
        assert api.models.get_by_name("of our client", project=project_id) is None
        with pytest.raises(ItemNotFoundError):
            api.models.get_by_name("x", project=str(uuid.uuid4()))
    with Api(system.url, stranger_key) as other:
        assert other.models.get_projects(SECRET) == []


def test_our_own_client_is_told_that_nothing_is_deployed(system: Running) -> None:
    unknown = str(uuid.uuid4())
    with Api(system.url, system.key) as api:
        with pytest.raises(ModelNotDeployedError):
            api.inference.predict("heart", resource_id=unknown)
        with pytest.raises(ModelNotDeployedError):
            api.inference.predict_slice(f"{SECRET}:heart", 3, "axial", resource_id=unknown)
        with pytest.raises(ItemNotFoundError):
            api.inference.submit("nowhere:heart", resource_id=unknown)
        with pytest.raises(ItemNotFoundError):
            api.inference.get_by_id(unknown)
        with pytest.raises(ItemNotFoundError):
            api.inference.cancel(unknown)
        with pytest.raises(UnsupportedError):
            api.deploy.start("heart")
        with pytest.raises(ItemNotFoundError):
            api.deploy.get_logs(unknown)
        with pytest.raises(ItemNotFoundError):
            list(api.deploy.stream_logs(unknown))
        with pytest.raises(ItemNotFoundError):
            api.pod_logs.get_logs("heart")
        assert api.inference.get_list() == api.deploy.list_images() == api.pod_logs.list_pods("heart") == []
        assert list(api.deploy.get_list()) == []
        assert api.deploy.list_active_jobs()["active_jobs"] == 0
    with Api(system.url, "wrong", check_connection=False) as nobody, pytest.raises(AuthenticationError):
        nobody.inference.get_list()
    assert issubclass(PermissionDeniedError, Exception)


# -- the process ------------------------------------------------------------------------------------------------------


def registry_processes(system: Running) -> set[int]:
    """The MLflow processes that the system's servers have started."""
    servers = {process.pid for process in system.processes}
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command, status = (entry / "cmdline").read_bytes(), (entry / "stat").read_text()
            except OSError:
                continue
            if b"mlflow_server" in command and int(status.rpartition(")")[2].split()[1]) in servers:
                found.add(int(entry.name))
    return found


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes through /proc")


def gone(pid: int, limit_s: float = 20) -> bool:
    """Whether the process ended (its parent may not have looked yet); asked again until it did, or the limit."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
    return False


@needs_proc
def test_it_starts_on_first_use_and_ends_with_the_server(tmp_path: Path) -> None:
    with on_a_laptop(tmp_path, models_port=free_port()) as system:
        with system.models() as models:
            assert models.get(f"{OURS}/model-inference").json() == []
            assert registry_processes(system) == set()
            assert models.get(f"{API}/registered-models/search").status_code == 200
        (pid,) = registry_processes(system)
        stop(system.processes[0])
        assert gone(pid)


@needs_proc
def test_it_ends_when_the_server_is_killed_and_is_started_again_when_it_dies(tmp_path: Path) -> None:
    with on_a_laptop(tmp_path, models_port=free_port()) as system:
        with system.models() as models:
            assert models.get(f"{API}/registered-models/search").status_code == 200
            (pid,) = registry_processes(system)
            os.kill(pid, signal.SIGKILL)
            assert gone(pid)
            assert models.get(f"{API}/registered-models/search").status_code == 200
            (second,) = registry_processes(system) - {pid}
        system.processes[0].kill()
        assert gone(second)


def test_a_taken_port_does_not_stop_the_main_host(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with on_a_laptop(tmp_path, models_port=port) as system:
            assert httpx.get(f"{system.url}/healthz").json()["models_port"] is None
            log = "".join(path.read_text() for path in tmp_path.glob("process-*.log"))
            assert f"cannot listen at 127.0.0.1:{port}" in log
            assert "the models host is not available" in log
            with Api(system.url, system.key) as api, pytest.raises(UnsupportedError, match="no models host"):
                api.models.get_list()


def test_without_mlflow_it_says_how_to_get_it(tmp_path: Path) -> None:
    """A module of that name that cannot be found stands for a package that is not installed."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u\nfind = u.find_spec\n"
        "u.find_spec = lambda name, package=None: None if name == 'mlflow' else find(name, package)\n"
    )
    port, models_port = free_port(), free_port()
    system = Running((f"http://127.0.0.1:{port}",), tmp_path / "data", models_port=models_port)
    command = ("serve", "--data-dir", str(tmp_path / "data"), "--port", str(port), "--models-port", str(models_port))
    environment = {"FIDUCIAL_ADMIN_API_KEY": system.key, "PYTHONPATH": str(tmp_path)}
    process = start_process(command, environment, tmp_path / "data")
    try:
        wait_until_ready(system.url, process, tmp_path / "data")
        with system.models() as models:
            answer = models.get(f"{API}/registered-models/search")
            assert (answer.status_code, answer.json()["error_code"]) == (501, "NOT_IMPLEMENTED")
            assert "fiducial[models]" in answer.json()["message"]
            assert models.get(f"{OURS}/deploy-model/image/m/exists").json()["exists"] is False
    finally:
        stop(process)
