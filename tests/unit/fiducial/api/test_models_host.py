"""Where the models host is, and calls that go there."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from fiducial.api.endpoints.inference_api import model_reference
from fiducial.api.models_host import derived_url
from fiducial.exceptions import (
    ItemNotFoundError,
    JobTimeoutError,
    ModelNotDeployedError,
    UnsupportedError,
    ValidationError,
)
from tests.unit.fiducial.fake_server import api_with

JOB = str(uuid.uuid4())
STATUS = f"/datamint/api/v1/model-inference/status/{JOB}"
Handler = Callable[[httpx.Request], httpx.Response]


def host_at(port: Any, handler: Handler, asked: list[str] | None = None) -> Any:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/healthz":
            return httpx.Response(200, json={"status": "ok"} | ({} if port == "untold" else {"models_port": port}))
        if asked is not None:
            asked.append(str(request.url.copy_with(query=None)))
        return handler(request)

    return api_with(answer)


def test_the_server_tells_its_port() -> None:
    asked: list[str] = []
    api = host_at(5123, lambda _: httpx.Response(200, json=[]), asked)
    assert api.inference.get_list() == []
    assert asked == ["http://server.test:5123/datamint/api/v1/model-inference"]


def test_a_server_that_tells_none_is_asked_where_published_clients_ask() -> None:
    asked: list[str] = []
    assert host_at("untold", lambda _: httpx.Response(200, json=[]), asked).deploy.list_images() == []
    assert asked == ["http://server.test:5000/datamint/api/v1/deploy-model/images"]
    assert derived_url("api.example.org") == "https://mlflow.example.org:443"
    assert derived_url("[::1]") == "http://[::1]:5000"


def test_a_server_without_one() -> None:
    with pytest.raises(UnsupportedError, match="no models host"):
        host_at(None, lambda _: httpx.Response(200, json=[])).pod_logs.list_pods("m")


# -- jobs -------------------------------------------------------------------------------------------------------------


def job(**changes: Any) -> dict[str, Any]:
    return {"job_id": JOB, "status": "running", "model_name": "heart", "progress_percentage": 0} | changes


def stream(*events: str) -> httpx.Response:
    return httpx.Response(200, text="".join(events), headers={"content-type": "text/event-stream"})


def data(**told: Any) -> str:
    return f"data: {json.dumps(told)}\n\n"


def test_wait_follows_the_events() -> None:
    states = iter([job(), job(status="completed", progress_percentage=100, result_data={"predictions": [[]]})])
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/stream"):
            return stream(": alive\n\n", data(progress_percentage=40), data(status="Completed", event="status"))
        return httpx.Response(200, json=next(states))

    api = host_at(5000, answer, asked)
    one = api.inference.get_by_id(JOB)
    seen: list[tuple[str, int]] = []
    one._pause = lambda _: pytest.fail("nothing is polled while events come")
    assert one.wait(on_status=lambda j: seen.append((j.status, j.progress_percentage)), timeout=60) is one
    assert seen == [("running", 40), ("completed", 100)]
    assert one.predictions == [[]]
    assert [url.rpartition("/")[2] for url in asked] == [JOB, "stream", JOB]


@pytest.mark.parametrize(
    "broken",
    [
        stream(data(progress_percentage=10)),
        stream("data: not json\n\n"),
        stream(data(progress_percentage="many")),
        stream("event: end\ndata: {}\n\n"),
        httpx.Response(404, json={"message": "Job not found"}),
        httpx.Response(200, text="<html>"),
        httpx.ReadTimeout("quiet"),
    ],
)
def test_wait_asks_when_there_are_no_events(broken: httpx.Response | Exception) -> None:
    states = iter([job(), job(progress_percentage=50), job(status="failed", error_message="no memory")])

    def answer(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/stream"):
            return httpx.Response(200, json=next(states))
        if isinstance(broken, Exception):
            raise broken
        return broken

    one = host_at(5000, answer).inference.get_by_id(JOB)
    pauses: list[float] = []
    one._pause = pauses.append
    seen: list[str] = []
    one.wait(on_status=lambda j: seen.append(j.status), poll_interval=3)
    assert (one.status, one.error_message) == ("failed", "no memory")
    assert seen[-2:] == ["running", "failed"]
    assert pauses == [3, 3]


def test_the_time_runs_out_while_events_come() -> None:
    clock = iter(range(0, 1000, 10))
    one = host_at(
        5000,
        lambda request: (
            stream(*[": alive\n\n"] * 20) if request.url.path.endswith("/stream") else httpx.Response(200, json=job())
        ),
    ).inference.get_by_id(JOB)
    one._clock = lambda: next(clock)
    one._pause = lambda _: pytest.fail("the time was over before")
    with pytest.raises(JobTimeoutError, match="still running after 50"):
        one.wait(timeout=50)
    with pytest.raises(TimeoutError):
        one.wait(timeout=0)


def test_deploy_jobs_are_waited_for_too() -> None:
    states = iter([job(build_logs=None), job(status="completed", image_tag="champion")])
    api = host_at(
        5000,
        lambda request: (
            httpx.Response(404, json={"message": "not found"})
            if request.url.path.endswith("/stream")
            else httpx.Response(200, json=next(states))
        ),
    )
    one = api.deploy.get_by_id(JOB)
    assert (one.id, one.build_logs) == (JOB, "")
    one._pause = lambda _: None
    api.deploy.wait(one)
    assert one.image_tag == "champion"
    with pytest.raises(ValueError, match="UUID"):
        api.deploy.get_by_id("no id")


def test_jobs_in_pages_of_five_hundred() -> None:
    offsets: list[tuple[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        offset, limit = request.url.params["offset"], request.url.params["limit"]
        offsets.append((offset, limit))
        return httpx.Response(200, json=[job()] * min(int(limit), 700 - int(offset)))

    assert len(host_at(5000, answer).inference.get_list()) == 700
    assert offsets == [("0", "500"), ("500", "500")]
    assert len(host_at(5000, answer).inference.get_list(limit=3)) == 3


# -- submitting -------------------------------------------------------------------------------------------------------


def test_what_is_submitted() -> None:
    sent: list[tuple[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json=job())
        sent.append((request.url.path.rpartition("model-inference")[2], json.loads(request.content)))
        return httpx.Response(200, json={"job_id": JOB})

    inference = host_at(5000, answer).inference
    assert inference.predict("heart", resource_ids=["a", "b"], save_results=True).id == JOB
    box = {"x_min": 1, "y_min": 2, "x_max": 3, "y_max": 4}
    inference.predict_slice("org/heart", 3, "axial", resource_id="a", prompts={"boxes": [box]}, model_version=2)
    inference.predict_frame("heart", 7, resource_id="a", params={"threshold": 0.5})
    assert sent == [
        ("", {"model_name": "heart", "resource_ids": ["a", "b"], "save_results": True}),
        (
            "/predict-slice",
            {
                "model_name": "heart",
                "resource_id": "a",
                "prompts": {"boxes": [box]},
                "model_version": 2,
                "slice_index": 3,
                "axis": "axial",
            },
        ),
        ("/predict-frame", {"model_name": "heart", "resource_id": "a", "params": {"threshold": 0.5}, "frame_index": 7}),
    ]


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_model_that_is_not_deployed(status: int) -> None:
    told = {"message": "No deployed image found for model 'heart'"}
    api = host_at(5000, lambda _: httpx.Response(status, json=told))
    with pytest.raises(ModelNotDeployedError, match="heart") as caught:
        api.inference.predict_image("heart", resource_id="a")
    assert isinstance(caught.value, ValidationError)
    assert caught.value.details["model_name"] == "heart"
    assert caught.value.response.status_code == status


def test_other_refusals_stay_what_they_are() -> None:
    api = host_at(5000, lambda _: httpx.Response(404, json={"message": "Resource a not found"}))
    with pytest.raises(ItemNotFoundError, match="Resource a"):
        api.inference.predict_volume("heart", resource_id="a")


@pytest.mark.parametrize(
    ("text", "parts"), [("m", (None, "m")), ("p:m", ("p", "m")), ("c/m", (None, "m")), (" p : m ", ("p", "m"))]
)
def test_model_references(text: str, parts: tuple[str | None, str]) -> None:
    assert model_reference(text) == parts


@pytest.mark.parametrize("text", ["", " ", "p:", ":m", "c/"])
def test_bad_model_references(text: str) -> None:
    with pytest.raises(ValueError, match="names no model"):
        model_reference(text)


# -- logs -------------------------------------------------------------------------------------------------------------


def test_log_lines() -> None:
    told = stream(
        'event: start\ndata: {"job_id": "x"}\n\n',
        'event: log\ndata: {"line": "one"}\n\n',
        ": alive\n\n",
        'data: {"event": "log", "log": "two"}\n\n',
        "data: plain text\n\n",
        "data: 5\n\n",
        "event: end\ndata: {}\n\n",
        "data: after the end\n\n",
    )
    api = host_at(5000, lambda _: told)
    assert list(api.pod_logs.stream_logs("heart")) == ["one", "two", "plain text", "5"]
    assert [e["event"] for e in api.deploy.stream_log_events(JOB)][:2] == ["start", "log"]


def test_recent_logs() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if "pod-logs" in request.url.path:
            row = {
                "model_name": "heart",
                "image_tag": "t",
                "pod_id": "p",
                "pod_name": "n",
                "status": "up",
                "logs": ["a"],
            }
            return httpx.Response(200, json=row)
        assert request.url.params["tail"] == "7"
        return httpx.Response(200, json={"job_id": JOB, "model_name": "heart", "job_status": "failed", "logs": ["b"]})

    api = host_at(5000, answer)
    assert api.pod_logs.get_logs("heart").logs == ["a"]
    assert api.deploy.get_logs(JOB, tail=7).logs == ["b"]
