"""What the published client asks the models host about building, serving and running models.

Nothing can be built or run here yet, and that is what is said, in the shapes that the client expects: nothing is deployed, no
job is known. Which models a project has is answered from the registry.
"""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, FastAPI, Query
from starlette.requests import Request
from starlette.responses import Response

from fiducial.errors import Invalid, NotFound
from fiducial_server.dialects.datamint import errors
from fiducial_server.dialects.datamint.call import Calling, JobId, JsonObject, ProjectId
from fiducial_server.dialects.datamint.errors import NotYet
from fiducial_server.dialects.datamint.wire.listing import json
from fiducial_server.dialects.services import Services
from fiducial_server.model.actor import Actor

BASE = "/datamint/api/v1"
CHAMPION = "champion"
"""The alias whose image is meant when none is named."""

router = APIRouter(prefix=BASE, tags=["models host"])
Tail = Annotated[int, Query(ge=1, le=5000)]
Interval = Annotated[float, Query(ge=0.5, le=10)]
Page = Annotated[int, Query(ge=1, le=500)]
From = Annotated[int, Query(ge=0, le=2**53)]


class RegisteredModels(Protocol):
    """What is read of the model registry."""

    async def names_in(self, actor: Actor, project_id: str) -> list[str]: ...

    async def projects_with(self, actor: Actor, model_name: str) -> list[str]: ...


def create_app(services: Services, registry: RegisteredModels) -> FastAPI:
    """The application without the guard in front of it."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.services, app.state.registry = services, registry
    errors.install(app)
    app.include_router(router)
    return app


def _registry(request: Request) -> RegisteredModels:
    found: RegisteredModels = request.app.state.registry
    return found


Registered = Annotated[RegisteredModels, Depends(_registry)]


# -- building ---------------------------------------------------------------------------------------------------------


@router.post("/deploy-model/start")
def start_deploy(call: Calling, given: JsonObject) -> Response:
    """Refused: images are not built here yet."""
    name = given.required_text("model_name")
    raise NotYet(f"model {name!r} cannot be deployed: this version of Fiducial does not build or serve models yet")


@router.get("/deploy-model")
def list_deploy_jobs(call: Calling, offset: From = 0, limit: Annotated[int, Query(ge=1, le=5000)] = 5000) -> Response:
    """No job was ever started."""
    return json([])


@router.get("/deploy-model/jobs")
def active_deploy_jobs(call: Calling) -> Response:
    """How many jobs are running."""
    return json({"active_jobs": 0, "jobs": []})


@router.get("/deploy-model/images")
def list_images(call: Calling, model_name: str | None = None) -> Response:
    """No image was ever built."""
    return json([])


@router.get("/deploy-model/image/{model}/exists")
def image_exists(call: Calling, model: str, tag: str = "latest") -> Response:
    """Whether a model can be run."""
    return json({"exists": False, "model_name": model, "tag": tag})


@router.delete("/deploy-model/image/{model}")
def remove_image(call: Calling, model: str, tag: str | None = None) -> Response:
    """There is none to remove."""
    raise NotFound(f"Image of model {model!r}{f' with tag {tag!r}' if tag else ''} not found")


@router.get("/deploy-model/status/{job}")
@router.get("/deploy-model/status/{job}/stream")
@router.post("/deploy-model/cancel/{job}")
def deploy_job(call: Calling, job: JobId) -> Response:
    """No job was ever started."""
    raise NotFound(f"Deploy job {job} not found")


@router.get("/deploy-model/logs/{job}")
def deploy_logs(call: Calling, job: JobId, tail: Tail = 2000, since: str | None = None) -> Response:
    """No job was ever started."""
    raise NotFound(f"Deploy job {job} not found")


@router.get("/deploy-model/logs/{job}/stream")
def deploy_log_stream(call: Calling, job: JobId, interval: Interval = 2.0) -> Response:
    """No job was ever started."""
    raise NotFound(f"Deploy job {job} not found")


# -- running ----------------------------------------------------------------------------------------------------------


@router.get("/model-inference")
def list_inference_jobs(call: Calling, offset: From = 0, limit: Page = 500) -> Response:
    """No job was ever started."""
    return json([])


@router.post("/model-inference")
@router.post("/model-inference/predict-image")
@router.post("/model-inference/predict-frame")
@router.post("/model-inference/predict-slice")
@router.post("/model-inference/predict-volume")
def predict(call: Calling, given: JsonObject) -> Response:
    """Refused in the words that the client looks for: there is no image to run."""
    name = given.required_text("model_name")
    if project_id := given.id("project_id"):
        call.services.projects.get(call.actor, project_id)
    which = given.raw("model_version") or given.text("model_alias") or CHAMPION
    raise Invalid(f"No deployed image found for model {name!r} ({which}): nothing is deployed on this server")


@router.get("/model-inference/status/{job}")
@router.get("/model-inference/status/{job}/stream")
@router.post("/model-inference/cancel/{job}")
def inference_job(call: Calling, job: str) -> Response:
    """No job was ever started."""
    raise NotFound(f"Inference job {job[:80]} not found")


# -- what is serving --------------------------------------------------------------------------------------------------


@router.get("/pod-logs/{model}")
def pod_logs(call: Calling, model: str, tag: str = CHAMPION, tail: Tail = 200, since: str | None = None) -> Response:
    """Nothing is serving."""
    raise NotFound(f"Pod of model {model!r} with tag {tag!r} not found")


@router.get("/pod-logs/{model}/pods")
def pods(call: Calling, model: str, tag: str = CHAMPION) -> Response:
    """Nothing is serving."""
    return json([])


@router.get("/pod-logs/{model}/stream")
def pod_log_stream(call: Calling, model: str, tag: str = CHAMPION, interval: Interval = 2.0) -> Response:
    """Nothing is serving."""
    raise NotFound(f"Pod of model {model!r} with tag {tag!r} not found")


# -- what is registered -----------------------------------------------------------------------------------------------


@router.get("/model-info/get-models/{pid}")
async def models_of_project(call: Calling, pid: ProjectId, registry: Registered) -> Response:
    """Names of the models that are registered in a project."""
    return json({"model_names": await registry.names_in(call.actor, pid)})


@router.post("/model-info/get-project")
async def projects_of_model(call: Calling, given: JsonObject, registry: Registered) -> Response:
    """Ids of the projects that have a model of that name."""
    body: dict[str, Any] = {"project_ids": await registry.projects_with(call.actor, given.required_text("model_name"))}
    return json(body)
