"""Calls on their way to a registry in memory: what it is sent, and what of its answer is shown."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from fiducial.errors import Forbidden, Invalid, NotFound, Unavailable
from fiducial_server.dialects.models.errors import NoEndpoint
from fiducial_server.dialects.models.ownership import Ownership
from fiducial_server.dialects.models.proxy import Proxy
from fiducial_server.dialects.models.registry import Registry
from fiducial_server.dialects.models.table import ENDPOINTS, endpoint_for
from fiducial_server.dialects.models.upstream import Reply
from fiducial_server.model.actor import Actor, Role
from fiducial_server.model.model_space import ModelSpace

ORG, OTHER, PROJECT = (str(uuid.UUID(int=n)) for n in (11, 12, 13))
SPACE = ModelSpace(ORG, PROJECT)
ACTOR = Actor(ORG, str(uuid.UUID(int=1)), "a@example.org", frozenset({Role.MEMBER}))
VIEWER = Actor(ORG, str(uuid.UUID(int=2)), "v@example.org", frozenset({Role.VIEWER}))


class Spaces:
    """The models service without a database: every project is there."""

    def space(self, actor: Actor, project_id: str | None, *, adding: bool = False) -> ModelSpace:
        return ModelSpace(actor.organization_id, project_id)

    def require_writer(self, actor: Actor) -> None:
        actor.require_writer("change models")


class Memory:
    """Answers what it was told to, and keeps what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {
            "experiments/get": {"experiment": {"name": SPACE.stored("e")}},
            "runs/get": {"run": {"info": {"experiment_id": "1"}}},
            "logged-models/m-1": {"model": {"info": {"experiment_id": "1"}}},
        } | {path.replace("__", "/").replace("_", "-"): answer for path, answer in answers.items()}
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    async def call(self, method: str, path: str, fields: Mapping[str, Any]) -> Reply:
        self.asked.append((method, path, dict(fields)))
        answer = self.answers.get(path, {})
        return answer if isinstance(answer, Reply) else Reply(200, json.dumps(answer).encode())

    async def close(self) -> None:
        pass


async def at_once(work: Callable[[], Any]) -> Any:
    return work()


def ask(upstream: Memory, method: str, path: str, actor: Actor = ACTOR, **given: Any) -> Any:
    models: Any = Spaces()
    proxy = Proxy(models, upstream, Ownership(upstream), at_once)
    reply = asyncio.run(proxy.answer(actor, method, path, given))
    return reply.json()


def test_names_go_in_and_come_out() -> None:
    stored = SPACE.stored("heart")
    registry = Memory(
        registered_models__get={"registered_model": {"name": stored, "latest_versions": [{"name": stored}]}}
    )
    told = ask(registry, "GET", "registered-models/get", name="heart", project_id=PROJECT)
    assert registry.asked == [("GET", "registered-models/get", {"name": stored})]
    assert told == {"registered_model": {"name": "heart", "latest_versions": [{"name": "heart"}]}}


def test_names_inside_other_texts_come_out_too() -> None:
    tags = [{"key": "mlflow.modelVersions", "value": json.dumps([{"name": SPACE.stored("heart"), "version": 1}])}]
    registry = Memory()
    registry.answers["logged-models/m-1"]["model"]["info"]["tags"] = tags
    told = ask(registry, "GET", "logged-models/m-1")
    assert json.loads(told["model"]["info"]["tags"][0]["value"]) == [{"name": "heart", "version": 1}]


def test_fields_that_are_not_in_the_table_are_not_sent_on() -> None:
    registry = Memory()
    ask(registry, "POST", "runs/set-tag", run_id="r", run_uuid="foreign", runId="foreign", key="k", value="v", x=1)
    assert registry.asked[-1] == ("POST", "runs/set-tag", {"key": "k", "value": "v", "run_id": "r"})


def test_ownership_is_asked_once() -> None:
    registry = Memory()
    models: Any = Spaces()
    proxy = Proxy(models, registry, Ownership(registry), at_once)
    for _ in range(3):
        asyncio.run(proxy.answer(ACTOR, "POST", "runs/log-parameter", {"run_id": "r", "key": "k", "value": "v"}))
    assert [path for _, path, _ in registry.asked] == ["runs/get", "experiments/get", *["runs/log-parameter"] * 3]


@pytest.mark.parametrize(
    "name", [ModelSpace(OTHER).stored("e"), "Default", "", f"{uuid.UUID(ORG).hex}", f"{uuid.UUID(ORG).hex}.short"]
)
def test_what_belongs_to_somebody_else_or_nobody_is_not_found(name: str) -> None:
    registry = Memory(experiments__get={"experiment": {"name": name}})
    for method, path, given in (
        ("GET", "experiments/get", {"experiment_id": "1"}),
        ("GET", "runs/get", {"run_id": "r"}),
        ("PATCH", "logged-models/m-1", {"status": "READY"}),
        ("POST", "runs/search", {"experiment_ids": ["1"]}),
        ("POST", "model-versions/create", {"name": "m", "source": "models:/m-1"}),
        ("POST", "model-versions/create", {"name": "m", "source": "runs:/r/model"}),
    ):
        with pytest.raises(NotFound):
            ask(registry, method, path, **given)
    assert not [path for _, path, fields in registry.asked if path in {"runs/search", "model-versions/create"}]


