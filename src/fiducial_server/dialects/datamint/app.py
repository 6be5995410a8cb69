"""The dialect as one ASGI application: its routes, its errors, its keys."""

from __future__ import annotations

from concurrent.futures import Executor

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from fiducial_server.dialects.datamint import annotations as labels
from fiducial_server.dialects.datamint import (
    annotationsets,
    datasets,
    docs,
    downloads,
    errors,
    experiments,
    invitations,
    projects,
    resources,
    reviews,
    signed,
    splits,
    statistics,
    studies,
    uploads,
    users,
    worklist_labels,
)
from fiducial_server.dialects.datamint.auth import RequireKey
from fiducial_server.dialects.datamint.call import ORIGIN
from fiducial_server.dialects.datamint.small_files import SmallFiles
from fiducial_server.dialects.services import Services

ABOUT = (
    "What the published Datamint clients speak, and beside it what only Fiducial's own client asks for. Every address "
    "needs an API key, in the header 'apikey' or 'Authorization: Bearer'; only accepting an invitation and opening a "
    "signed link need none."
)

FILE_ROUTES: tuple[tuple[str, str, uploads.Work], ...] = (
    ("/resources/groups/{rid}/files", "resource", uploads.add_file),
    ("/annotations/{rid}/annotations/{aid}/file", "file", labels.attach_file),
    ("/annotations/{rid}/segmentations/file", "file", labels.create_volume),
    ("/experiments/{eid}/model", "model", experiments.log_model),
)
"""Path, the name of the part that is the file, and what is done with it."""


class Door:
    """Uploads go straight to their receiver, which looks at the key itself; signed links to an application that has
    nothing else; everything else passes the guard first."""

    def __init__(self, receiver: uploads.Receiver, guarded: ASGIApp, signed_links: ASGIApp) -> None:
        self._receiver, self._guarded, self._signed_links = receiver, guarded, signed_links

    def close(self) -> None:
        """After the last request: end the threads that receive files."""
        self._receiver.small_files.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith("//") or scope["path"].endswith("/"):
            # old clients join paths to an address that ends with a slash, and end the path of one thing with another
            scope = {**scope, "path": "/" + scope["path"].strip("/")}
        if scope["path"] == "/resources" and scope["method"] == "POST":
            await self._receiver.upload(scope, receive, send)
        elif scope["path"].startswith(signed.OPEN_PATHS):
            await self._signed_links(scope, receive, send)
        else:
            await self._guarded(scope, receive, send)


def create_app(services: Services, threads: Executor) -> Door:
    """``threads`` run what blocks in uploads and the look at the key."""
    receiver = uploads.Receiver(services, threads, SmallFiles(services.uploads, ORIGIN))
    return Door(
        receiver,
        RequireKey(create_routes(receiver), services.access.authenticate, threads, invitations.WITHOUT_KEY),
        signed.create_open_routes(services),
    )


def create_routes(receiver: uploads.Receiver) -> FastAPI:
    """The application without the guard in front of it, and without ``POST /resources``."""
    app = FastAPI(
        title="Fiducial: the Datamint dialect",
        description=ABOUT,
        openapi_url="/docs/datamint/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # the published client follows no redirect
    )
    app.state.services = receiver.services
    errors.install(app)
    # Plain routes, without FastAPI's own machinery: these take files.
    for path, part, work in FILE_ROUTES:
        app.add_route(path, receiver.endpoint(part, work), ["POST"])
    app.add_route("/docs", docs.page, ["GET"])
    app.openapi = lambda: docs.described(app, [("/resources", "resource", uploads.upload), *FILE_ROUTES])  # type: ignore[method-assign]
    # Words before ids: /resources/channels must not be read as a resource named so.
    for module in (
        uploads,
        signed,
        downloads,
        resources,
        projects,
        splits,
        annotationsets,
        worklist_labels,
        reviews,
        statistics,
        labels,
        invitations,
        users,
        datasets,
        studies,
        experiments,
    ):
        app.include_router(module.router)
    return app
