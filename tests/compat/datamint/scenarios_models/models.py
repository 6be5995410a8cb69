"""Against the models host: MLflow as the published client uses it, and what it asks about serving models."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any

from scenarios.support import api, raises, without_torchvision


def _set_up(c: Any) -> None:
    """The client takes the models host's address from its own configuration, whatever ``Api`` was given."""
    os.environ |= {"DATAMINT_API_URL": c.url, "DATAMINT_API_KEY": c.key}
    import datamint.mlflow  # noqa: F401 - puts its stores into MLflow


def _project(c: Any, name: str) -> Any:
    from datamint.mlflow import set_project

    client = api(c)
    project = client.projects.create(f"{name} {c.tag}", description="")
    return set_project(project if not isinstance(project, str) else client.projects.get_by_id(project))


def _second_path(c: Any, path: str, /, **params: Any) -> Any:
    import httpx

    return (
        httpx.get(f"{c.models}/api/2.0/mlflow/{path}", params=params, headers={"apikey": c.key})
        .raise_for_status()
        .json()
    )


def scenario_a_run_arrives(c: Any) -> None:
    _set_up(c)
    import mlflow

    project = _project(c, "run")
    mlflow.set_experiment("first look")
    with mlflow.start_run(run_name="one") as run:
        mlflow.log_params({"lr": 0.1, "depth": 3})
        for step in range(3):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"dice": 0.75, "iou": 0.6}, step=2)
        mlflow.set_tag("who", "anna")
    told = _second_path(c, "runs/get", run_id=run.info.run_id)["run"]
    assert {p["key"]: p["value"] for p in told["data"]["params"]} == {"lr": "0.1", "depth": "3"}
    assert {m["key"]: m["value"] for m in told["data"]["metrics"]}["dice"] == 0.75
    assert told["info"]["status"] == "FINISHED"
    history = _second_path(c, "metrics/get-history", run_id=run.info.run_id, metric_key="loss")["metrics"]
    assert [m["step"] for m in history] == [0, 1, 2] or [m.get("step", 0) for m in history] == [0, 1, 2]
    experiment = _second_path(c, "experiments/get-by-name", experiment_name="first look", project_id=project.id)
    assert experiment["experiment"]["experiment_id"] == run.info.experiment_id
    assert [r.info.run_id for r in mlflow.MlflowClient().search_runs([run.info.experiment_id])] == [run.info.run_id]


def scenario_the_project_names_the_experiment(c: Any) -> None:
    _set_up(c)
    import mlflow

    project = _project(c, "default")
    mlflow.tracking.fluent._active_experiment_id = None  # as in a new process
    os.environ.pop("MLFLOW_EXPERIMENT_ID", None)
    with mlflow.start_run() as run:
        mlflow.log_metric("a", 1.0)
    told = _second_path(c, "experiments/get", experiment_id=run.info.experiment_id)
    assert told["experiment"]["name"] == project.name


def scenario_artifacts_go_up_and_come_back(c: Any) -> None:
    _set_up(c)
    import mlflow

    _project(c, "artifacts")
    mlflow.set_experiment("files")
    content = {"weights/best model.bin": os.urandom(3_000_000), "notes.txt": "größe".encode(), "empty": b""}
    folder = Path(c.tmp) / "up"
    for name, body in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(folder), "out")
        mlflow.log_dict({"a": 1}, "config.json")
    client = mlflow.MlflowClient()
    assert [f.path for f in client.list_artifacts(run.info.run_id)] == ["config.json", "out"]
    assert {f.path: (f.is_dir, f.file_size) for f in client.list_artifacts(run.info.run_id, "out")} == {
        "out/empty": (False, 0),
        "out/notes.txt": (False, len(content["notes.txt"])),
        "out/weights": (True, None),
    }
    down = Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="out", dst_path=c.tmp))
    assert {name: (down / name).read_bytes() for name in content} == content
    raises(
        Exception, mlflow.artifacts.download_artifacts, run_id=run.info.run_id, artifact_path="out/none", dst_path=c.tmp
    )