@pytest.mark.parametrize("bad", ["../runs", "a/b", "a?b", "a b", "x" * 65, ["a", "b"], {"a": 1}])
def test_odd_ids_are_not_found(bad: Any) -> None:
    registry = Memory()
    with pytest.raises(NotFound):
        ask(registry, "POST", "runs/delete", run_id=bad)
    assert registry.asked == []


def test_ids_deep_inside_are_looked_at() -> None:
    registry = Memory(**{"logged_models__m_2": Reply(404, b"{}")})
    metrics = [{"key": "a", "value": 1, "model_id": "m-1"}, {"key": "a", "value": 1, "model_id": "m-2"}]
    with pytest.raises(NotFound):
        ask(registry, "POST", "runs/log-batch", run_id="r", metrics=metrics)
    ask(registry, "POST", "runs/log-batch", run_id="r", metrics=[{**metrics[0], "modelId": "m-2"}])
    assert registry.asked[-1][2]["metrics"] == metrics[:1]


def test_an_answer_with_a_foreign_name_is_withheld() -> None:
    rows = [{"name": SPACE.stored("a")}, {"name": ModelSpace(OTHER).stored("b")}]
    registry = Memory(registered_models__search={"registered_models": rows})
    with pytest.raises(Unavailable):
        ask(registry, "GET", "registered-models/search", project_id=PROJECT)


def test_sources() -> None:
    registry = Memory()
    own = f"mlflow-artifacts:/{SPACE.folder}/x/model"
    for given, sent in (
        (own, own),
        ("models:/heart/1", f"models:/{SPACE.stored('heart')}/1"),
        ("models:/heart@champion", f"models:/{SPACE.stored('heart')}@champion"),
        ("s3://bucket/model", "s3://bucket/model"),
        ("models:/m-1", "models:/m-1"),
    ):
        ask(registry, "POST", "model-versions/create", name="m", source=given, project_id=PROJECT)
        assert registry.asked[-1][2]["source"] == sent
    foreign = f"mlflow-artifacts:/{ModelSpace(OTHER).folder}/x"
    for bad in (foreign, f"mlflow-artifacts://host/{SPACE.folder}", "mlflow-artifacts:/"):
        with pytest.raises(NotFound):
            ask(registry, "POST", "model-versions/create", name="m", source=bad)
    with pytest.raises(Invalid):
        ask(registry, "POST", "model-versions/create", name="m")


def test_an_experiment_gets_a_home_in_our_storage() -> None:
    registry = Memory(experiments__create={"experiment_id": "1"})
    ask(registry, "POST", "experiments/create", name="e", project_id=PROJECT)
    home = registry.asked[-1][2]["artifact_location"]
    assert home.startswith(f"mlflow-artifacts:/{SPACE.folder}/")
    assert SPACE.owns_path(home.partition(":/")[2])


def test_refusals_are_shown_without_the_database_s_words() -> None:
    message = (
        f"Experiment(name={SPACE.stored('e')}) already exists. Error: (sqlite3.IntegrityError) UNIQUE [SQL: INSERT]"
    )
    body = json.dumps({"error_code": "RESOURCE_ALREADY_EXISTS", "message": message, "sqlstate": "x"}).encode()
    registry = Memory(experiments__create=Reply(400, body))
    told = ask(registry, "POST", "experiments/create", name="e", project_id=PROJECT)
    assert told == {"error_code": "RESOURCE_ALREADY_EXISTS", "message": "Experiment(name=e) already exists."}


def test_a_renamed_experiment_stays_in_its_project() -> None:
    registry = Memory()
    ask(registry, "POST", "experiments/update", experiment_id="1", new_name="other")  # clients send no project here
    sent = {"experiment_id": "1", "new_name": SPACE.stored("other")}
    assert registry.asked[-1] == ("POST", "experiments/update", sent)


def test_viewers_change_nothing() -> None:
    registry = Memory()
    for endpoint in ENDPOINTS:
        if endpoint.writes:
            with pytest.raises(Forbidden):
                ask(registry, endpoint.method, endpoint.path.replace("{model_id}", "m-1"), actor=VIEWER)
    assert registry.asked == []


def test_only_reading_calls_need_no_writer() -> None:
    reading = {e.path for e in ENDPOINTS if not e.writes}
    assert all(e.method in {"GET", "POST"} for e in ENDPOINTS if not e.writes)
    assert {p for p in reading if not any(word in p for word in ("get", "search", "alias", "{model_id}"))} == set()


def test_the_table() -> None:
    assert endpoint_for("POST", "logged-models/search") is not None
    assert endpoint_for("POST", "logged-models/search")[0].path == "logged-models/search"  # type: ignore[index]
    found = endpoint_for("DELETE", "logged-models/m-1/tags/a b")
    assert found is not None
    assert found[1] == {"model_id": "m-1", "tag_key": "a b"}
    assert endpoint_for("GET", "logged-models/") is None
    assert endpoint_for("GET", "runs/delete") is None
    with pytest.raises(NoEndpoint):
        ask(Memory(), "GET", "traces/search")
    assert len({(e.method, e.path) for e in ENDPOINTS}) == len(ENDPOINTS)


def test_registry() -> None:
    rows = [{"name": SPACE.stored("a")}, {"name": ModelSpace(ORG).stored("a")}, {"name": ModelSpace(OTHER).stored("a")}]
    upstream = Memory(registered_models__search={"registered_models": rows})
    models: Any = Spaces()
    registry = Registry(models, upstream, at_once)
    assert asyncio.run(registry.projects_with(ACTOR, "a")) == [PROJECT]
    assert asyncio.run(registry.projects_with(ACTOR, "b")) == []
