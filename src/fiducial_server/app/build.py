"""The one place where concrete things are made and put together."""

from __future__ import annotations

import os
import socket

from fiducial.errors import Unavailable
from fiducial_server.app.settings import Settings
from fiducial_server.db import migrate
from fiducial_server.db.engine import Database
from fiducial_server.dialects.services import Services
from fiducial_server.jobs.dbos_runner import DbosRunner
from fiducial_server.services.access import Access
from fiducial_server.services.bookmarks import Bookmarks
from fiducial_server.services.experiments import Experiments
from fiducial_server.services.exports.service import Exports
from fiducial_server.services.ingest import INGEST, Ingest
from fiducial_server.services.invitations import Invitations
from fiducial_server.services.items import Items
from fiducial_server.services.jobs import JobService
from fiducial_server.services.labels import Labels
from fiducial_server.services.links import Links
from fiducial_server.services.models import Models
from fiducial_server.services.projects import Projects
from fiducial_server.services.studies import Studies
from fiducial_server.services.uploads import UploadRules, Uploads
from fiducial_server.storage.artifacts import open_artifacts
from fiducial_server.storage.base import BlobStore
from fiducial_server.storage.registry import open_store

__all__ = ["Services", "build", "open_database"]

_ANY_KEY = "0" * 64


def open_database(settings: Settings, *, migrated: bool = True) -> Database:
    """The database at the schema of this release; ``migrated=False`` refuses another schema instead of changing it."""
    if settings.database_url is None:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    if migrated:
        migrate.upgrade(settings.database)
    else:
        migrate.require_current(settings.database)
    return Database(settings.database)


def build(settings: Settings, *, migrated: bool = True) -> Services:
    """Everything, ready to be started. Nothing runs before ``start()``; ``close()`` ends what runs and lets all go."""
    database = open_database(settings, migrated=migrated)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    store = open_store(settings.storage, settings.data_dir.resolve() / "spool")
    bookmarks = Bookmarks()
    jobs = JobService(database, {INGEST: Ingest(database, store).handle})
    runner = DbosRunner(jobs, database_url=settings.database, executor_id=_executor(), run_here=settings.worker)
    rules = UploadRules(settings.max_upload_bytes, settings.strict_instance_uid)

    def start() -> None:
        store.clean()  # spools of processes that are gone
        runner.start()

    uploads = Uploads(database, store, runner, rules)

    def close() -> None:
        runner.stop()
        uploads.close()
        store.close()
        database.close()

    invitations = Invitations(database, settings.url)
    items, projects = Items(database, store, bookmarks), Projects(database, bookmarks)
    labels = Labels(database, store, bookmarks=bookmarks)
    return Services(
        access=Access(database),
        items=items,
        uploads=uploads,
        projects=projects,
        labels=labels,
        jobs=jobs,
        invitations=invitations,
        studies=Studies(database, bookmarks, invitations),
        experiments=Experiments(database, store, bookmarks),
        exports=Exports(database, store, items, labels, projects=projects),
        links=Links(database, store, items, public_url=settings.public_url),
        models=Models(database, store, open_artifacts(settings.storage)),
        max_upload_bytes=settings.max_upload_bytes,
        ready=lambda: _ready(database, store),
        start=start,
        close=close,
    )


def _executor() -> str:
    """A name for this worker that stays the same from start to start, so that it finds its own work again."""
    return os.environ.get("FIDUCIAL_EXECUTOR_ID") or socket.gethostname()


def _ready(database: Database, store: BlobStore) -> None:
    with database.system() as connection:
        connection.exec_driver_sql("SELECT 1")
    try:
        store.size(_ANY_KEY)
    except OSError as error:
        raise Unavailable(f"the store does not answer: {error}") from error