def scenario_a_model_is_registered_and_loaded_back(c: Any) -> None:
    _set_up(c)
    import mlflow
    import mlflow.pyfunc

    class Doubled(mlflow.pyfunc.PythonModel):
        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            return model_input * 2

    project = _project(c, "registry")
    client = api(c)
    mlflow.set_experiment("training")
    with mlflow.start_run() as run:
        logged = mlflow.pyfunc.log_model(name="doubled", python_model=Doubled(), pip_requirements=[])
        mlflow.log_metric("dice", 0.9, model_id=logged.model_id)
    made = client.models.create("doubled", description="twice as much")
    assert client.models.create("doubled").name == made.name == "doubled"
    version = mlflow.register_model(f"models:/{logged.model_id}", "doubled")
    assert (version.name, str(version.version)) == ("doubled", "1")
    import pandas as pd

    table = pd.DataFrame({"a": [21]})
    assert mlflow.pyfunc.load_model("models:/doubled/1").predict(table)["a"].tolist() == [42]

    registry = mlflow.MlflowClient()
    registry.set_registered_model_alias("doubled", "champion", "1")
    assert mlflow.pyfunc.load_model("models:/doubled@champion").predict(table)["a"].tolist() == [42]
    second = mlflow.register_model(f"runs:/{run.info.run_id}/doubled", "doubled")
    assert str(second.version) == "2"
    registry.set_model_version_tag("doubled", "2", "stage", "trial")
    assert {str(v.version) for v in registry.search_model_versions("name='doubled'")} == {"1", "2"}

    model = client.models.get_by_name("doubled")
    assert model.description == "twice as much"
    assert str(model.get_latest_version().version) == "2"
    assert str(model.get_latest_version(alias="champion").version) == "1"
    assert [m.name for m in client.models.get_list()] == ["doubled"]
    assert client.models.get_by_name("unknown") is None
    assert not model.is_deployed()
    assert client.models.get_list(only_deployed=True) == []
    assert [p.id for p in model.get_projects()] == [project.id]
    assert client.projects.get_models(project) == ["doubled"] or client.projects.get_models(project.id) == ["doubled"]
    assert mlflow.get_logged_model(logged.model_id).metrics[0].value == 0.9
    told = _second_path(c, "model-versions/get", name="doubled", version="2", project_id=project.id)["model_version"]
    assert told["run_id"] == run.info.run_id
    assert {t["key"]: t["value"] for t in told["tags"]} == {"stage": "trial"}

    copied = registry.copy_model_version("models:/doubled/1", "tripled")
    assert copied.name == "tripled"
    assert mlflow.pyfunc.load_model("models:/tripled/1").predict(table)["a"].tolist() == [42]
    registry.rename_registered_model("tripled", "other")
    assert sorted(m.name for m in client.models.get_all()) == ["doubled", "other"]
    client.models.delete_model_version("doubled", 2)
    assert [str(v.version) for v in client.models.get_by_name("doubled").get_versions()] == ["1"]
    client.models.delete_registered_model("doubled")
    assert client.models.get_by_name("doubled") is None


def scenario_projects_have_names_of_their_own(c: Any) -> None:
    _set_up(c)
    import mlflow
    from datamint.mlflow import set_project

    client = api(c)
    first = _project(c, "first")
    one = mlflow.set_experiment("same name").experiment_id
    client.models.create("same model", description="first")
    second = _project(c, "second")
    assert client.models.get_by_name("same model") is None
    assert client.models.get_list() == []
    two = mlflow.set_experiment("same name").experiment_id
    assert one != two
    client.models.create("same model", description="second")
    set_project(first)
    assert client.models.get_by_name("same model").description == "first"
    assert {p.id for p in client.models.get_projects("same model")} == {first.id, second.id}
    assert mlflow.get_experiment(two).name == "same name"


def scenario_a_missing_project_is_told(c: Any) -> None:
    _set_up(c)
    import mlflow
    from datamint.mlflow.tracking import fluent

    fluent._ACTIVE_PROJECT_ID = str(uuid.uuid4())
    try:
        raises(mlflow.exceptions.MlflowException, mlflow.MlflowClient().create_registered_model, "m", match="not found")
    finally:
        fluent._reset_active_project()


def scenario_nothing_is_deployed(c: Any) -> None:
    _set_up(c)
    without_torchvision()
    from datamint.exceptions import DatamintException, ItemNotFoundError, ModelNotDeployedError, ServerError

    client, unknown = api(c), str(uuid.uuid4())
    inference, deploy, pods = client.inference, client.deploy, client.pod_logs
    for submit, extra in (
        (inference.submit, {}),
        (inference.predict, {}),
        (inference.predict_image, {}),
        (inference.predict_frame, {"frame_index": 0}),
        (inference.predict_slice, {"slice_index": 1, "axis": "axial"}),
        (inference.predict_volume, {}),
    ):
        raises(ModelNotDeployedError, submit, "heart", resource_id=unknown, **extra)
    assert list(inference.get_list()) == []
    raises(ItemNotFoundError, inference.get_status, unknown)
    raises(ItemNotFoundError, inference.get_by_id, unknown)
    raises(ItemNotFoundError, inference.cancel, unknown)
    raises(ItemNotFoundError, inference.wait, unknown)

    raises(ServerError, deploy.start, "heart", match="501")
    raises(ItemNotFoundError, deploy.get_by_id, unknown)
    raises(ItemNotFoundError, deploy.cancel, unknown)
    raises(ItemNotFoundError, deploy.get_logs, unknown)
    raises(ItemNotFoundError, lambda: list(deploy.stream_logs(unknown)))
    raises(ItemNotFoundError, deploy.wait, unknown)
    assert list(deploy.get_list()) == []
    assert deploy.list_active_jobs()["active_jobs"] == 0
    assert deploy.list_images() == deploy.list_images("heart") == []
    assert not deploy.image_exists("heart")
    raises(DatamintException, deploy.remove_image, "heart")

    raises(ItemNotFoundError, pods.get_logs, "heart")
    assert pods.list_pods("heart") == []
    raises(ItemNotFoundError, lambda: list(pods.stream_logs("heart")))


def scenario_a_wrong_key_opens_nothing(c: Any) -> None:
    import httpx

    for path in ("/api/2.0/mlflow/registered-models/search", "/datamint/api/v1/model-inference"):
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"apikey": "wrong"}):
            assert httpx.get(f"{c.models}{path}", headers=headers, timeout=60).status_code == 401
        assert httpx.get(f"{c.models}{path}", headers={"apikey": c.key}, timeout=60).status_code == 200
