"""Experiments, as older clients keep them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, TypeVar

import msgspec
from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from fiducial_server.dialects.datamint.call import ORIGIN, Call, Calling, JsonObject, ProjectId, id_in_path
from fiducial_server.dialects.datamint.intake import Form
from fiducial_server.dialects.datamint.ranges import send
from fiducial_server.dialects.datamint.wire.experiment import experiment, log_entry, model
from fiducial_server.dialects.datamint.wire.listing import json
from fiducial_server.model.experiment import NewExperiment
from fiducial_server.model.ids import parse_id

router = APIRouter(tags=["experiments"])

T = TypeVar("T")

ExperimentId = Annotated[str, id_in_path("experiment id")]
ModelId = Annotated[str, id_in_path("model id")]

_PATCHED = ("name", "description", "status", "environment")


@router.post("/experiments")
def create_experiment(call: Calling, body: JsonObject) -> Response:
    """``{dataset_id, name, description, environment}``; ``project_id`` instead of a dataset."""
    body.refuse_others("dataset_id", "project_id", "name", "description", "environment")
    new = NewExperiment(
        name=body.required_text("name"),
        description=body.text("description"),
        project_id=body.id("project_id"),
        dataset_id=body.id("dataset_id"),
        environment=body.object("environment"),
    )
    return json(experiment(call.services.experiments.create(call.actor, new, origin=ORIGIN)))


@router.get("/experiments")
def list_experiments(call: Calling) -> Response:
    """All of them in one bare array, sent page by page."""
    return _array(call.services.experiments.pages(call.actor), experiment)


@router.get("/projects/{pid}/experiments")
def project_experiments(call: Calling, pid: ProjectId) -> Response:
    """Those of one project, likewise."""
    return _array(call.services.experiments.pages(call.actor, pid), experiment)


@router.get("/experiments/{eid}")
def get_experiment(call: Calling, eid: ExperimentId) -> Response:
    """One experiment."""
    return json(experiment(call.services.experiments.get(call.actor, eid)))


@router.patch("/experiments/{eid}")
def patch_experiment(call: Calling, eid: ExperimentId, body: JsonObject) -> Response:
    """Those given of ``name, description, status, environment, result_summary``."""
    body.refuse_others(*_PATCHED, "result_summary")
    changes = body.only(*_PATCHED)
    if body.has("result_summary"):
        changes["summary"] = body.raw("result_summary")
    return json(experiment(call.services.experiments.patch(call.actor, eid, changes, origin=ORIGIN)))


@router.post("/experiments/{eid}/summary")
def put_summary(call: Calling, eid: ExperimentId, body: JsonObject) -> Response:
    """``{result_summary}``: this summary instead of the one there is."""
    body.refuse_others("result_summary")
    changes = {"summary": body.object("result_summary")}
    return json(experiment(call.services.experiments.patch(call.actor, eid, changes, origin=ORIGIN)))


@router.post("/experiments/{eid}/log")
def add_to_log(call: Calling, eid: ExperimentId, body: JsonObject) -> Response:
    """Any object: it is kept as it is."""
    entry = call.services.experiments.log(call.actor, eid, body.whole_object(), origin=ORIGIN)
    return json({"id": entry.id})


@router.get("/experiments/{eid}/log")
def get_log(call: Calling, eid: ExperimentId) -> Response:
    """Everything that was logged, in order of time; a bare array."""
    return _array(call.services.experiments.logged(call.actor, eid), log_entry)


def log_model(call: Call, form: Form) -> Response:
    """``POST /experiments/{eid}/model``: a model's file; every field beside it is kept. An array of the one model."""
    eid = parse_id(form.path["eid"], "experiment id")
    name = form.fields.get("model_name") or form.head.filename or "model"
    kept = call.services.experiments.log_model(call.actor, eid, form.intake.flush(), name, form.fields, origin=ORIGIN)
    return json([model(kept)])


@router.get("/experiments/{eid}/models")
def list_models(call: Calling, eid: ExperimentId) -> Response:
    """The models that were logged; a bare array."""
    return json([model(value) for value in call.services.experiments.models(call.actor, eid)])


@router.get("/experiments/{eid}/models/{mid}")
def get_model(call: Calling, eid: ExperimentId, mid: ModelId) -> Response:
    """A model's bytes."""
    return send(call.services.experiments.model_file(call.actor, eid, mid), call.headers)


def _array(pages: Iterator[Sequence[T]], shown: Callable[[T], dict[str, Any]]) -> Response:
    """A bare array that never is in memory as a whole; an error answers before it begins."""
    first = next(pages, ())
    return StreamingResponse(_pieces(itertools.chain((first,), pages), shown), media_type="application/json")


def _pieces(pages: Iterator[Sequence[T]], shown: Callable[[T], dict[str, Any]]) -> Iterator[bytes]:
    encode, before = msgspec.json.Encoder().encode, b"["
    for page in pages:
        if page:
            yield before + encode([shown(value) for value in page])[1:-1]
            before = b","
    yield b"[]" if before == b"[" else b"]"
