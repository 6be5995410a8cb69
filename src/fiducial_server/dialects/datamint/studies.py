"""Validation studies, and what a study asks about the model that its readers judge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from fiducial.errors import Invalid
from fiducial_server.dialects.datamint.body import Fields
from fiducial_server.dialects.datamint.call import (
    ORIGIN,
    PAGE,
    Calling,
    JsonObject,
    Limit,
    Offset,
    ProjectId,
    id_in_path,
)
from fiducial_server.dialects.datamint.specs import feature_specs
from fiducial_server.dialects.datamint.wire.invitation import invited
from fiducial_server.dialects.datamint.wire.listing import done, json, listed
from fiducial_server.dialects.datamint.wire.study import study
from fiducial_server.model.study import EvaluateAiOutput, NewStudy, ProvideAnnotations, Reader, ReaderTasks

router = APIRouter(tags=["validation studies"])

StudyId = Annotated[str, id_in_path("study id")]


@router.post("/projects/{pid}/validation-studies")
def create_study(call: Calling, pid: ProjectId, body: JsonObject) -> Response:
    """``{name, model_name, reader_tasks, model_version, description, resource_ids}`` -> a draft."""
    new = NewStudy(
        name=body.required_text("name"),
        model_name=body.required_text("model_name"),
        reader_tasks=reader_tasks(Fields(body.object("reader_tasks"), "reader_tasks")),
        model_version=body.whole("model_version"),
        description=body.text("description"),
        item_ids=body.ids("resource_ids"),
    )
    return json(study(call.services.studies.create(call.actor, pid, new, origin=ORIGIN)))


def reader_tasks(given: Fields) -> ReaderTasks:
    """Both tasks. A key that nobody understands is refused by its name: it would silently change what readers are asked."""
    given.refuse_others("evaluate_ai_output", "provide_annotations")
    judged = _task(given, "evaluate_ai_output", "enabled", "overall", "indicate_errors", "annotations")
    labelled = _task(given, "provide_annotations", "enabled", "targets", "segregate_count")
    return ReaderTasks(
        EvaluateAiOutput(
            bool(judged.flag("enabled")),
            judged.flag("overall"),
            judged.flag("indicate_errors"),
            _specs(judged, "annotations"),
        ),
        ProvideAnnotations(
            bool(labelled.flag("enabled")), _specs(labelled, "targets"), labelled.whole("segregate_count")
        ),
    )


def _task(given: Fields, name: str, *known: str) -> Fields:
    task = Fields(given.object(name), given.name(name))
    task.refuse_others(*known)
    return task


def _specs(task: Fields, field: str) -> tuple[Mapping[str, Any], ...] | None:
    """Annotation specs as they came, when they can be understood."""
    if task.raw(field) is None:
        return None
    specs = task.objects(field)
    try:
        feature_specs(Fields({"annotations": specs}))
    except Invalid as error:
        reason = error.message.replace("annotations[", f"{task.name(field)}[", 1)
        raise Invalid(reason, field=task.name(field)) from None
    return tuple(specs)


@router.get("/validation-studies")
def list_studies(call: Calling, offset: Offset = 0, limit: Limit = PAGE) -> Response:
    """Studies of all projects."""
    page = call.services.studies.page_at(call.actor, offset=offset, limit=limit)
    rows = [study(value) for value in page.rows]
    return listed(rows, offset + len(rows), page.next_key is None)


@router.get("/validation-studies/{sid}")
def get_study(call: Calling, sid: StudyId) -> Response:
    """One study."""
    return json(study(call.services.studies.get(call.actor, sid)))


@router.patch("/validation-studies/{sid}")
def patch_study(call: Calling, sid: StudyId, body: JsonObject) -> Response:
    """``name``, ``description``, and ``status`` on its way from draft to active to completed."""
    body.refuse_others("name", "description", "status")
    changes = body.only("name", "description", "status")
    return json(study(call.services.studies.patch(call.actor, sid, changes, origin=ORIGIN)))


@router.put("/validation-studies/{sid}/resources")
def set_resources(call: Calling, sid: StudyId, body: JsonObject) -> Response:
    """``{resource_ids}``: these instead of those there are; only of a draft."""
    if body.raw("resource_ids") is None:
        raise Invalid("resource_ids is missing", field="resource_ids")
    call.services.studies.set_items(call.actor, sid, body.ids("resource_ids"), origin=ORIGIN)
    return done()


@router.post("/validation-studies/{sid}/readers")
def add_readers(call: Calling, sid: StudyId, body: JsonObject) -> Response:
    """``{readers: [{email, firstname, lastname}]}``: users become members, others are invited; the answer has the links."""
    readers = [_reader(Fields(entry, f"readers[{i}]")) for i, entry in enumerate(body.objects("readers"))]
    if not readers:
        raise Invalid("readers is missing or empty", field="readers")
    outcome = call.services.studies.add_readers(call.actor, sid, readers, origin=ORIGIN)
    return json({"readers": [invited(one) for one in outcome]})


def _reader(entry: Fields) -> Reader:
    entry.refuse_others("email", "firstname", "lastname")
    return Reader(entry.required_text("email"), entry.text("firstname"), entry.text("lastname"))


@router.get("/experiments/project/{pid}/deployed-models/{model_name:path}/info")
def deployed_model(call: Calling, pid: ProjectId, model_name: str) -> Response:
    """Nothing is deployed here: no specs can be told of a model, and clients then ask their user for them."""
    project = call.services.projects.get(call.actor, pid)
    return json(
        {
            "project_id": project.id,
            "model_name": model_name,
            "deployed": False,
            "annotation_specs": [],
            "metadata_status": "not_deployed",
            "message": f"the model {model_name!r} is not deployed",
        }
    )
