"""Every MLflow call that the client brings: experiments, runs, logged models, the registry, artifacts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scenarios.support import raises
from scenarios_models.models import _project, _second_path, _set_up


def _pairs(rows: Any) -> dict[str, str]:
    return {row["key"]: row["value"] for row in rows}


def scenario_experiments_made_found_and_read(c: Any) -> None:
    _set_up(c)
    import mlflow

    project, client = _project(c, "experiments"), mlflow.MlflowClient()
    made = client.create_experiment("by hand")
    assert client.get_experiment(made).name == "by hand"
    assert client.get_experiment_by_name("by hand").experiment_id == made
    assert client.get_experiment_by_name("unknown") is None
    assert made in {one.experiment_id for one in client.search_experiments(filter_string="name = 'by hand'")}
    raises(mlflow.exceptions.MlflowException, client.create_experiment, "by hand", match="exist")
    told = _second_path(c, "experiments/get-by-name", experiment_name="by hand", project_id=project.id)
    assert told["experiment"]["experiment_id"] == made


def scenario_a_run_piece_by_piece(c: Any) -> None:
    _set_up(c)
    import mlflow
    from mlflow.entities import Dataset as Source
    from mlflow.entities import DatasetInput, InputTag, LoggedModelInput, LoggedModelOutput, Metric, Param, RunTag

    _project(c, "pieces")
    client = mlflow.MlflowClient()
    experiment_id = client.create_experiment("pieces")
    run_id = client.create_run(experiment_id, run_name="first").info.run_id
    client.log_param(run_id, "lr", "0.1")
    client.log_metric(run_id, "loss", 0.5, step=1)
    client.log_batch(run_id, [Metric("dice", 0.7, 1, 2)], [Param("depth", "3")], [RunTag("who", "anna")])
    client.set_tag(run_id, "site", "A")
    source = Source(name="scans", digest="abc", source_type="local", source="here")
    model = client.create_logged_model(experiment_id, "net", run_id)
    client.log_inputs(
        run_id,
        [DatasetInput(source, [InputTag("mlflow.data.context", "training")])],
        [LoggedModelInput(model.model_id)],
    )
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
    client.update_run(run_id, name="second")
    client.set_terminated(run_id, "FAILED")
    assert client.get_run(run_id).info.run_name == "second"
    assert [one.info.run_id for one in client.search_runs([experiment_id], "params.lr = '0.1'")] == [run_id]
    assert client.search_runs([experiment_id], "params.lr = '9'") == []

    told = _second_path(c, "runs/get", run_id=run_id)["run"]
    assert (told["info"]["run_name"], told["info"]["status"]) == ("second", "FAILED")
    assert _pairs(told["data"]["params"]) == {"lr": "0.1", "depth": "3"}
    assert _pairs(told["data"]["metrics"]) == {"loss": 0.5, "dice": 0.7}
    assert {"who": "anna", "site": "A"}.items() <= _pairs(told["data"]["tags"]).items()
    (given,) = told["inputs"]["dataset_inputs"]
    assert (given["dataset"]["name"], given["tags"][0]["value"]) == ("scans", "training")
    assert [one["model_id"] for one in told["inputs"]["model_inputs"]] == [model.model_id]
    assert [one["model_id"] for one in told["outputs"]["model_outputs"]] == [model.model_id]


def scenario_a_logged_model_piece_by_piece(c: Any) -> None:
    _set_up(c)
    import mlflow

    _project(c, "logged")
    client = mlflow.MlflowClient()
    experiment_id = client.create_experiment("logged")
    model = client.create_logged_model(experiment_id, "net", tags={"a": "1"}, params={"depth": "3"})
    client.log_model_params(model.model_id, {"lr": "0.1"})
    client.set_logged_model_tags(model.model_id, {"b": "2"})
    client.finalize_logged_model(model.model_id, "READY")
    found = client.get_logged_model(model.model_id)
    assert (found.name, str(found.status)) == ("net", "READY")
    assert [one.model_id for one in client.search_logged_models([experiment_id])] == [model.model_id]
    told = _second_path(c, f"logged-models/{model.model_id}")["model"]
    assert _pairs(told["data"]["params"]) == {"depth": "3", "lr": "0.1"}
    assert {"a": "1", "b": "2"}.items() <= _pairs(told["info"]["tags"]).items()


def scenario_the_registry_piece_by_piece(c: Any) -> None:
    _set_up(c)
    import mlflow

    project, client = _project(c, "pieces of a registry"), mlflow.MlflowClient()
    experiment_id = client.create_experiment("registry")
    run_id = client.create_run(experiment_id).info.run_id
    client.log_text(run_id, "weights", "net/weights.txt")

    def told(kind: str, **params: Any) -> Any:
        return _second_path(c, f"{kind}/get", project_id=project.id, **params)

    client.create_registered_model("net")
    client.update_registered_model("net", description="a net")
    client.set_registered_model_tag("net", "a", "1")
    client.set_registered_model_tag("net", "b", "2")
    client.delete_registered_model_tag("net", "a")
    row = told("registered-models", name="net")["registered_model"]
    assert (row["description"], _pairs(row["tags"])) == ("a net", {"b": "2"})
    assert client.get_registered_model("net").description == "a net"
    assert [one.name for one in client.search_registered_models("name = 'net'")] == ["net"]

    source = f"runs:/{run_id}/net"
    versions = [client.create_model_version("net", source, run_id).version for _ in range(2)]
    assert [str(one) for one in versions] == ["1", "2"]
    client.update_model_version("net", "1", description="the first")
    client.set_model_version_tag("net", "1", "a", "1")
    client.set_model_version_tag("net", "1", "b", "2")
    client.delete_model_version_tag("net", "1", "a")
    client.transition_model_version_stage("net", "1", "Staging")
    row = told("model-versions", name="net", version="1")["model_version"]
    assert (row["description"], row["current_stage"], _pairs(row["tags"])) == ("the first", "Staging", {"b": "2"})
    assert str(client.get_model_version("net", "1").version) == "1"
    assert [str(one.version) for one in client.get_latest_versions("net", ["Staging"])] == ["1"]
    assert client.get_model_version_download_uri("net", "1").rstrip("/").endswith("net")
    assert {str(one.version) for one in client.search_model_versions("name = 'net'")} == {"1", "2"}

    client.set_registered_model_alias("net", "best", "2")
    assert str(client.get_model_version_by_alias("net", "best").version) == "2"
    aliased = told("registered-models", name="net")["registered_model"]["aliases"]
    assert [(one["alias"], str(one["version"])) for one in aliased] == [("best", "2")]
    client.delete_registered_model_alias("net", "best")
    raises(mlflow.exceptions.MlflowException, client.get_model_version_by_alias, "net", "best")
    client.delete_model_version("net", "2")
    client.rename_registered_model("net", "web")
    assert [str(one.version) for one in client.search_model_versions("name = 'web'")] == ["1"]
    assert told("model-versions", name="web", version="1")["model_version"]["description"] == "the first"
    client.delete_registered_model("web")
    assert client.search_registered_models("name = 'web'") == []


def scenario_artifacts_put_listed_and_deleted(c: Any) -> None:
    _set_up(c)
    import httpx
    import mlflow
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    _project(c, "deleted artifacts")
    client = mlflow.MlflowClient()
    run = client.create_run(client.create_experiment("deleted"))
    paths = {name: Path(c.tmp) / name for name in ("a.txt", "b.txt")}
    for path in paths.values():
        path.write_text(path.name)
        client.log_artifact(run.info.run_id, str(path), "out")
    assert [one.path for one in client.list_artifacts(run.info.run_id, "out")] == ["out/a.txt", "out/b.txt"]
    repository = get_artifact_repository(run.info.artifact_uri)
    repository.delete_artifacts("out/a.txt")
    root = run.info.artifact_uri.partition(":/")[2].strip("/")
    told = httpx.get(
        f"{c.models}/api/2.0/mlflow-artifacts/artifacts", params={"path": f"{root}/out"}, headers={"apikey": c.key}
    )
    assert [one["path"] for one in told.json()["files"]] == ["b.txt"]
    (Path(c.tmp) / "back").mkdir()
    fetched = client.download_artifacts(run.info.run_id, "out/b.txt", str(Path(c.tmp) / "back"))
    assert Path(fetched).read_text() == "b.txt"


def scenario_models_of_the_client_s_own_kind(c: Any) -> None:
    """Logged into one project, cloned into another with what it can do, and loaded from there."""
    _set_up(c)
    from scenarios.support import api, without_torchvision

    without_torchvision()
    import mlflow
    from datamint.entities.annotations.annotation_spec import AnnotationSpec
    from datamint.mlflow import set_project
    from datamint.mlflow.flavors import datamint_flavor
    from datamint.mlflow.flavors.model import DatamintModel

    class Sided(DatamintModel):
        def predict_default(self, model_input: Any, **_: Any) -> Any:
            return [[f"left of {one}"] for one in model_input]

    Sided.__module__ = "__main__"  # kept with the model, not by the name of this file
    client, name = api(c), f"sided-{c.tag}"[:60]
    second, first = _project(c, "second"), _project(c, "first")
    spec = AnnotationSpec(type="label", scope="image", required=False, identifier="side")
    logged = client.models.log_model(
        Sided(), first, name, task_type="image_classification", annotation_specs=[spec],
        pip_requirements=["datamint", "medimgkit"],  # named here so that nothing is guessed
    )  # fmt: skip
    assert (logged.name, str(logged.get_latest_version().version)) == (name, "1")
    cloned = client.models.clone_model(name, second, version=1, target_model_name=f"{name}-b")
    assert cloned.name == f"{name}-b"
    for project, model in ((first, name), (second, f"{name}-b")):
        assert client.projects.get_models(project) == [model]
        assert [one.id for one in client.models.get_projects(model)] == [project.id]
        told = _second_path(c, "model-versions/get", name=model, version="1", project_id=project.id)
        assert told["model_version"]["status"] == "READY"
        set_project(project)
        version = client.models.get_by_name(model).get_latest_version()
        assert [one.identifier for one in version.get_annotation_specs()] == ["side"]
        flavors = mlflow.models.get_model_info(f"models:/{model}/1").flavors
        assert flavors["datamint"]["task_type"] == "image_classification"
        assert datamint_flavor.load_model(f"models:/{model}/1").predict_default(["a"]) == [["left of a"]]
